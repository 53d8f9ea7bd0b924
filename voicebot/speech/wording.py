"""Known wording: what a pack says word for word is cut the same wherever it is said.

A clause is found in the cache by its text, so the same sentence must fall into the same clauses
whether it stands alone, follows another one (好的，我再说一遍。…), is what a caller had not heard
yet, or surrounds a value (我重复一遍，{groups}。对吗？). Each stretch of fixed words is therefore
cut by itself, and the rest as `split_clauses` would. A value is joined where a voice rests
anyway: at stops, and before it after a word that announces it (您说的是…), but for a word that
decides how it is read (工单号是…): that is said together with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from voicebot.speech.api import Clause
from voicebot.speech.clauses import cut_clauses
from voicebot.speech.reading import Reader, plain
from voicebot.speech.words import STOP, built_in_reader

ANNOUNCED_PAUSE_MS = 40  # as at any place where no stop asks for more
_SLOT = re.compile(r"(?<![$%#@])\{\w+\}")  # a shell's ${HOST} is none
_MARK = "\u9fef"  # stands for a slot while a text is cut; a character that nobody writes
_ENDS = "。！？；!?;…"
_ANNOUNCING = ("是", "为", "到", "叫", "说", "问")
_LEAST_HEAD_CHARS = 3
_LEAST_TAIL_CHARS = 5
_MOST_PHRASES = 12  # of what is known as one: each place of a text is tried with so many
_VALUES = ("502", "1234", "20261122", "YL5280G3")  # what may stand in a slot and needs a cue


Stretches = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Head:
    """Fixed words right before a value, with what follows the value up to its stop and after.

    `following`: what is fixed of the next phrase, in pieces if it holds a value of its own.
    """

    text: str
    tail: str
    following: tuple[str, ...]


class Wording:
    """Cuts utterances; `texts` are known word for word, save for their ``{slots}``.

    `terms` are written forms that no clause is cut inside of, `reader` knows the pack's reading
    rules. Immutable, hence thread-safe.
    """

    def __init__(
        self,
        texts: Iterable[str] = (),
        terms: Iterable[str] = (),
        reader: Reader | None = None,
    ) -> None:
        self._terms = tuple(terms)
        self._reader = reader or built_in_reader()
        self._known: dict[str, tuple[Clause, ...]] = {}
        self._heads: set[_Head] = set()
        for text in dict.fromkeys(texts):
            self._learn(text)

    def clauses(self, text: str) -> list[Clause]:
        """Cut an utterance. Same bounds as `split_clauses`; empty if nothing can be said."""
        said = self._cut(plain(text))
        return [replace(clause, index=index) for index, clause in enumerate(said)]

    def fixed(self, text: str) -> list[Clause]:
        """The clauses of `text`, or, where it has ``{slots}``, of all of it that is no value."""
        if not _SLOT.search(text):
            return self.clauses(text)
        found: list[Clause] = []
        for span in self._spans(text):  # as known: another text may have them in other clauses
            found += self._cut_fixed(span) if span.head else self._cut(span.text)
        return found

    def _learn(self, text: str) -> None:
        for span in self._spans(text):
            clauses = self._cut_fixed(span)
            if span.head is not None:
                self._heads.add(span.head)
                continue
            for first in range(len(clauses)):  # what is left of it after a cut is known too
                rest = tuple(clauses[first:])
                written = "".join(clause.text for clause in rest) if first else span.text
                self._known.setdefault(written, rest)

    def _spans(self, text: str) -> Iterator[_Span]:
        """The fixed stretches of a text: its sentences, or what of them lies between its slots."""
        phrases = phrases_of(plain(_SLOT.sub(_MARK, text.replace(_MARK, ""))))
        gathered: list[str] = []
        opening = True
        for number, phrase in enumerate(phrases):
            if _MARK not in phrase:
                gathered.append(phrase)
                ends = phrase.rstrip("”’」』》）) ")[-1:] in _ENDS
                if ends or len(gathered) == _MOST_PHRASES:
                    yield _Span("".join(gathered).strip(), opening)
                    gathered, opening = [], False
                continue
            head = phrase[: phrase.index(_MARK)].strip()
            if not head and self._is_cue("".join(gathered)):
                gathered.pop()
            if gathered:
                yield _Span("".join(gathered).strip(), opening)
                gathered, opening = [], False
            tail = phrase[phrase.rindex(_MARK) + 1 :]
            if not head and len(tail) >= _LEAST_TAIL_CHARS:  # a value that may end with a stop
                yield _Span(tail.strip(), opening=False)
            announces = len(head) >= _LEAST_HEAD_CHARS and head.endswith(_ANNOUNCING)
            if announces and not self._is_cue(head):
                following = phrases[number + 1] if number + 1 < len(phrases) else ""
                yield _Span(head, opening, _Head(head, tail, tuple(following.strip().split(_MARK))))
            opening = False
        if gathered:
            yield _Span("".join(gathered).strip(), opening)

    def _is_cue(self, lead: str) -> bool:
        """Whether these words decide how a value after them is read: they are said with it."""
        return any(_torn(self._read_as_one(lead + value), len(lead)) for value in _VALUES)

    def _cut(self, written: str) -> list[Clause]:
        """Clauses of what `plain` has made; not counted."""
        phrases = phrases_of(written)
        starts = [0, *accumulate(map(len, phrases))]
        whole = self._read_as_one(written) if self._known or self._heads else ()
        said: list[Clause] = []
        live: list[str] = []
        at = 0
        while at < len(phrases):
            count, found = self._fixed_at(phrases, at, whole, starts[at])
            if found:
                said += [*self._cut_live(live), *found]
                live = [] if count else [phrases[at].lstrip()[len(found[0].text) :]]
            else:
                live.append(phrases[at])
            at += count or 1
        said += self._cut_live(live)
        return said

    def _cut_fixed(self, span: _Span) -> list[Clause]:
        if span.head is not None:
            return [Clause(span.head.text, 0, ANNOUNCED_PAUSE_MS)]
        return cut_clauses(span.text, self._terms, opening=span.opening, reader=self._reader)

    def _cut_live(self, phrases: list[str]) -> list[Clause]:
        """What has to be rendered while something short plays, or nothing: it starts short."""
        text = "".join(phrases)
        return cut_clauses(text, self._terms, reader=self._reader) if text else []

    def _read_as_one(self, written: str) -> Stretches:
        """What a cut inside of would be read in another way: a number and its cue word."""
        return tuple((span.context, span.end) for span in self._reader.spans(written))

    def _fixed_at(
        self, phrases: list[str], at: int, whole: Stretches, start: int
    ) -> tuple[int, tuple[Clause, ...]]:
        """How many phrases from `at` on are known, and their clauses; 0 and one for a head.

        `start`: where the phrase begins. Known words end there only if no reading is torn.
        """
        for count in range(min(_MOST_PHRASES, len(phrases) - at), 0, -1):
            written = "".join(phrases[at : at + count])
            known = self._known.get(written.strip())
            if known and not _torn(whole, start) and not _torn(whole, start + len(written)):
                return count, known
        phrase, following = phrases[at], phrases[at + 1] if at + 1 < len(phrases) else ""
        start += len(phrase) - len(phrase.lstrip())
        fitting = [
            head
            for head in self._heads
            if _fits(head, phrase, following) and not _torn(whole, start + len(head.text))
        ]
        if fitting:
            best = max(fitting, key=lambda head: len(head.text))
            return 0, (Clause(best.text, 0, ANNOUNCED_PAUSE_MS),)
        return 0, ()


@dataclass(frozen=True)
class _Span:
    """Fixed words of a text that are cut by themselves; `opening`: its first.

    `head` is set for those that end before a value instead of at a stop.
    """

    text: str
    opening: bool
    head: _Head | None = None


def _torn(whole: Stretches, at: int) -> bool:
    """Whether a cut at this place is inside of one of these stretches."""
    return any(start < at < end for start, end in whole)


def _fits(head: _Head, phrase: str, following: str) -> bool:
    """Whether `phrase` is `head`, a value and its tail, followed by what it should be."""
    said = phrase.strip()
    long_enough = len(said) > len(head.text) + len(head.tail)
    framed = said.startswith(head.text) and said.endswith(head.tail.strip())
    return long_enough and framed and _frames(head.following, following.strip())


def _frames(pieces: Sequence[str], phrase: str) -> bool:
    """Whether `phrase` is one of which these pieces are fixed; nothing fixed fits anything."""
    beginning, ending = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return not beginning or phrase == beginning
    least = len(beginning) + len(ending)
    return len(phrase) > least and phrase.startswith(beginning) and phrase.endswith(ending)


def phrases_of(text: str) -> list[str]:
    """A text in pieces, each ending with its stop; joined they are the text."""
    ends = [match.end() for match in STOP.finditer(text)]
    starts = [0, *ends]
    return [text[a:b] for a, b in zip(starts, [*ends, len(text)], strict=True) if text[a:b]]

"""Where to cut an utterance, so that the first sound comes early and nothing is torn apart.

A voice needs time in proportion to a clause, so the first clause is short; the later ones are
rendered while earlier ones play and may be longer, which sounds better. They grow by steps, so that
each is done before the one before it has been said. What is never cut: see `voicebot.speech.words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voicebot.speech.api import Clause
from voicebot.speech.reading import Reader, plain
from voicebot.speech.words import Word, words_of


@dataclass(frozen=True)
class ClauseLimits:
    """How long clauses are, in characters that are heard (RAID10 is four).

    The first clause is about `first` and at most `first_max` long, the second at most
    `second_max`, all others at most `longest`; only a single code may be longer. A Mandarin voice
    says about four characters a second.
    """

    first: int = 7
    first_max: int = 10
    second_max: int = 16
    longest: int = 24

    def most(self, index: int) -> int:
        """The most that the clause of this index may hold."""
        return (self.first_max, self.second_max, self.longest)[min(index, 2)]

    def without_opening(self) -> ClauseLimits:
        """For what follows something that is being said: no need to start short."""
        return ClauseLimits(self.longest, self.longest, self.longest, self.longest)


LIMITS = ClauseLimits()
_MERGE_BELOW_CHARS = 5  # a shorter clause joins its neighbour, if the two fit
_LEAST_CHARS = 3
_FORCED_PAUSE_MS = 40
_PAUSES_MS = {
    "。": 350, "！": 350, "？": 400, "!": 350, "?": 400, ".": 350,
    "；": 280, ";": 280, "：": 220, ":": 220, "，": 160, ",": 160, "、": 90, "…": 300, "—": 200,
}  # fmt: skip
# a clause may well begin with one of these, less well end with it
_GOOD_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    请 但 但是 如果 因为 所以 并 并且 和 或 或者 然后 以及 还是 表示 说明
""",
    )
)
_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    在 是 会 能 可以 就 再 需要 应该 先 也 都 还 把 被 让 给 到 对 从 有 没有 不 我 您 它 这 那
    请您 您可以 我们 建议 一般 通常 进入 查看 检查
""",
    )
)
_LEANING = frozenset(
    re.findall(r"\S+", "的 了 吗 呢 吧 着 过 们 地 得 时 后 以后 之后 一下 上 下 里")
)
_OPENING_MARKS = "“‘「『《（([【"
_CLOSING_MARKS = "”’」』》）)]】"

Words = list[Word]
Piece = tuple[Words, int]


def split_clauses(
    text: str,
    terms: Iterable[str] = (),
    *,
    reader: Reader | None = None,
    limits: ClauseLimits = LIMITS,
) -> list[Clause]:
    """Cut written text into clauses; `terms` are never cut. Empty if nothing can be said.

    Clauses end at punctuation where there is some, else between words. Joined, they are the text
    as `plain` gives it, but for spaces where it was cut. `reader` is one that knows the pack's
    rules; None: the built-in rules say what may not be torn.
    """
    return cut_clauses(plain(text), terms, reader=reader, limits=limits)


def cut_clauses(
    written: str,
    terms: Iterable[str] = (),
    *,
    opening: bool = True,
    reader: Reader | None = None,
    limits: ClauseLimits = LIMITS,
) -> list[Clause]:
    """As `split_clauses`, of what `plain` has made; without an `opening` no clause is cut short."""
    if not opening:
        limits = limits.without_opening()
    words = words_of(written, terms, reader)
    pieces = _merged(list(_fitted(_phrases(words), limits)), limits)
    said = ["".join(word.text for word in words).strip() for words, _ in pieces]
    return [Clause(text, nth, pieces[nth][1]) for nth, text in enumerate(said)]


def _length(words: Words) -> int:
    return sum(word.heard for word in words)


def _phrases(words: Words) -> Iterator[Piece]:
    """The stretches between stops, each with its stop and the pause after it.

    What is not heard (dots, brackets) goes with its neighbour.
    """
    phrase: Words = []
    waiting: Piece | None = None
    for word in words:
        phrase.append(word)
        if word.stop and _length(phrase):
            if waiting:
                yield waiting
            waiting = phrase, max(_PAUSES_MS.get(c, 0) for c in word.text)
            phrase = []
        elif word.stop and waiting:
            pause = max(waiting[1], *(_PAUSES_MS.get(c, 0) for c in word.text))
            waiting, phrase = (waiting[0] + phrase, pause), []
    if waiting and not _length(phrase):
        yield waiting[0] + phrase, waiting[1]
    else:
        if waiting:
            yield waiting
        if _length(phrase):
            yield phrase, _PAUSES_MS["。"]


def _fitted(phrases: Iterable[Piece], limits: ClauseLimits) -> Iterator[Piece]:
    """Cut phrases that are too long for their place into parts, at good places."""
    index = 0
    for words, pause in phrases:
        while _length(words) > limits.most(index) and len(words) > 1:
            total = _length(words)
            most = limits.most(index)
            wanted = min(limits.first, total / 2) if index == 0 else total / -(-total // most)
            cut = _best_cut(words, wanted, most)
            head, tail = _length(words[:cut]), _length(words[cut:])
            if not head or not tail:
                break
            if head < _LEAST_CHARS and index > 0 and total <= limits.longest:
                break  # rather one clause too long than a stub whose end nothing is ready for
            yield words[:cut], _FORCED_PAUSE_MS
            words, index = words[cut:], index + 1
        yield words, pause
        index += 1


def _best_cut(words: Words, wanted: float, most: int) -> int:
    """The word index at which to cut: near `wanted` characters, rather before an opener."""
    best, best_cost, length = len(words) - 1, float("inf"), 0
    total = _length(words)
    for index in range(1, len(words)):
        before, after = words[index - 1], words[index]
        length += before.heard
        if not length:
            continue
        cost = abs(length - wanted) + _cost_between(before.text, after.text)
        cost += 6 * (total - length < _LEAST_CHARS) + 100 * (length > most)
        if cost < best_cost:
            best, best_cost = index, cost
        if length > most:
            break
    return best


def _cost_between(before: str, after: str) -> float:
    """How bad a cut between two words sounds, in characters of distance from the wanted place."""
    cost = 4.0 - 4 * (after in _GOOD_OPENERS) - 2 * (after in _OPENERS)
    if before in _OPENERS or before in _GOOD_OPENERS:
        cost += 6
    if after in _LEANING or not after.strip():
        cost += 8
    if before[-1] in _OPENING_MARKS or after[0] in _CLOSING_MARKS:
        cost += 50
    return cost


def _merged(pieces: list[Piece], limits: ClauseLimits) -> list[Piece]:
    """Join a very short clause with the one before it when both fit into one.

    The first stays as it is: a short opener (好的，) is the quickest first sound there is.
    """
    out: list[Piece] = []
    for words, pause in pieces:
        if len(out) > 1:
            before, before_pause = out[-1]
            short = min(_length(words), _length(before)) < _MERGE_BELOW_CHARS
            sentence_ends = before_pause >= _PAUSES_MS["；"]
            fits = _length(before) + _length(words) <= limits.most(len(out) - 1)
            if short and not sentence_ends and fits:
                out[-1] = (before + words, pause)
                continue
        out.append((words, pause))
    return out

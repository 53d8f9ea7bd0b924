"""Finds slot values in what was said: several in one breath, negations and corrections minded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voicebot.dialog.denied_thing import without_denied_thing
from voicebot.dialog.intents import is_question, negated
from voicebot.dialog.numbers import days_ago, numbers_in
from voicebot.dialog.phonetic import Canonicalizer, Match, Unit, find, units
from voicebot.dialog.textforms import clauses
from voicebot.dialog.unknowing import told
from voicebot.dialog.yesno import Polarity, agreement_only, polarity
from voicebot.scenes.model import NO, YES, Scene, Slot, SlotType
from voicebot.scenes.pattern import found as matching

BY_SOUND = 0.85
BY_YES_OR_NO = 0.95
_EITHER_OR = re.compile(r"还是|或者")
_MEASURE = re.compile(r"(?<=[了过])一?[条块张个根台片颗](?=[^，。\s了])")
_NOT_PREFIX = re.compile(r"(不是|没有|没|不|未|别)$")


@dataclass(frozen=True)
class Filled:
    """A value found, and how sure the finding is (1.0: said in so many words).

    `words` are those it was found in, as heard.
    """

    slot: str
    value: str
    certainty: float = 1.0
    words: str = ""


class Filler:
    """Slot values from texts, with the pack's lexicon behind it."""

    def __init__(self, canonicalizer: Canonicalizer) -> None:
        self._canonical = canonicalizer

    def fill(self, scene: Scene, text: str, asked: str) -> tuple[Filled, ...]:
        """Every slot of `scene` that `text` says something about; `asked` was just asked."""
        readings = (text, self._canonical.rewrite(text))
        plain = _MEASURE.sub("", text)  # 加了条内存 is 加了内存
        found = []
        for slot in scene.slots:
            filled = self._slot(scene, slot, readings, asked)
            if filled is None and plain != text and slot.type is SlotType.ENUM:
                filled = self._slot(scene, slot, (plain, self._canonical.rewrite(plain)), asked)
            if filled is not None:
                found.append(filled)
        return _asked_first(scene, found, asked)

    def _slot(
        self, scene: Scene, slot: Slot, readings: tuple[str, str], asked: str
    ) -> Filled | None:
        if slot.type is SlotType.BOOL:
            return self._bool(scene, slot, readings, asked)
        if slot.type is SlotType.ENUM:
            for nth, reading in enumerate(readings):
                filled = self._enum(slot, reading, rewritten=nth == 1)
                if filled is not None:
                    return filled
            return None
        if slot.type is SlotType.REGEX:
            for reading in readings:
                compact = "".join(unit.text for unit in units(reading)).upper()
                matched = matching(slot.pattern, compact)
                if matched:
                    return Filled(slot.id, matched.upper(), words=matched)
            return None
        if slot.type is SlotType.TERM:
            terms = self._canonical.terms(readings[0], slot.kind)
            return Filled(slot.id, terms[-1], words=terms[-1]) if terms else None
        if slot.dictated:
            return None  # only what was read back and agreed upon (dictation_turns.py)
        return _number(slot, readings[0], asked)

    def _enum(self, slot: Slot, reading: str, *, rewritten: bool) -> Filled | None:
        heard = units(reading)
        hits: list[tuple[Match, str]] = []
        for choice in slot.choices:
            for phrase in choice.say:
                form = self._canonical.rewrite(phrase) if rewritten else phrase
                hits += [(match, choice.value) for match in find(form, heard)]
        hits = _without_overlaps(hits)
        hits = [hit for hit in hits if not negated(heard, hit[0].start)]
        if not hits:
            return None
        values = list(dict.fromkeys(value for _, value in hits))
        if len(values) > 1 and _EITHER_OR.search(_between(heard, hits)):
            return None
        match, value = hits[-1]
        return Filled(slot.id, value, 1.0 if match.exact else BY_SOUND, _words(heard, match))

    def _bool(
        self, scene: Scene, slot: Slot, readings: tuple[str, str], asked: str
    ) -> Filled | None:
        named = any(self._mentions(readings, word) for word in slot.about)
        if not named and slot.id != asked:
            return None
        said_of_it = told(readings[0], (*slot.affirm, *slot.deny))
        known = (said_of_it, self._canonical.rewrite(said_of_it))
        for nth, reading in enumerate(known):
            rewrite = self._canonical.rewrite if nth else str
            phrases = [rewrite(p) for p in slot.affirm], [rewrite(p) for p in slot.deny]
            # 做好RAID了 is 做好了 about RAID.
            bare = self._without(reading, [rewrite(word) for word in slot.about])
            said = _stated(reading, *phrases) or _stated(bare, *phrases)
            if said is not None:
                return Filled(slot.id, *said)
        if slot.id != asked:
            return self._about_only(slot, readings[0], known[0])
        if not named and self._names_another(scene, slot, readings):
            return None
        text = readings[0]
        # 对，是不是缺驱动？ agrees with what was said before, and asks: no answer to our question.
        if is_question(text) and agreement_only(text):
            return None
        words = (slot.label, *slot.asks, *slot.about, *slot.affirm, *slot.deny)
        others = {say.lower() for each in scene.slots for c in each.choices for say in c.say}
        plain = without_denied_thing(known[0], "".join(words), self._canonical.names_term, others)
        said_to_us = polarity(plain)
        if said_to_us is Polarity.UNSAID and named:
            said_to_us = polarity(self._without(plain, slot.about))
        return _plain(slot, said_to_us, text)

    def _about_only(self, slot: Slot, text: str, known: str) -> Filled | None:
        """The topic is named, unasked: the words right after it must say yes or no (RAID没有做)."""
        if is_question(text):
            return None
        rewritten = [self._canonical.rewrite(word) for word in slot.about]
        for clause in clauses(known):
            for words, heard in (
                (slot.about, units(clause)),
                (rewritten, units(self._canonical.rewrite(clause))),
            ):
                filled = _plain(slot, _after_topic(heard, words), clause)
                if filled is not None:
                    return filled
        return None

    def _mentions(self, readings: tuple[str, str], word: str) -> bool:
        return bool(find(word, units(readings[0]))) or bool(
            find(self._canonical.rewrite(word), units(readings[1]))
        )

    def _names_another(self, scene: Scene, slot: Slot, readings: tuple[str, str]) -> bool:
        """Whether the text is about another yes-or-no slot: its yes is that one's."""
        others: Iterable[Slot] = (each for each in scene.slots if each.type is SlotType.BOOL)
        return any(
            self._mentions(readings, word)
            for other in others
            if other.id != slot.id
            for word in other.about
        )

    @staticmethod
    def _without(text: str, words: Iterable[str]) -> str:
        heard = units(text)
        drop = {i for word in words for m in find(word, heard) for i in range(m.start, m.end)}
        return "".join(unit.text for i, unit in enumerate(heard) if i not in drop)


def _asked_first(scene: Scene, found: list[Filled], asked: str) -> tuple[Filled, ...]:
    """Without the choices of other slots found in the very words that answer what was asked."""
    enums = {slot.id for slot in scene.slots if slot.type is SlotType.ENUM}
    answer = next((each.words for each in found if each.slot == asked and asked in enums), "")
    return tuple(
        each
        for each in found
        if each.slot == asked or each.slot not in enums or each.words != answer
    )


def _after_topic(heard: tuple[Unit, ...], words: Iterable[str]) -> Polarity:
    """What follows a topic word near the clause's start says, if little follows it."""
    for word in words:
        for match in find(word, heard):
            if match.start <= 3 and len(heard) - match.end <= 6:
                said = polarity("".join(unit.text for unit in heard[match.end :]))
                if said is not Polarity.UNSAID:
                    return said
    return Polarity.UNSAID


def _plain(slot: Slot, said: Polarity, words: str) -> Filled | None:
    if said is Polarity.UNSAID:
        return None
    return Filled(slot.id, YES if said is Polarity.YES else NO, BY_YES_OR_NO, words)


def _stated(reading: str, affirm: list[str], deny: list[str]) -> tuple[str, float, str] | None:
    """The last phrase of the slot's own that was said; a negated one means its opposite."""
    heard = units(reading)
    hits = [(match, YES) for phrase in affirm for match in find(phrase, heard)]
    hits += [(match, NO) for phrase in deny for match in find(phrase, heard)]
    hits = _without_overlaps(hits)
    if not hits:
        return None
    match, value = hits[-1]
    if negated(heard, match.start):
        value = NO if value == YES else YES
    return value, 1.0 if match.exact else BY_SOUND, _words(heard, match)


def _without_overlaps(hits: list[tuple[Match, str]]) -> list[tuple[Match, str]]:
    """The longest hits, exact before by sound, none overlapping, left to right."""
    taken: list[tuple[Match, str]] = []
    for hit in sorted(hits, key=lambda h: (not h[0].exact, h[0].start - h[0].end)):
        if all(hit[0].end <= t[0].start or hit[0].start >= t[0].end for t in taken):
            taken.append(hit)
    return sorted(taken, key=lambda h: h[0].start)


def _words(heard: tuple[Unit, ...], match: Match) -> str:
    return "".join(unit.text for unit in heard[match.start : match.end])


def _between(heard: tuple[Unit, ...], hits: list[tuple[Match, str]]) -> str:
    return "".join(unit.text for unit in heard[hits[0][0].end : hits[-1][0].start])


def _number(slot: Slot, text: str, asked: str) -> Filled | None:
    named = any(find(word, units(text)) for word in slot.about)
    if slot.id != asked and not named:
        return None
    fitting = [n for n in numbers_in(text) if slot.minimum <= n <= slot.maximum]
    by_name = days_ago(text) if "天" in slot.label else None
    if not fitting and by_name is not None:  # 就今天，一天 gives the number itself
        fitting = [n for n in (by_name,) if slot.minimum <= n <= slot.maximum]
    return Filled(slot.id, str(fitting[-1]), words=text) if fitting else None

"""Listens to a talk between caller and seat, and proposes: the next check, a passage, a doubt.

Few and good rather than many: a suggestion is made once, and only where the talk gives a reason.
"""

from __future__ import annotations

import enum
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from voicebot.assist.checks import Check, Checks
from voicebot.assist.passages import Passages, Searcher
from voicebot.assist.words import PackWords
from voicebot.dialog.intents import Intent, asks_information, intent, is_question
from voicebot.dialog.textforms import clean
from voicebot.pack import Pack

# How likely a scene must be to be entered by a report, by a question, by a question for
# information, and to leave another for. The bot enters at .5 and asks back from .3 on; a line on a
# screen costs less.
ENTER, ASKED, INFORMED, SWITCH = 0.4, 0.5, 0.8, 0.8
# Moves that answer nothing, whatever they sound like.
_NO_ANSWER = (Intent.HUMAN, Intent.WAIT, Intent.HELLO, Intent.REPEAT, Intent.WHO)
CALLER, BOT, SEAT = "caller", "bot", "seat"


class Kind(enum.StrEnum):
    """What a suggestion is."""

    NEXT_CHECK = "next_check"
    PASSAGE = "passage"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True)
class Suggestion:
    """Something to show to the seat. `id` is unique in the call; `source` is shown to people;
    `turn` is the index of the turn that gave the reason."""

    id: str
    kind: Kind
    text: str
    source: str
    turn: int


@dataclass(frozen=True)
class HeardTurn:
    """One turn of the talk: `index` counts all turns of the call, `who` is caller, bot or seat.

    The bot's tell the scene and slot that they belong to, if any.
    """

    index: int
    who: str
    text: str
    scene: str = ""
    slot: str = ""


class Assistant:
    """One call's. Feed it every turn in order; it has no clock and makes no connection.

    Args:
        knowledge: where passages and FAQ are looked up.
        pack: whose scenes tell the next checks; its `PackWords` take a second or two to make, so
            `Assistants` makes them once for all calls.
        answer_risk: a passage that answers with less probability than this is not shown
            (`voicebot.knowledge.refusal.threshold`).
    """

    def __init__(
        self, knowledge: Searcher, pack: Pack | PackWords, *, answer_risk: float = 0.5
    ) -> None:
        words = pack if isinstance(pack, PackWords) else PackWords(pack)
        self._checks = Checks(words)
        self._passages = Passages(knowledge, words, answer_risk)
        self._shown: set[str] = set()

    def catch_up(self, turns: Iterable[HeardTurn]) -> tuple[Suggestion, ...]:
        """Hear what was said before the seat came; what is due now is shown, nothing older."""
        last = -1
        for turn in turns:
            self.hear(turn)
            last = turn.index
        self._shown.clear()
        check = self._checks.now()
        return tuple(self._suggested(check, last)) if check else ()

    def hear(self, turn: HeardTurn) -> tuple[Suggestion, ...]:
        """What to show after this turn, the most useful first; often nothing.

        Looks into the knowledge once or twice (tens of milliseconds): call it off the event loop.
        """
        text = clean(turn.text)
        if not text:
            return ()
        self._passages.hear(text)
        if turn.who == CALLER:
            return tuple(self._caller(text, turn.index))
        if turn.scene:
            self._checks.enter(turn.scene)
        self._checks.asked(text, turn.slot)
        return ()

    def _caller(self, text: str, turn: int) -> list[Suggestion]:
        move = intent(text)
        if move in _NO_ANSWER:
            return []
        asked = is_question(text) and not self._checks.answers_asked(text)
        if not asked:
            check = self._checks.answered(text)
            if check is not None:
                return self._suggested(check, turn)
            if self._checks.fills(text) or move is not None:
                return []
        found = self._passages.look_up(text, questions_only=not asked)
        check = None
        if found.scene != self._checks.scene and found.scene_probability >= self._least(text):
            self._checks.enter(found.scene)
            check = self._checks.answered(text) or self._checks.now()
        passage = self._once(Kind.PASSAGE, found.text, found.source, turn)
        if check is None:
            return passage
        checks = self._suggested(check, turn)
        # Who asks for information wants it first; who reports a fault is best helped to find it.
        return passage + checks if asks_information(text) else checks

    def _least(self, text: str) -> float:
        if asks_information(text):
            return INFORMED
        if self._checks.scene:
            return SWITCH
        return ASKED if is_question(text) else ENTER

    def _suggested(self, check: Check, turn: int) -> list[Suggestion]:
        kind = Kind.CONTRADICTION if check.contradiction else Kind.NEXT_CHECK
        made = self._once(kind, check.text, check.source, turn)
        if check.query:
            quoted = self._passages.quote(check.query)
            made += self._once(Kind.PASSAGE, quoted.text, quoted.source, turn)
        return made

    def _once(self, kind: Kind, text: str, source: str, turn: int) -> list[Suggestion]:
        if not text or text in self._shown:
            return []
        self._shown.add(text)
        digest = hashlib.sha256(f"{kind}{text}".encode()).hexdigest()[:12]
        return [Suggestion(digest, kind, text, source, turn)]


class Assistants:
    """Makes the assistant of each call; what they share is made when the first is wanted."""

    def __init__(self, knowledge: Searcher, pack: Pack, *, answer_risk: float = 0.5) -> None:
        self._knowledge = knowledge
        self._pack = pack
        self._answer_risk = answer_risk

    @functools.cached_property
    def _words(self) -> PackWords:
        return PackWords(self._pack)

    def new(self) -> Assistant:
        """An assistant for one call. The first takes a second or two; call it off the loop."""
        return Assistant(self._knowledge, self._words, answer_risk=self._answer_risk)

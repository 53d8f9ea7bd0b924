"""A kept call as the form reads it: what was said, which scenes ran, how it was handed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from voicebot.records import kinds
from voicebot.records.views import CallView

CALLER, BOT, SEAT = "caller", "bot", "seat"
_WHO = {kinds.CALLER_SPOKE: CALLER, kinds.BOT_SPOKE: BOT, kinds.SEAT_SPOKE: SEAT}


@dataclass(frozen=True)
class Spoken:
    """One thing said, as far as it was heard. `index` is that of `CallView.turns`.

    Of the bot's: its SayKind, the source it cites, and the scene, slot and branch it belongs to.
    """

    index: int
    who: str
    text: str
    confidence: float = 1.0
    kind: str = ""
    source: str = ""
    scene: str = ""
    slot: str = ""
    branch: str = ""


@dataclass(frozen=True)
class Number:
    """A number that was dictated and agreed upon, and the turn in which it was."""

    label: str
    value: str
    turn: int | None


@dataclass(frozen=True)
class CallText:
    """What the form is made of. `reason`, `skill`, `outcome` and `seat` are the last hand-off's,
    empty where there was none; `summary` is the stored package."""

    turns: tuple[Spoken, ...]
    numbers: tuple[Number, ...] = ()
    caller: str = ""
    reason: str = ""
    skill: str = ""
    outcome: str = ""
    seat: str = ""

    @classmethod
    def of(cls, view: CallView) -> CallText:
        """From the events; a turn counts as in `CallView.turns`."""
        turns: list[Spoken] = []
        numbers: list[Number] = []
        skill = ""
        for event in view.events:
            if event.kind in _WHO:
                turns.append(_spoken(len(turns), event.kind, event.data))
            elif event.kind == kinds.BOT_INTERRUPTED:
                _cut(turns, str(event.data.get("unheard") or ""))
            elif event.kind == kinds.NUMBER_DICTATED:
                label, value = (str(event.data.get(key) or "") for key in ("label", "value"))
                numbers.append(Number(label, value, turns[-1].index if turns else None))
            elif event.kind == kinds.HANDOFF_STARTED:
                skill = str(event.data.get("skill") or "")
        handoff = view.handoff
        if handoff is None:
            return cls(tuple(turns), tuple(numbers), view.call.caller)
        ends = (handoff.reason, skill, handoff.outcome, handoff.seat)
        return cls(tuple(turns), tuple(numbers), view.call.caller, *ends)

    def said_by(self, *who: str) -> tuple[Spoken, ...]:
        """The turns of these, without those in which nothing was understood."""
        return tuple(turn for turn in self.turns if turn.who in who and turn.text.strip())


def _spoken(index: int, kind: str, data: Any) -> Spoken:
    cited = data.get("citations") or ()
    heard = data.get("confidence")
    words = {key: str(data.get(key) or "") for key in ("text", "kind", "scene", "slot", "branch")}
    return Spoken(
        index=index,
        who=_WHO[kind],
        confidence=1.0 if heard is None else float(heard),
        source=str(cited[0].get("source") or "") if cited else "",
        **words,
    )


def _cut(turns: list[Spoken], unheard: str) -> None:
    """What the caller has not heard of the bot's last utterance has not happened."""
    for nth in range(len(turns) - 1, -1, -1):
        if turns[nth].who == BOT:
            text = turns[nth].text.removesuffix(unheard) if unheard else turns[nth].text
            turns[nth] = replace(turns[nth], text=text)
            return

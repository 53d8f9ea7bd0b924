"""The course of a consultation and how it ended, told in the call's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialog.events import SayKind
from voicebot.dialog.fill import Filler
from voicebot.handoff import extract
from voicebot.handoff.phrasing import as_phrase
from voicebot.scenes.model import Scene
from voicebot.wrapup.call_text import BOT, CALLER, SEAT, CallText, Spoken

MAX_STEPS = 8
_ACCEPTED = "accepted"
_SOLVED = re.compile(
    r"(?<![不没])(?:解决了|可以了|弄好了|修好了|好了(?!吗|没)|恢复了|正常了|通了|好使了|能开了|识别到了|看到了|亮了)"
)
_NOT_SOLVED = re.compile(r"还是不|没解决|不管用|没用|还不行|没好|依然|仍然")


@dataclass(frozen=True)
class Known:
    """A slot with its value, the two as a seat reads them, and the turn in which they were said."""

    slot: str
    value: str
    text: str
    confidence: float
    turn: int


def slot_values(call: CallText, scene: Scene, filler: Filler) -> tuple[Known, ...]:
    """What the caller told the scene, read again from the turns as the dialog read them."""
    known: dict[str, Known] = {}
    asked = ""
    for turn in call.turns:
        if turn.who == BOT:
            asked = turn.slot if turn.scene == scene.id else ""
        elif turn.who == CALLER and turn.text:
            for found in filler.fill(scene, turn.text, asked):
                slot = scene.slot(found.slot)
                text = as_phrase(slot.label, slot.shown(found.value))
                sure = turn.confidence * found.certainty
                known.pop(slot.id, None)  # said again: it stands where it was said last
                known[slot.id] = Known(slot.id, found.value, text, round(sure, 3), turn.index)
    return tuple(known.values())


def course(call: CallText, slots: Sequence[Known]) -> tuple[str, float, int | None]:
    """(text, confidence, first turn): what was found out, tried and answered, in order."""
    steps = [(known.turn, f"确认{known.text}", known.confidence) for known in slots]
    for turn in call.turns:
        if turn.who == CALLER:
            steps += [
                (turn.index, f"客户{text}", turn.confidence) for text in extract.tried(turn.text)
            ]
        elif _answers(turn):
            who = "坐席" if turn.who == SEAT else "机器人"
            text = extract.first_clause(turn.text)
            steps.append((turn.index, f"{who}告知{text}", turn.confidence))
    steps.sort(key=lambda step: step[0])
    told = list(dict.fromkeys(text for _, text, _ in steps))
    if len(told) > MAX_STEPS:  # how it began and how it ended
        told = [*told[: MAX_STEPS // 2], *told[-MAX_STEPS // 2 :]]
    if not told:
        return "", 0.0, None
    return "；".join(told), min(sure for _, _, sure in steps), steps[0][0]


def result(call: CallText) -> tuple[str, float, int | None]:
    """(text, confidence, turn): how the call ended."""
    said = call.said_by(CALLER)
    if call.outcome == _ACCEPTED and not call.said_by(SEAT):
        return f"转人工（{call.seat}）", 1.0, None
    for turn in reversed(said[-4:]):
        if _NOT_SOLVED.search(turn.text):
            return f"未解决：{extract.first_clause(turn.text)}", turn.confidence, turn.index
        if _SOLVED.search(turn.text):
            return f"已解决：{extract.first_clause(turn.text)}", turn.confidence, turn.index
    if call.reason:
        ended = f"转人工（{call.seat}）" if call.outcome == _ACCEPTED else "转人工未成功"
        return ended, 1.0, None
    answers = [turn for turn in call.said_by(BOT, SEAT) if _answers(turn)]
    if not answers:
        return "", 0.0, None
    last = answers[-1]
    return f"已答复：{extract.first_clause(last.text)}", last.confidence, last.index


def _answers(turn: Spoken) -> bool:
    if turn.who == SEAT:
        return extract.tells(turn.text)
    # 您先照这个试一下 is an answer's tail and says nothing.
    return turn.kind == SayKind.ANSWER and bool(turn.source or turn.branch or turn.scene)

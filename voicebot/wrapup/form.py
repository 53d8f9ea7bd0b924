"""The wrap-up form of a call: drafted by rules, each field with the turn that backs it.

A seat accepts or edits it; nothing in it is generated, and the two classes are chosen from the
pack's label tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from voicebot.dialog.events import SayKind
from voicebot.dialog.mood import CALM, HURRIED, mood
from voicebot.handoff import extract
from voicebot.handoff.next_check import is_serial
from voicebot.records.names import caller_name
from voicebot.records.views import CallView
from voicebot.scenes.pattern import found as matching
from voicebot.wrapup.call_text import BOT, CALLER, SEAT, CallText, Spoken
from voicebot.wrapup.course import course, result, slot_values
from voicebot.wrapup.labels import Choice, LabelTree
from voicebot.wrapup.summary import summarise

LABELS = {
    "customer": "客户",
    "product": "产品型号",
    "serial": "序列号",
    "problem": "问题描述",
    "problem_class": "问题分类",
    "course": "咨询过程",
    "solution": "处理结果",
    "solution_class": "处理分类",
    "wants": "客户诉求",
    "mood": "情绪",
    "summary": "小结",
}
"""The fields in their order on the screen: key to label."""
_SERIAL = re.compile(r"序列号|产品编号|SN", re.I)
_FILLED = 0.9
_ROLES = {CALLER: "用户", BOT: "机器人", SEAT: "客服"}
_ASIDE = {SayKind.GREETING, SayKind.FILLER, SayKind.NO_INPUT, SayKind.NOTICE, SayKind.READ_BACK}


@dataclass(frozen=True)
class FormField:
    """A drafted value: how sure it is (0..1), and the turn of `CallView.turns` that backs it.

    `turn` is None for what the line or the hand-off knows. `choices` are what a class may be.
    """

    key: str
    label: str
    value: str
    confidence: float
    turn: int | None
    by: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A call's form. Fields of which the call tells nothing are left out of `fields`; a seat may
    still fill them in (`LABELS` are all keys)."""

    call_id: str
    fields: tuple[FormField, ...]

    def get(self, key: str) -> str:
        """A field's value, or an empty text."""
        return next((field.value for field in self.fields if field.key == key), "")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "call_id": self.call_id,
            "keys": list(LABELS),
            "labels": dict(LABELS),
            "fields": [asdict(field) for field in self.fields],
        }


def build_form(view: CallView, labels: LabelTree) -> Form:
    """Draft the form of a kept call. Pure; some tens of milliseconds of CPU."""
    call = CallText.of(view)
    said = call.said_by(CALLER)
    ran = labels.scene_of(call)
    scene = ran[0] if ran else None
    slots = slot_values(call, scene, labels.filler) if scene else ()
    fields = [
        *_customer(call, said),
        *_product(call, labels),
        *_serial(call, labels),
        *_problem(said),
        *_class("problem_class", labels.problem_class(call)),
        *_whole("course", course(call, slots)),
        *_whole("solution", result(call)),
        *_class("solution_class", labels.solution_class(call)),
        *_wants(said),
        *_mood(said),
        *_summary(call),
    ]
    return Form(view.call.id, tuple(fields))


def _field(
    key: str, value: str, confidence: float, turn: int | None, by: str = ""
) -> list[FormField]:
    if not value:
        return []
    return [FormField(key, LABELS[key], value, round(confidence, 3), turn, by)]


def _class(key: str, choice: Choice) -> list[FormField]:
    return _field(key, choice.path, choice.confidence, choice.turn, choice.by)


def _whole(key: str, told: tuple[str, float, int | None]) -> list[FormField]:
    return _field(key, *told)


def _customer(call: CallText, said: Sequence[Spoken]) -> list[FormField]:
    named = [(name, turn) for turn in said if (name := caller_name(turn.text))]
    number = call.caller
    if not named:
        return _field("customer", number, 1.0, None)
    name, turn = named[-1]
    shown = f"{name}；{number}" if number else name
    return _field("customer", shown, turn.confidence, turn.index)


def _product(call: CallText, labels: LabelTree) -> list[FormField]:
    for turn in reversed(call.said_by(CALLER, SEAT)):
        if models := labels.canonical.terms(turn.text, "model"):
            return _field("product", models[-1], turn.confidence, turn.index)
    return []


def _serial(call: CallText, labels: LabelTree) -> list[FormField]:
    """What was read back and agreed upon; else what was said and looks like one of ours."""
    for number in reversed(call.numbers):
        if _SERIAL.search(number.label):
            return _field("serial", number.value, 1.0, number.turn)
    patterns = {
        slot.pattern for each in labels.pack.scenes for slot in each.slots if is_serial(slot)
    }
    for turn in reversed(call.said_by(CALLER, SEAT)):
        plain = extract.spoken_code(turn.text)
        for pattern in sorted(patterns):
            if value := matching(pattern, plain):
                return _field("serial", value, turn.confidence * _FILLED, turn.index)
    return []


def _problem(said: Sequence[Spoken]) -> list[FormField]:
    found = extract.problem([turn.text for turn in said])
    if found is None:
        return []
    nth, text = found
    return _field("problem", text, said[nth].confidence, said[nth].index)


def _wants(said: Sequence[Spoken]) -> list[FormField]:
    for turn in reversed(said):
        if text := extract.wish(turn.text):
            return _field("wants", text, turn.confidence, turn.index)
    return []


def _mood(said: Sequence[Spoken]) -> list[FormField]:
    """The worst of the call, in two words, with the turn it was heard in."""
    worst = max(said, key=lambda turn: mood(turn.text), default=None)
    level = mood(worst.text) if worst else CALM
    if worst is None or level == CALM:
        return []
    return _field("mood", "着急" if level <= HURRIED else "不满", worst.confidence, worst.index)


def _summary(call: CallText) -> list[FormField]:
    """The talk told by role, for people who were not there."""
    spoken = [(_ROLES[turn.who], turn.text) for turn in call.turns if turn.kind not in _ASIDE]
    told = summarise(spoken)
    sure = min((turn.confidence for turn in call.said_by(CALLER, SEAT)), default=0.0)
    return _field("summary", told.text, sure, None)

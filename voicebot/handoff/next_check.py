"""What the scene of a call would check next, for the human who takes the call over."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.dialog.state import DialogState
from voicebot.pack import Pack
from voicebot.scenes.model import Slot, SlotType
from voicebot.scenes.questions import next_question

_SERIAL = re.compile(r"序列号|产品编号|^SN$", re.I)


@dataclass(frozen=True)
class NextCheck:
    """A question or step, and the scene that it is from."""

    text: str
    source: str


def next_check(pack: Pack, state: DialogState) -> NextCheck | None:
    """What the scene under way would ask now; None outside of scenes and after a diagnosis."""
    run = state.scene or state.closed
    scene = pack.scene(run.scene) if run else None
    if run is None or scene is None or run.branch:
        return None
    question = next_question(scene, run.values)
    slot_id = run.asking or (question.slot if question else "")
    if not slot_id or not scene.slot(slot_id).asks:
        return None
    return NextCheck(scene.slot(slot_id).asks[0], f"场景 {scene.name}")


def is_serial(slot: Slot) -> bool:
    """Whether a slot is a machine's serial number, and what it looks like is known."""
    return slot.type is SlotType.SERIAL and bool(slot.pattern and _SERIAL.search(slot.label))

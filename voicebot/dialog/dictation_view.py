"""What a session must know of a dictation, read off the dialog's state. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicebot.dialog.dictation import Dictation
from voicebot.dialog.dictation_reopened import reopened
from voicebot.dialog.dictation_state import DictationState, Phase
from voicebot.dialog.read_back import rules_of
from voicebot.dialog.state import DialogState
from voicebot.dialog.textforms import clean
from voicebot.pack import Pack
from voicebot.scenes.model import Scene, Slot


@dataclass(frozen=True)
class DictationNow:
    """The number being asked for.

    `taking` is True while figures are awaited, False while it is read back and confirmed.
    `pause_ms` is the silence that ends what is being said; None while none does. `personal`
    ones are not to be shown to anybody.
    """

    slot: str
    personal: bool
    taking: bool
    pause_ms: int | None


@dataclass(frozen=True)
class AgreedNumber:
    """A number that the caller has agreed upon."""

    scene: str
    slot: str
    label: str
    value: str
    personal: bool


class DictationView:
    """Looks at the states of one pack's calls."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def now(self, state: DialogState) -> DictationNow | None:
        """The dictation under way, or about to begin; None if none is."""
        found = self._asked(state)
        if found is None:
            return None
        slot, memory = found
        dictation = Dictation(rules_of(slot), memory)
        pause_ms = None if state.waiting else dictation.pause_ms()
        return DictationNow(
            slot.id, slot.personal, dictation.state.phase is Phase.LISTENING, pause_ms
        )

    def read_up_to(self, state: DialogState, groups: int) -> DialogState:
        """The state of a call whose caller began to speak or type after `groups` groups."""
        found, run = self._asked(state), state.scene
        if found is None or run is None or run.dictations.get(found[0].id) is None:
            return state
        slot, memory = found
        dictation = Dictation(rules_of(slot), memory)
        dictation.read(groups - 1)
        dictations = {**run.dictations, slot.id: dictation.state}
        return replace(state, scene=replace(run, dictations=dictations))

    def agreed(self, state: DialogState) -> tuple[AgreedNumber, ...]:
        """All numbers agreed upon in the scene that runs, or ran last."""
        run = state.scene or state.closed
        scene = self._scene(run.scene) if run else None
        if run is None or scene is None:
            return ()
        done = [s for s in scene.slots if _phase(run.dictations.get(s.id)) is Phase.DONE]
        return tuple(
            AgreedNumber(scene.id, slot.id, slot.label, run.values[slot.id], slot.personal)
            for slot in done
            if slot.id in run.values
        )

    def corrects_personal(self, state: DialogState, text: str) -> bool:
        """Whether `text` corrects a personal number that was agreed upon, whatever is asked now."""
        run = state.scene
        scene = self._scene(run.scene) if run else None
        slot = reopened(scene, run, clean(text)) if run is not None and scene is not None else None
        return slot is not None and slot.personal

    def _asked(self, state: DialogState) -> tuple[Slot, DictationState | None] | None:
        run = state.scene
        scene = self._scene(run.scene) if run else None
        if run is None or scene is None or not run.asking:
            return None
        slot = scene.slot(run.asking)
        return (slot, run.dictations.get(slot.id)) if slot.dictated else None

    def _scene(self, scene_id: str) -> Scene | None:
        return self._pack.scene(scene_id)


def _phase(state: DictationState | None) -> Phase | None:
    return state.phase if state else None

"""A number that was agreed upon and is corrected after all: 序列号第二组不对. Pure."""

from __future__ import annotations

from voicebot.dialog import dictation_words as words
from voicebot.dialog.dictation_state import Phase
from voicebot.dialog.phonetic import find, units
from voicebot.dialog.scene_run import SceneRun
from voicebot.scenes.model import Scene, Slot


def reopened(scene: Scene, run: SceneRun, text: str) -> Slot | None:
    """The agreed number that `text` corrects, by its name or by one of its groups; None: none."""
    corrects = words.wrong(text) is not None or words.starts_over(text)
    if not corrects:
        return None
    for slot in scene.slots:
        state = run.dictations.get(slot.id)
        if state is None or state.phase is not Phase.DONE:
            continue
        named = any(find(word, units(text)) for word in (slot.label, *slot.about))
        if named or words.named_group(text, len(state.groups)) is not None:
            return slot
    return None

"""Turns in which a number is dictated: what of them is the dictation's, and what follows.

The dictation's memory is part of the scene's (`SceneRun.dictations`), so that it is as pure as
the rest of the dialog: a thought about half a sentence takes nothing down, and a question in
between leaves every group where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voicebot.dialog.dictation import Dictation
from voicebot.dialog.dictation_reopened import reopened
from voicebot.dialog.dictation_state import Next, Step
from voicebot.dialog.events import Heard, SayKind
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.read_back import rules_of, say_open_question, say_step
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import Awaiting
from voicebot.dialog.textforms import clean
from voicebot.dialog.turn import Turn
from voicebot.dialog.waiting import told_besides
from voicebot.scenes.model import Scene, Slot

FAILURES_TO_KEYPAD = 2  # failed readings, after which the caller hears that keys work too
FAILURES_TO_OFFER = 4  # and after which a human is offered
FAILURES_TO_HANDOFF = 7
_ALTERNATIVES = 3
_BEST_GUESS_ALONE = (Next.DONE, Next.START_OVER, Next.MISFIT)


class DictationTurns:
    """Takes what belongs to a running dictation; `filled` is told (slot, value) in the end.

    `given_up` may know another way where a human would be offered; True if it has gone it.
    """

    def __init__(
        self,
        filled: Callable[[Turn, str, str], None],
        given_up: Callable[[Turn, Scene], bool] = lambda turn, scene: False,
    ) -> None:
        self._filled = filled
        self._given_up = given_up

    # --- what comes in ----------------------------------------------------------------------
    def heard(self, turn: Turn, heard: Heard) -> bool:
        """A caller turn; False if it is none of the dictation's."""
        raw = clean(heard.raw or heard.text)
        current = asked(turn) or _reopened(turn, raw)
        if current is None:
            return False
        move = intent(raw)
        # 我看看，YL二零九五 is dictated.
        readings = [(move is Intent.WAIT and told_besides(raw)) or raw]
        if move is None:  # 等一下 is what it is, whatever else it might have been
            readings += [clean(other) for other in heard.alternatives[:_ALTERNATIVES]]
        taken = _best(turn, current[1], readings)
        if taken is None:
            return False
        self._go_on(turn, *current, *taken)
        return True

    def key(self, turn: Turn, digit: str) -> bool:
        """A key; False if none is awaited."""
        current = asked(turn)
        if current is None:
            return False
        dictation = _dictation(turn, current[1])
        step = dictation.key(digit)
        if step.next is Next.NOT_FOR_US:
            _keep(turn, current[1], dictation)
            say_open_question(turn, current[0].id, current[1], dictation.state)
        else:
            self._go_on(turn, *current, dictation, step)
        return True

    def paused(self, turn: Turn, silence_ms: int) -> None:
        """Silence: a value that may be whole is read back."""
        current = asked(turn)
        if current is not None and not turn.state.waiting:
            dictation = _dictation(turn, current[1])
            self._go_on(turn, *current, dictation, dictation.paused(silence_ms))

    def ask_on(self, turn: Turn, *, failed: bool = False) -> bool:
        """Say where a dictation stands that has begun; False if none has.

        `failed`: the caller has said something that nobody could use.
        """
        current = asked(turn)
        run = turn.state.scene
        if current is None or run is None:
            return False
        scene, slot = current
        dictation = _dictation(turn, slot)
        if not dictation.value:
            return False
        if failed:
            dictation.failed()
            _keep(turn, slot, dictation)
            if self._gives_up(turn, scene, slot, dictation.state.failures):
                return True
        say_open_question(turn, scene.id, slot, dictation.state)
        return True

    # --- what follows -----------------------------------------------------------------------
    def _go_on(
        self, turn: Turn, scene: Scene, slot: Slot, dictation: Dictation, step: Step
    ) -> None:
        failures = _failures(turn, slot)
        _keep(turn, slot, dictation)
        if step.next is Next.DONE:
            self._filled(turn, slot.id, step.value)
            return
        if step.next is Next.LISTEN:
            return
        failed = dictation.state.failures > failures
        if failed and self._gives_up(turn, scene, slot, dictation.state.failures):
            return
        keypad = failed and dictation.state.failures == FAILURES_TO_KEYPAD
        lead = turn.variant("dictation_keypad") if keypad else ""
        say_step(turn, scene.id, slot, step, lead)

    def _gives_up(self, turn: Turn, scene: Scene, slot: Slot, failures: int) -> bool:
        """Offer a human at times, at last bring one; what there is goes along as unconfirmed."""
        if failures >= FAILURES_TO_OFFER and self._given_up(turn, scene):
            return True
        if failures >= FAILURES_TO_HANDOFF:
            why = f"{slot.label}多次没有核对上"
            turn.hand_off("not_certain", "limit", scene.on_limit.skill, why)
            return True
        if failures == FAILURES_TO_OFFER:
            turn.prompt("dictation_offer", SayKind.OFFER_HUMAN, scene=scene.id, slot=slot.id)
            turn.set(awaiting=Awaiting.OFFER, offer_reason="limit")
            return True
        return False


def asked(turn: Turn) -> tuple[Scene, Slot] | None:
    """The dictated slot whose value is awaited."""
    run = turn.state.scene
    scene = turn.pack.scene(run.scene) if run else None
    if run is None or scene is None or not run.asking:
        return None
    slot = scene.slot(run.asking)
    return (scene, slot) if slot.dictated else None


def _reopened(turn: Turn, text: str) -> tuple[Scene, Slot] | None:
    run = turn.state.scene
    scene = turn.pack.scene(run.scene) if run else None
    if run is None or scene is None:
        return None
    slot = reopened(scene, run, text)
    if slot is None:
        return None
    turn.set(scene=replace(run, asking=slot.id))
    return scene, slot


def _dictation(turn: Turn, slot: Slot) -> Dictation:
    run = turn.state.scene
    return Dictation(rules_of(slot), run.dictations.get(slot.id) if run else None)


def _best(turn: Turn, slot: Slot, readings: list[str]) -> tuple[Dictation, Step] | None:
    """The first reading that makes the number whole and right, else the first that is figures.

    A stretch of three figures where four are wanting may well be the second-best guess's four,
    and is read back. To agree or to begin anew only the best guess will do: 对 is often the
    second guess for 不对.
    """
    first: tuple[Dictation, Step] | None = None
    for nth, reading in enumerate(readings):
        dictation = _dictation(turn, slot)
        step = dictation.heard(reading)
        if step.next is Next.NOT_FOR_US:
            continue
        if step.next in _BEST_GUESS_ALONE:
            if nth == 0:
                return dictation, step
            continue
        if step.next is Next.READ_BACK and step.fits and slot.takes(step.value):
            return dictation, step
        first = first or (dictation, step)
    return first


def _failures(turn: Turn, slot: Slot) -> int:
    run: SceneRun | None = turn.state.scene
    state = run.dictations.get(slot.id) if run else None
    return state.failures if state else 0


def _keep(turn: Turn, slot: Slot, dictation: Dictation) -> None:
    run = turn.state.scene
    if run is not None:
        turn.set(scene=replace(run, dictations={**run.dictations, slot.id: dictation.state}))

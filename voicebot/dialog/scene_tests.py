"""Runs the test dialogues written in scene files, through the very dialog that takes calls.

Only the search is played: the first sentence finds the scene under test, later ones find nothing.
So what passes here is what a caller gets; there is no second engine for tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.dialog.events import (
    Action,
    Digit,
    Found,
    Handoff,
    Heard,
    Paused,
    Say,
    SayKind,
    Search,
)
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import DialogState, Purpose
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack import Pack
from voicebot.scenes.model import Scene, SceneTest, TestTurn

LONG_PAUSE_MS = 60_000


@dataclass(frozen=True)
class TurnReport:
    """One turn of a test: what the caller said, what was answered, what was wrong with it, and
    where the scene was after it."""

    heard: str
    said: str
    wrong: tuple[str, ...]
    run: SceneRun | None = None


@dataclass(frozen=True)
class SceneTestReport:
    """A test dialogue as it went."""

    scene: str
    name: str
    turns: tuple[TurnReport, ...]

    @property
    def passed(self) -> bool:
        return not any(turn.wrong for turn in self.turns)


def run_scene_tests(dialog: Dialog, pack: Pack) -> tuple[SceneTestReport, ...]:
    """Every test of every scene of the pack."""
    return tuple(_run(dialog, scene, test) for scene in pack.scenes for test in scene.tests)


def _run(dialog: Dialog, scene: Scene, test: SceneTest) -> SceneTestReport:
    state, _ = dialog.start()
    reports = []
    for turn in test.turns:
        state, actions = _turn(dialog, state, scene, turn)
        said = " / ".join(each.text for each in actions if isinstance(each, Say))
        run = state.scene or state.closed
        reports.append(TurnReport(_done(turn), said, _wrong(turn, state, actions), run))
    return SceneTestReport(scene.id, test.name, tuple(reports))


def _turn(
    dialog: Dialog, state: DialogState, scene: Scene, turn: TestTurn
) -> tuple[DialogState, tuple[Action, ...]]:
    actions: tuple[Action, ...] = ()
    if turn.pause:
        return dialog.step(state, Paused(LONG_PAUSE_MS))
    for key in turn.keys:
        state, actions = dialog.step(state, Digit(key))
    if turn.keys:
        return state, actions
    state, actions = dialog.step(state, Heard(turn.say))
    search = next((each for each in actions if isinstance(each, Search)), None)
    if search is None:
        return state, actions
    first = state.pending is not None and state.pending.purpose is Purpose.QUESTION
    hit = Hit(scene.id, HitKind.SCENE, 1.0, scene.name)
    result = SearchResult(
        search.query, (), 0.0, scene=hit if first else None, scene_probability=float(first)
    )
    state, more = dialog.step(state, Found(result))
    return state, (*actions, *more)


def _done(turn: TestTurn) -> str:
    """What the caller does, for people to read."""
    return "（停顿）" if turn.pause else f"（按键 {turn.keys}）" if turn.keys else turn.say


def _wrong(turn: TestTurn, state: DialogState, actions: tuple[Action, ...]) -> tuple[str, ...]:
    says = [each for each in actions if isinstance(each, Say)]
    handoff = next((each for each in actions if isinstance(each, Handoff)), None)
    asked = [s.slot for s in says if s.kind is SayKind.ASK and s.slot]
    contradicted = [s.slot for s in says if s.kind is SayKind.CONTRADICTION]
    run = state.scene or state.closed
    got = {
        "ask": asked[-1] if asked else "nothing",
        "contradiction": _last(run.raised if run and contradicted else {}),
        "branch": run.branch if run and not state.scene else "nothing",
        "handoff": handoff.skill if handoff else "none",
        "reason": handoff.reason if handoff else "none",
    }
    wrong = [
        f"{key}: expected {wanted or 'any'}, got {got[key] or 'nothing'}"
        for key, wanted in turn.expect.items()
        if key in got and got[key] != wanted and not (key == "handoff" and not wanted and handoff)
    ]
    kinds = [str(each.kind) for each in says]
    if turn.expect.get("kind", kinds[0] if kinds else "") not in kinds and "kind" in turn.expect:
        wrong.append(f"kind: expected {turn.expect['kind']}, got {', '.join(kinds) or 'nothing'}")
    said = "".join(each.text for each in says)
    if turn.expect.get("say", "") not in said:
        wrong.append(f"say: expected {turn.expect['say']!r} in it, got {said!r}")
    known = run.values if run else {}
    wrong += [
        f"{slot}: expected {wanted}, got {known.get(slot, 'nothing')}"
        for slot, wanted in turn.slots.items()
        if known.get(slot) != wanted
    ]
    return tuple(wrong)


def _last(raised: object) -> str:
    return list(raised)[-1] if isinstance(raised, dict) and raised else "nothing"

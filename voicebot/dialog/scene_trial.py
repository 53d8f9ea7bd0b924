"""A scene tried out by typing: after each turn, what was matched and filled, and what holds now.

The dialog is the one that takes calls; only the index is missing, so that nothing has to be
loaded: scenes are found by their triggers, and questions about other things find nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.dialog.events import Action, Digit, Event, Found, Handoff, HangUp, Heard, Say, Search
from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_match import SceneCandidate, SceneMatch
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.textforms import clean
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack import Pack
from voicebot.scenes.model import Scene
from voicebot.scenes.when import Condition, Decision

CANDIDATES = 3


@dataclass(frozen=True)
class FilledSlot:
    """A value that the turn set; `words` are those it was found in, `before` what it replaced."""

    slot: str
    label: str
    value: str
    words: str
    before: str


@dataclass(frozen=True)
class Holds:
    """A branch or contradiction with its condition: True, False, or None while undecided."""

    kind: str
    id: str
    condition: str
    decision: Decision


@dataclass(frozen=True)
class TrialTurn:
    """What a turn did. `candidates` are empty where nothing was looked up; `raised` are the
    contradictions pointed out; `ended` is handed_off, hung_up or nothing."""

    heard: str
    said: tuple[str, ...]
    scene: str
    candidates: tuple[SceneCandidate, ...] = ()
    filled: tuple[FilledSlot, ...] = ()
    holds: tuple[Holds, ...] = ()
    branch: str = ""
    asking: str = ""
    why: str = ""
    raised: tuple[str, ...] = ()
    ended: str = ""


class Trial:
    """One call by typing."""

    def __init__(self, pack: Pack, scene_id: str = "") -> None:
        """With `scene_id` the first turn starts that scene, whatever it says."""
        self._pack = pack
        self._forced = scene_id
        self._dialog = Dialog(pack, answer_risk=0.5)
        self._match = SceneMatch(pack)
        self._filler = Filler(Canonicalizer(pack.lexicon))
        self._state, self._greeting = self._dialog.start()
        self.ended = ""

    @property
    def greeting(self) -> str:
        """What is said first."""
        return "".join(each.text for each in self._greeting if isinstance(each, Say))

    def turn(self, text: str) -> TrialTurn:
        """A caller turn: a sentence, or keys of the telephone after ``#`` (``#13800``)."""
        before = self._state.scene or self._state.closed
        actions: list[Action] = []
        candidates: tuple[SceneCandidate, ...] = ()
        for event in _events(text):
            self._state, done = self._dialog.step(self._state, event)
            search = next((each for each in done if isinstance(each, Search)), None)
            actions += done
            if search is not None:
                candidates = self._match.rank(search.query, self._found(), CANDIDATES)
                self._state, done = self._dialog.step(self._state, Found(self._result(search)))
                actions += done
                self._forced = ""
        self.ended = self.ended or _ended(actions)
        said = tuple(each.text for each in actions if isinstance(each, Say))
        run = self._state.scene or self._state.closed
        scene = self._pack.scene(run.scene) if run else None
        if run is None or scene is None:
            return TrialTurn(text, said, "", candidates, ended=self.ended)
        return TrialTurn(
            text,
            said,
            scene.id,
            candidates,
            self._filled(scene, run, before, text),
            _holds(scene, run),
            run.branch,
            run.asking,
            run.why if run.asking else "",
            _raised(run, before),
            self.ended,
        )

    def _found(self) -> dict[str, float]:
        return {self._forced: 1.0} if self._forced else {}

    def _result(self, search: Search) -> SearchResult:
        hit = Hit(self._forced, HitKind.SCENE, 1.0, "") if self._forced else None
        return SearchResult(search.query, (), 0.0, scene=hit, scene_probability=float(bool(hit)))

    def _filled(
        self, scene: Scene, run: SceneRun, before: SceneRun | None, text: str
    ) -> tuple[FilledSlot, ...]:
        same = before is not None and before.scene == run.scene
        was = before.values if before is not None and same else {}
        asked = before.asking if before is not None and same else ""
        words = {each.slot: each.words for each in self._filler.fill(scene, clean(text), asked)}
        return tuple(
            FilledSlot(
                slot.id,
                slot.label,
                slot.shown(run.values[slot.id]),
                words.get(slot.id, text),
                slot.shown(was[slot.id]) if slot.id in was else "",
            )
            for slot in scene.slots
            if slot.id in run.values and run.values[slot.id] != was.get(slot.id)
        )


def _events(text: str) -> list[Event]:
    if text.startswith("#") and len(text) > 1:
        return [Digit(key) for key in text[1:] if key in "0123456789*#"]
    return [Heard(text)]


def _holds(scene: Scene, run: SceneRun) -> tuple[Holds, ...]:
    unset = [slot.id for slot in scene.slots if slot.id not in run.values]

    def holds(kind: str, name: str, when: Condition) -> Holds:
        return Holds(kind, name, when.text, when.decide(run.values, unset))

    return (
        *(holds("contradiction", each.id, each.when) for each in scene.contradictions),
        *(holds("branch", each.id, each.when) for each in scene.branches),
    )


def _raised(run: SceneRun, before: SceneRun | None) -> tuple[str, ...]:
    was = before.raised if before is not None and before.scene == run.scene else {}
    return tuple(name for name, times in run.raised.items() if times > was.get(name, 0))


def _ended(actions: list[Action]) -> str:
    for action in actions:
        if isinstance(action, Handoff):
            return "handed_off"
        if isinstance(action, HangUp):
            return "hung_up"
    return ""

"""The next check of the scene that a talk is in: what an engineer would ask or do now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from voicebot.assist.words import PackWords
from voicebot.dialog.phonetic import find, units
from voicebot.dialog.scene_run import Outcome, OutcomeKind, SceneEngine, SceneRun
from voicebot.dialog.textforms import clauses, sentences
from voicebot.scenes.model import Branch, Scene, Slot

ASK_SENTENCES = 2
_LEAST_ABOUT = 2  # characters of a label or word that name a slot


@dataclass(frozen=True)
class Check:
    """What to show: `contradiction` or a next check; `query` is what a branch wants looked up."""

    text: str
    source: str
    contradiction: bool = False
    query: str = ""


class Checks:
    """One talk's scene. Values come from what the caller says, or confirms, to the seat."""

    def __init__(self, words: PackWords) -> None:
        self._pack = words.pack
        self._filler = words.filler
        self._engine = SceneEngine(self._filler)
        self._run: SceneRun | None = None
        self._asked = ""

    @property
    def scene(self) -> str:
        """The id of the scene that the talk is in; "" for none."""
        return self._run.scene if self._run else ""

    def enter(self, scene_id: str, values: Mapping[str, str] | None = None) -> None:
        """The talk is in this scene now. What is known of it stays known."""
        if self.scene != scene_id and self._pack.scene(scene_id):
            self._run = SceneRun(scene_id, dict(values or {}))
            self._asked = ""

    def asked(self, text: str, slot: str = "") -> None:
        """We asked or said something: `slot` is what for, if it is known."""
        scene = self._scene()
        if scene is None:
            return
        self._asked = slot or _slot_asked(scene, text)

    def answered(self, text: str) -> Check | None:
        """What follows from a caller's turn in the scene; None if it told the scene nothing new."""
        scene, run = self._scene(), self._run
        if scene is None or run is None:
            return None
        found = self._filler.fill(scene, text, self._asked)
        values = {**run.values, **{each.slot: each.value for each in found}}
        if values == run.values:
            return None
        return self._decide(scene, replace(run, values=values))

    def now(self) -> Check | None:
        """The check that is due, whatever was said last."""
        scene = self._scene()
        return self._decide(scene, self._run) if scene and self._run else None

    def fills(self, text: str) -> bool:
        """Whether a caller's turn answers the scene."""
        scene = self._scene()
        return scene is not None and bool(self._filler.fill(scene, text, self._asked))

    def answers_asked(self, text: str) -> bool:
        """Whether a caller's turn answers what the seat has just asked."""
        scene = self._scene()
        if scene is None or not self._asked:
            return False
        found = self._filler.fill(scene, text, self._asked)
        return any(each.slot == self._asked for each in found)

    def _decide(self, scene: Scene, run: SceneRun) -> Check | None:
        # A seat may take as many turns as it likes: nothing is given up.
        run, outcome = self._engine.decide(scene, replace(run, asked={}, turns=0))
        self._run = replace(run, raised={})
        return _shown(scene, outcome)

    def _scene(self) -> Scene | None:
        return self._pack.scene(self._run.scene) if self._run else None


def _shown(scene: Scene, outcome: Outcome) -> Check | None:
    source = f"场景 {scene.name}"
    if outcome.kind is OutcomeKind.CONTRADICTION:
        return Check(outcome.text, source, contradiction=True)
    if outcome.kind is OutcomeKind.ASK:
        return Check(outcome.text, source)
    if outcome.kind is not OutcomeKind.BRANCH:
        return None
    branch = next(each for each in scene.branches if each.id == outcome.branch)
    return Check(_advice(branch, outcome.text), source, query=outcome.kb)


def _advice(branch: Branch, said: str) -> str:
    """The diagnosis and the first thing to do about it."""
    steps = "".join(sentences(said)[:ASK_SENTENCES])
    skill = f"转{branch.exit.skill}" if branch.exit and branch.exit.skill else ""
    return "：".join(part for part in (branch.cause, steps or skill) if part)


def _slot_asked(scene: Scene, text: str) -> str:
    """The slot that a seat's turn asks about: the one most of whose words it holds."""
    heard = units(text)
    best, most = "", 0
    for slot in scene.slots:
        score = sum(len(word) for word in set(_words(slot)) if find(word, heard))
        if score > most:
            best, most = slot.id, score
    return best


def _words(slot: Slot) -> Iterable[str]:
    yield from (word for word in slot.about if len(word) >= _LEAST_ABOUT)
    topic = slot.label.removeprefix("是否")
    yield topic
    yield from (topic[at : at + 2] for at in range(len(topic) - 1))
    for choice in slot.choices:
        yield from (word for word in (choice.name, *choice.say) if len(word) >= _LEAST_ABOUT)
    for question in slot.asks:
        yield from (part for part in clauses(question) if len(part) >= 4)

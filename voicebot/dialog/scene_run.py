"""Runs a scene: what is known so far, and what to do after each thing the caller says. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from voicebot.dialog.dictation_state import DictationState
from voicebot.dialog.dictation_state import Phase as DictationPhase
from voicebot.dialog.fill import Filled, Filler
from voicebot.dialog.unknowing import dont_know, has_none
from voicebot.scenes.lint import PLACEHOLDER
from voicebot.scenes.model import Branch, Exit, Scene
from voicebot.scenes.questions import must_know, next_question
from voicebot.scenes.when import UNKNOWN


@dataclass(frozen=True)
class SceneRun:
    """A scene under way. `asking` is the slot whose answer is awaited; `helped` got their help;
    `dictations` are the numbers being taken down, or taken down, by slot; `why` is the reason for
    what is being asked, for people to read. `taken_up`: the caller has answered a question of it;
    `passed` counts how often they asked or told something else instead."""

    scene: str
    values: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    raised: Mapping[str, int] = field(default_factory=dict)
    helped: tuple[str, ...] = ()
    turns: int = 0
    asking: str = ""
    branch: str = ""
    dictations: Mapping[str, DictationState] = field(default_factory=dict)
    why: str = ""
    taken_up: bool = False
    passed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data for records; `from_dict` takes it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SceneRun:
        dictations = {
            slot: DictationState.from_dict(each) for slot, each in data["dictations"].items()
        }
        return cls(**{**data, "helped": tuple(data["helped"]), "dictations": dictations})


UNCONFIRMED = "（未核对）"


class OutcomeKind(enum.StrEnum):
    """What a turn in a scene comes to."""

    ASK = "ask"
    HELP = "help"
    CONTRADICTION = "contradiction"
    BRANCH = "branch"
    EXIT = "exit"
    MISS = "miss"


@dataclass(frozen=True)
class Outcome:
    """What to say or do. `text` may be empty for BRANCH (exit only) and EXIT.

    `filled` and `corrected` are the slots this turn set and changed; `certainty` is the least
    certain of them. A MISS said nothing that the scene can use.
    """

    kind: OutcomeKind
    text: str = ""
    slot: str = ""
    contradiction: str = ""
    branch: str = ""
    kb: str = ""
    exit: Exit | None = None
    filled: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    certainty: float = 1.0


class SceneEngine:
    """Advances scene runs. Holds no state of a call."""

    def __init__(self, filler: Filler) -> None:
        self._filler = filler

    def advance(
        self, scene: Scene, run: SceneRun, text: str, asked_slot: str, about: str = ""
    ) -> tuple[SceneRun, Outcome]:
        """Take what the caller said, after `asked_slot` was asked (empty: nothing was).

        `about`, what was spoken of before, tells what the text leaves open: of 锁定了 the BMC.
        """
        run = replace(run, turns=run.turns + 1)
        if run.turns > scene.limits.max_turns:
            return run, Outcome(OutcomeKind.EXIT, exit=scene.on_limit)
        found = self._filler.fill(scene, text, asked_slot)
        told = {each.slot for each in found}
        before = self._filler.fill(scene, about, "") if about else ()
        found += tuple(each for each in before if each.slot not in told)
        answered = any(each.slot == asked_slot for each in found)
        lacks = bool(asked_slot) and not found and has_none(scene.slot(asked_slot), text)
        if asked_slot and not answered and (dont_know(text) or lacks):
            run = replace(run, taken_up=True)
            return self._cannot_tell(scene, _take(run, found), asked_slot)
        if not found and run.turns > 1:
            return run, Outcome(OutcomeKind.MISS, slot=asked_slot)
        run = replace(run, taken_up=run.taken_up or run.turns > 1)
        changed = tuple(
            each.slot
            for each in found
            if run.values.get(each.slot, each.value) not in (each.value, UNKNOWN)
        )
        run, outcome = self.decide(scene, _take(run, found))
        if outcome.kind is OutcomeKind.ASK and outcome.slot == asked_slot and found:
            # Something else was told, and that is no failure to answer.
            run = replace(run, asked={**run.asked, asked_slot: run.asked[asked_slot] - 1})
        return run, replace(
            outcome,
            filled=tuple(each.slot for each in found),
            corrected=changed,
            certainty=min((each.certainty for each in found), default=1.0),
        )

    def fills(self, scene: Scene, text: str, asked_slot: str) -> tuple[str, ...]:
        """The slots that `text` would fill; nothing is changed."""
        return tuple(each.slot for each in self._filler.fill(scene, text, asked_slot))

    def decide(self, scene: Scene, run: SceneRun) -> tuple[SceneRun, Outcome]:
        """What follows from what is known: a contradiction, a branch, a question or an exit."""
        for each in scene.contradictions:
            if each.when(run.values):
                times = run.raised.get(each.id, 0) + 1
                run = replace(run, raised={**run.raised, each.id: times})
                if times > each.max:
                    return run, Outcome(OutcomeKind.EXIT, exit=scene.on_limit)
                kept = {k: v for k, v in run.values.items() if k not in each.reset}
                why = f"contradiction {each.id}"
                run = replace(run, values=kept, asking=each.reset[0], why=why)
                said = each.says[(times - 1) % len(each.says)]
                return run, Outcome(
                    OutcomeKind.CONTRADICTION, said, slot=run.asking, contradiction=each.id
                )
        branch = next((each for each in scene.branches if each.when(run.values)), None)
        if branch is not None:
            for slot in (*must_know(scene), *branch.need):
                if slot not in run.values:
                    return self.ask(scene, replace(run, why=f"needed for {branch.id}"), slot)
            return _reach(scene, run, branch)
        question = next_question(scene, run.values)
        if question is not None:
            return self.ask(scene, replace(run, why=question.why), question.slot)
        unknown = UNKNOWN in run.values.values()
        return run, Outcome(OutcomeKind.EXIT, exit=scene.on_unknown if unknown else scene.on_limit)

    def put(
        self, scene: Scene, run: SceneRun, slot_id: str, value: str
    ) -> tuple[SceneRun, Outcome]:
        """Take a value that was found by other means than a caller's sentence, and go on."""
        corrected = (slot_id,) if run.values.get(slot_id, value) != value else ()
        run, outcome = self.decide(scene, replace(run, values={**run.values, slot_id: value}))
        return run, replace(outcome, filled=(slot_id,), corrected=corrected)

    def ask(self, scene: Scene, run: SceneRun, slot_id: str) -> tuple[SceneRun, Outcome]:
        """Ask for a slot, each time in another variant, or leave when it was asked too often."""
        times = run.asked.get(slot_id, 0) + 1
        run = replace(run, asked={**run.asked, slot_id: times}, asking=slot_id)
        if times > scene.limits.max_asks:
            return self._asked_too_often(scene, run, slot_id)
        asks = scene.slot(slot_id).asks
        return run, Outcome(OutcomeKind.ASK, asks[(times - 1) % len(asks)], slot=slot_id)

    def _asked_too_often(
        self, scene: Scene, run: SceneRun, slot_id: str
    ) -> tuple[SceneRun, Outcome]:
        """Go on without one answer; without a second, or one that all depends on, leave."""
        most = scene.limits.max_asks
        before = any(
            count >= most and run.values.get(slot) == UNKNOWN for slot, count in run.asked.items()
        )
        run = replace(run, asked={**run.asked, slot_id: most})
        if scene.slot(slot_id).required or before or not run.taken_up:
            return run, Outcome(OutcomeKind.EXIT, exit=scene.on_limit)
        return self.decide(scene, replace(run, values={**run.values, slot_id: UNKNOWN}))

    def _cannot_tell(self, scene: Scene, run: SceneRun, slot_id: str) -> tuple[SceneRun, Outcome]:
        """First explain how to look; the second time go on without knowing."""
        slot = scene.slot(slot_id)
        if slot.help and slot_id not in run.helped:
            run = replace(run, helped=(*run.helped, slot_id))
            return run, Outcome(OutcomeKind.HELP, slot.help, slot=slot_id)
        return self.decide(scene, replace(run, values={**run.values, slot_id: UNKNOWN}))


def facts(scene: Scene, run: SceneRun) -> dict[str, str]:
    """What is known, by label, as people read it; for the hand-off summary.

    A number that was dictated but never agreed upon is told as what it is; of a personal one only
    how much there was, for masking knows whole numbers and no beginnings.
    """
    known = {
        slot.label: slot.shown(run.values[slot.id]) for slot in scene.slots if slot.id in run.values
    }
    for slot in scene.slots:
        dictation = run.dictations.get(slot.id)
        if dictation and dictation.groups and dictation.phase is not DictationPhase.DONE:
            value = "".join(dictation.groups)
            known[slot.label] = ("*" * len(value) if slot.personal else value) + UNCONFIRMED
    cause = next((each.cause for each in scene.branches if each.id == run.branch), "")
    return {"场景": scene.name, **known} | ({"判断": cause} if cause else {})


def _take(run: SceneRun, found: tuple[Filled, ...]) -> SceneRun:
    return replace(run, values={**run.values, **{each.slot: each.value for each in found}})


def _reach(scene: Scene, run: SceneRun, branch: Branch) -> tuple[SceneRun, Outcome]:
    run = replace(run, branch=branch.id, asking="")
    return run, Outcome(
        OutcomeKind.BRANCH,
        _put(scene, run, branch.say),
        branch=branch.id,
        kb=_put(scene, run, branch.kb),
        exit=branch.exit,
    )


def _put(scene: Scene, run: SceneRun, text: str) -> str:
    """`text` with ``{slot}`` replaced by what is known; an unknown one leaves nothing."""

    def value(name: str) -> str:
        known = run.values.get(name, UNKNOWN)
        return "" if known == UNKNOWN else scene.slot(name).shown(known)

    return PLACEHOLDER.sub(lambda match: value(match.group(1)), text).strip()

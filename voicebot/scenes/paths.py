"""Where the answers lead: combinations that no branch covers, and branches that none reaches.

Every combination of the values that the branches look at must reach a branch (one that raises a
contradiction cannot last, so it is left out). What a caller cannot tell (``unknown``) may end in
the ``on_unknown`` exit and needs no branch. Combinations are not listed but split: as long as the
conditions are undecided, the next slot that one of them looks at takes each of its values. Most
scenes are settled after some dozens of steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from voicebot.scenes.domain import answers_of
from voicebot.scenes.model import Branch, Scene
from voicebot.scenes.when import UNKNOWN

MAX_STEPS = 20_000
MAX_SHOWN = 5
Wrong = Callable[[int, str, str, str, str], None]


@dataclass(frozen=True)
class Path:
    """Answers, and the branch they lead to whatever else is answered; empty: to none."""

    values: dict[str, str]
    branch: str

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.values.items()) or "any answer"


class TooManyError(Exception):
    """The scene has more combinations than can be looked at."""


def check_paths(scene: Scene, wrong: Wrong) -> None:
    """Report holes and dead branches to `wrong` (line, key, expected, got, what to do)."""
    names = looked_at(scene)
    try:
        paths = list(walk(scene, names))
        reached = {path.branch for path in paths}
        missing = [branch for branch in scene.branches if branch.id not in reached]
        if missing:
            reached |= {path.branch for path in walk(scene, names, unknown=True)}
    except TooManyError:
        expected = f"a scene that is settled in {MAX_STEPS} combinations of answers"
        wrong(0, "branches", expected, "more", "split the scene")
        return
    for branch in missing:
        if branch.id not in reached and not _reached_early(scene, branch):
            wrong(
                branch.line,
                f"branches.{branch.id}",
                "a branch that some answers reach",
                "earlier branches taking them all, or a condition that is never true",
                "reorder or remove it",
            )
    holes = [path for path in paths if not path.branch]
    for path in holes[:MAX_SHOWN]:
        wrong(0, "branches", "a branch for every answer", f"none for {path}", "add one")
    if len(holes) > MAX_SHOWN:
        got = f"{len(holes)} kinds without one"
        wrong(0, "branches", "a branch for every answer", got, "add them, or a last one for all")


def looked_at(scene: Scene) -> tuple[str, ...]:
    """The slots that the branches look at."""
    return tuple(dict.fromkeys(name for branch in scene.branches for name in branch.when.slots))


def dead_ends(scene: Scene) -> tuple[Path, ...]:
    """What can be known after every question without a branch holding: the call would be handed
    over without a word. Only for scenes that `check_paths` finds nothing wrong with."""
    asked = set(scene.ask_order) or {slot.id for slot in scene.slots if slot.asks}
    try:
        paths = list(walk(scene, [name for name in looked_at(scene) if name in asked]))
    except TooManyError:
        return ()
    return tuple(path for path in paths if not path.branch)


def walk(scene: Scene, names: Collection[str], *, unknown: bool = False) -> Iterator[Path]:
    """Where every combination of values of `names` leads; the other slots have no value.

    Contradictory ones are left out. `unknown`: callers may also be unable to tell. Raises
    TooManyError.
    """
    answers = {
        slot.id: [*answers_of(scene, slot), *([UNKNOWN] if unknown else [])]
        for slot in scene.slots
        if slot.id in names
    }
    steps = itertools.count()
    todo: list[dict[str, str]] = [{}]
    while todo:
        values = todo.pop()
        if next(steps) > MAX_STEPS:
            raise TooManyError
        left = [name for name in answers if name not in values]
        found = _step(scene, values, left)
        if isinstance(found, Path):
            yield found
        elif found:
            todo += [{**values, found: value} for value in reversed(answers[found])]


def _step(scene: Scene, values: dict[str, str], left: Collection[str]) -> Path | str:
    """The path's end, the slot to split by, or nothing to say for a contradiction."""
    open_contradiction = ""
    for each in scene.contradictions:
        decision = each.when.decide(values, left)
        if decision is True:
            return ""
        if decision is None and not open_contradiction:
            open_contradiction = _unset(each.when.slots, left)
    for branch in scene.branches:
        decision = branch.when.decide(values, left)
        if decision is True:
            return Path(values, branch.id)
        if decision is None:
            name = _unset(branch.when.slots, left)
            if name:
                return name
    return open_contradiction or Path(values, "")


def _unset(names: Collection[str], left: Collection[str]) -> str:
    return next((name for name in names if name in left), "")


def _reached_early(scene: Scene, branch: Branch) -> bool:
    """Whether it holds before everything is known: some of its own slots may do."""
    slots = [slot for slot in scene.slots if slot.id in branch.when.slots]
    choices = [[*answers_of(scene, slot), UNKNOWN, ""] for slot in slots]
    for combination in itertools.islice(itertools.product(*choices), MAX_STEPS):
        pairs = zip(slots, combination, strict=True)
        values = {slot.id: value for slot, value in pairs if value}
        first = next((each.id for each in scene.branches if each.when(values)), "")
        raised = any(each.when(values) for each in scene.contradictions)
        if first == branch.id and not raised:
            return True
    return False

"""How much of a scene its own tests reach: branches, contradictions, and the answers callers give.

Of a slot with listed values every value counts, of a yes-or-no slot both answers, of any other
slot that it was filled at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voicebot.dialog.scene_tests import SceneTestReport
from voicebot.scenes.model import NO, YES, Scene, Slot, SlotType
from voicebot.scenes.when import UNKNOWN

KINDS = ("branch", "contradiction", "value")


@dataclass(frozen=True)
class SceneCoverage:
    """What there is to reach, as (kind, name), and what of it was reached."""

    scene: str
    wanted: tuple[tuple[str, str], ...]
    reached: frozenset[tuple[str, str]]

    def count(self, kind: str = "") -> tuple[int, int]:
        """(reached, there) of one kind, or of all."""
        there = [item for item in self.wanted if not kind or item[0] == kind]
        return sum(item in self.reached for item in there), len(there)

    @property
    def missing(self) -> tuple[str, ...]:
        """What no test reaches, for people to read."""
        return tuple(
            f"{kind} {name}" for kind, name in self.wanted if (kind, name) not in self.reached
        )


def percent(reports: Iterable[SceneCoverage]) -> float:
    """Of everything there is in these scenes; 100 where there is nothing."""
    counts = [report.count() for report in reports]
    there = sum(count[1] for count in counts)
    return 100.0 * sum(count[0] for count in counts) / there if there else 100.0


def coverage_of(scene: Scene, tests: Iterable[SceneTestReport]) -> SceneCoverage:
    """What the tests of `scene` reach of it; `tests` are as they went, of any scenes."""
    wanted = [("branch", branch.id) for branch in scene.branches]
    wanted += [("contradiction", each.id) for each in scene.contradictions]
    wanted += [("value", item) for slot in scene.slots for item in _items(slot)]
    reached = set()
    for test in tests:
        for turn in test.turns if test.scene == scene.id else ():
            run = turn.run
            if run is None or run.scene != scene.id:
                continue
            reached |= {("branch", run.branch), *(("contradiction", each) for each in run.raised)}
            reached |= {
                ("value", _item(scene.slot(name), value))
                for name, value in run.values.items()
                if value != UNKNOWN
            }
    return SceneCoverage(scene.id, tuple(wanted), frozenset(reached))


def _items(slot: Slot) -> list[str]:
    if slot.type is SlotType.BOOL:
        return [f"{slot.id}={YES}", f"{slot.id}={NO}"]
    if slot.type is SlotType.ENUM:
        return [f"{slot.id}={choice.value}" for choice in slot.choices]
    return [slot.id]


def _item(slot: Slot, value: str) -> str:
    return f"{slot.id}={value}" if slot.type in (SlotType.BOOL, SlotType.ENUM) else slot.id

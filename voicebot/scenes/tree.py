"""A scene as the tree of its questions: what is asked, what the answers lead to.

Built by the rules that the engine runs by, so the picture cannot say something else than the
calls do. Answers with the same consequences share a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.scenes.domain import ANYTHING, answers_of
from voicebot.scenes.model import Branch, Scene, Slot, SlotType
from voicebot.scenes.questions import must_know, next_question
from voicebot.scenes.when import UNKNOWN

MAX_NODES = 300  # of the picture
MAX_STEPS = 30_000  # before answers with the same consequences are put together


@dataclass(frozen=True)
class Asked:
    """A question, and what each answer (or several, as people read them) leads to."""

    slot: str
    text: str
    ways: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Reached:
    """The end of a path: a branch (`kind` answer or exit), a contradiction, or a hand-over."""

    kind: str
    id: str
    text: str


Node = Asked | Reached


class _TooLargeError(Exception):
    pass


def tree_of(scene: Scene) -> Node:
    """The tree; where it grows beyond `MAX_NODES`, only its first questions."""
    for depth in range(len(scene.slots) + 1, 0, -1):
        try:
            tree = _Grower(scene, depth).node({}, 0)
        except _TooLargeError:
            continue
        if _size(tree) <= MAX_NODES:
            return tree
    return Reached("more", "", "…")


class _Grower:
    def __init__(self, scene: Scene, depth: int) -> None:
        self._scene = scene
        self._depth = depth
        self._steps = 0

    def node(self, values: dict[str, str], depth: int) -> Node:
        """What follows from these answers."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise _TooLargeError
        scene = self._scene
        raised = next((each for each in scene.contradictions if each.when(values)), None)
        if raised is not None:
            again = "、".join(scene.slot(name).label for name in raised.reset)
            return Reached("contradiction", raised.id, f"矛盾，重新确认{again}")
        branch = next((each for each in scene.branches if each.when(values)), None)
        if branch is not None:
            missing = [name for name in must_know(scene) if name not in values]
            return self._ask(missing[0], values, depth) if missing else _end(scene, branch, values)
        question = next_question(scene, values)
        if question is not None:
            return self._ask(question.slot, values, depth)
        exit_ = scene.on_unknown if UNKNOWN in values.values() else scene.on_limit
        return Reached("handover", "", f"转{exit_.skill}：{exit_.reason}")

    def _ask(self, name: str, values: dict[str, str], depth: int) -> Node:
        slot = self._scene.slot(name)
        if depth >= self._depth:
            return Reached("more", "", "…")
        ways: dict[Node, list[str]] = {}
        for answer in (*answers_of(self._scene, slot), UNKNOWN):
            after = self.node({**values, name: answer}, depth + 1)
            ways.setdefault(after, []).append(_shown(slot, answer))
        text = slot.asks[0] if slot.asks else slot.label
        if len(ways) == 1:
            return Asked(name, text, (("任何回答", next(iter(ways))),))
        return Asked(name, text, tuple((" / ".join(each), node) for node, each in ways.items()))


def _size(node: Node) -> int:
    return 1 + sum(_size(after) for _, after in node.ways) if isinstance(node, Asked) else 1


def _end(scene: Scene, branch: Branch, values: dict[str, str]) -> Reached:
    asked = [scene.slot(name).label for name in branch.need if name not in values]
    text = branch.cause + (f"（先问{'、'.join(asked)}）" if asked else "")
    if branch.exit is not None:
        return Reached("exit", branch.id, f"{text} → 转{branch.exit.skill}")
    return Reached("answer", branch.id, text)


def _shown(slot: Slot, answer: str) -> str:
    if slot.type is SlotType.NUMBER and answer != UNKNOWN:
        return f"约{answer}"
    return "已提供" if answer == ANYTHING else slot.shown(answer)

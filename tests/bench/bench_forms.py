"""Are calls filed under the right labels, and is the assistant useful? On our own written calls.

    python -m tests.bench.bench_forms

Scene dialogues (the scene is known to the form), the scripted calls of tests/dialog/scripts through
the pack's own search (tests/wrapup/gold.yaml), and talks between caller and seat alone
(tests/assist). A scripted call that ended with a human although its script hoped for an answer was
handed off: that is what it is filed under then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.assist.talks import TALKS, UNSEEN, read_talks
from tests.assist.talks import main as assistant
from tests.dialog.scripted import Script, read_scripts
from tests.server_pack import server_pack
from tests.wrapup.played import scene_call, script_call, told
from tests.wrapup.test_form import wanted
from voicebot.dialog.policy import Dialog
from voicebot.knowledge.answer import extract
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.records.views import CallView
from voicebot.session.conversation import Conversation
from voicebot.settings import load_settings
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.wrapup.form import build_form
from voicebot.wrapup.labels import LabelTree

GOLD = Path(__file__).parent.parent / "wrapup" / "gold.yaml"


@dataclass
class Filed:
    """How many of `count` calls got a right problem class; of those with one, the solution."""

    name: str
    count: int = 0
    problems: int = 0
    with_solution: int = 0
    solutions: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        view: CallView,
        tree: LabelTree,
        problem: tuple[str, ...],
        solution: tuple[str, ...] | None,
    ) -> None:
        started_s = time.process_time()
        form = build_form(view, tree)
        self.cpu_ms.append((time.process_time() - started_s) * 1000)
        self.count += 1
        self._judge(name, form.get("problem_class"), problem)
        self.problems += form.get("problem_class") in problem
        if solution is not None:
            self.with_solution += 1
            self.solutions += form.get("solution_class") in solution
            self._judge(name, form.get("solution_class"), solution)

    def _judge(self, name: str, got: str, right: tuple[str, ...]) -> None:
        if got not in right:
            self.wrong.append(f"{name}: {got or 'nothing'}, not {' or '.join(right)}")

    def row(self) -> str:
        mean = sum(self.cpu_ms) / len(self.cpu_ms)
        return (
            f"| {self.name} | {self.problems}/{self.count} ({self.problems / self.count:.3f}) "
            f"| {self.solutions}/{self.with_solution} "
            f"({self.solutions / self.with_solution:.3f}) | {mean:.0f} / {max(self.cpu_ms):.0f} |"
        )


def scenes(tree: LabelTree) -> Filed:
    found = Filed("scene dialogues")
    for scene in server_pack().scenes:
        for test in scene.tests:
            solution = wanted(scene, test)
            view = scene_call(scene, test)
            right = (solution,) if solution else None
            found.add(f"{scene.id} {test.name}", view, tree, (scene.label,), right)
    return found


def scripts(tree: LabelTree, play: Callable[[Script], CallView]) -> tuple[Filed, Filed]:
    gold = yaml.safe_load(GOLD.read_text(encoding="utf-8"))
    handed = tuple(p for p in tree.solution if p.startswith("转人工/"))
    all_of, as_written = Filed("scripted calls"), Filed("of them, ended as written")
    for script in read_scripts():
        problem, solution = (
            tuple(part.strip(' "') for part in each.split("|")) for each in gold[script.name]
        )
        view = play(script)
        ended = f"handoff {view.handoff.reason}" if view.handoff else "solved"
        if ended == script.end:
            as_written.add(script.name, view, tree, problem, solution)
        right = solution if ended in (script.end, "solved") else handed
        all_of.add(script.name, view, tree, problem, right)
    return all_of, as_written


def talks(name: str, path: Path, tree: LabelTree) -> Filed:
    found = Filed(name)
    for talk in read_talks(path):
        view = told([(line.who, line.text) for line in talk.lines])
        found.add(talk.name, view, tree, talk.problem, talk.solution)
    return found


def main() -> None:
    settings = load_settings()
    knowledge: Knowledge = build_knowledge(settings, server_pack(), lambda what, state: None)
    tree = LabelTree(server_pack(), knowledge.search)
    scheduler = InferenceScheduler()
    risk = threshold(settings.knowledge.wrong_answers)
    dialog = Dialog(server_pack(), answer_risk=risk, extract=extract)
    conversation = Conversation(dialog, knowledge, scheduler)
    try:
        rows = [
            scenes(tree),
            *scripts(tree, lambda script: asyncio.run(script_call(script, conversation))),
            talks("talks with a seat", TALKS, tree),
            talks("the same, unseen", UNSEEN, tree),
        ]
    finally:
        scheduler.close()
    print("| calls | problem class | solution class | CPU ms, mean / most |\n|---|---|---|---|")
    print("\n".join(each.row() for each in rows))
    for each in rows:
        print(f"\n{each.name}:", *each.wrong, sep="\n  ")
    print()
    assistant()


if __name__ == "__main__":
    main()

"""What is wrong with a scene that reads well: unknown names, holes, dead branches, long sentences.

The holes are found by trying: every combination of the values that the branches look at must
reach a branch (a combination that raises a contradiction cannot last, so it is left out). What a
caller cannot tell (``unknown``) may end in the ``on_unknown`` exit and needs no branch.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator

from voicebot.pack_yaml import Problems
from voicebot.scenes.model import NO, YES, Branch, Scene, Slot, SlotType
from voicebot.scenes.when import UNKNOWN, Condition

MAX_SENTENCE_CHARS = 60
MAX_COMBINATIONS = 100_000
MAX_UNCOVERED_SHOWN = 5
PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]+")


def lint_scene(
    scene: Scene, problems: Problems, *, labels: Collection[str], term_kinds: Collection[str]
) -> None:
    """Add the scene's problems. `labels` are the known label paths, `term_kinds` the lexicon's."""
    _Lint(scene, problems, labels, term_kinds).run()


class _Lint:
    def __init__(
        self,
        scene: Scene,
        problems: Problems,
        labels: Collection[str],
        term_kinds: Collection[str],
    ) -> None:
        self.scene = scene
        self.problems = problems
        self.labels = labels
        self.term_kinds = term_kinds
        self.slots = {slot.id: slot for slot in scene.slots}

    def wrong(self, line: int, key: str, expected: str, got: str, do: str = "") -> None:
        self.problems.add(self.scene.file, line, key, expected, got, do)

    def run(self) -> None:
        self._check_labels()
        for slot in self.scene.slots:
            self._check_slot(slot)
        self._check_order()
        self._check_contradictions()
        for branch in self.scene.branches:
            self._check_branch(branch)
        self._check_unique("branches", [branch.id for branch in self.scene.branches])
        self._check_unique("contradictions", [each.id for each in self.scene.contradictions])
        self._check_tests()
        if all(name in self.slots for branch in self.scene.branches for name in branch.when.slots):
            self._check_coverage()

    def _check_labels(self) -> None:
        wanted = [(0, "label", self.scene.label)]
        wanted += [
            (b.line, f"branches.{b.id}.solution_class", b.solution_class)
            for b in self.scene.branches
        ]
        for line, key, label in wanted:
            if label and label not in self.labels:
                self.wrong(line, key, "a label of labels.yaml", repr(label), "add it there")

    def _check_slot(self, slot: Slot) -> None:
        key = f"slots.{slot.id}"
        if slot.required and not slot.asks:
            self.wrong(slot.line, key, "an 'ask' for a required slot", "none", "add one")
        if slot.type is SlotType.TERM and slot.kind not in self.term_kinds:
            known = ", ".join(sorted(self.term_kinds)) or "none"
            self.wrong(slot.line, f"{key}.kind", f"a kind of lexicon.yaml ({known})", slot.kind)
        for text in (*slot.asks, slot.help, slot.format):
            self._check_spoken(slot.line, key, text)
        if slot.dictated:
            self._check_dictated(slot, key)

    def _check_dictated(self, slot: Slot, key: str) -> None:
        """What cannot be told to be complete or wrong would be taken down as it comes."""
        if not slot.asks:
            self.wrong(slot.line, key, "an 'ask' for a dictated slot", "none", "add one")
        if not slot.length and not slot.pattern:
            self.wrong(slot.line, key, "a 'length' or a 'pattern'", "neither", "add one")
        elif slot.pattern and not slot.format:
            self.wrong(slot.line, f"{key}.format", "words for what it looks like", "none", "add it")
        elif not slot.takes(slot.example):
            expected = "a value that 'length' and 'pattern' allow"
            self.wrong(slot.line, f"{key}.example", expected, repr(slot.example), "correct one")

    def _check_spoken(self, line: int, key: str, text: str) -> None:
        for sentence in _SENTENCE_END.split(text):
            if len(sentence) > MAX_SENTENCE_CHARS:
                self.wrong(
                    line,
                    key,
                    f"sentences of at most {MAX_SENTENCE_CHARS} characters for a voice",
                    f"{len(sentence)} in {sentence[:20]!r}…",
                    "split it",
                )

    def _check_order(self) -> None:
        for name in self.scene.ask_order:
            if name not in self.slots:
                self.wrong(0, "ask_order", "slots of this scene", repr(name), "correct it")
            elif not self.slots[name].asks:
                self.wrong(self.slots[name].line, f"slots.{name}", "an 'ask'", "none", "add one")
        for slot in self.scene.slots:
            if slot.required and slot.id not in self.scene.ask_order:
                self.wrong(slot.line, f"slots.{slot.id}", "a required slot in ask_order", "none")

    def _check_names(self, line: int, key: str, names: Collection[str]) -> None:
        for name in names:
            if name not in self.slots:
                known = ", ".join(self.slots)
                self.wrong(line, key, f"a slot of this scene ({known})", repr(name), "correct it")

    def _check_condition(self, line: int, key: str, condition: Condition) -> None:
        self._check_names(line, key, condition.slots)
        for name, value in condition.mentions:
            slot = self.slots.get(name)
            if slot is None or value is None or value == UNKNOWN:
                continue
            known = [YES, NO] if slot.type is SlotType.BOOL else [c.value for c in slot.choices]
            if slot.type in (SlotType.BOOL, SlotType.ENUM) and value not in known:
                self.wrong(line, key, f"a value of {name} ({', '.join(known)})", repr(value))
        for name, _ in condition.numbers:
            if name in self.slots and self.slots[name].type is not SlotType.NUMBER:
                self.wrong(line, key, "a number slot before < or >", repr(name))

    def _check_contradictions(self) -> None:
        for each in self.scene.contradictions:
            key = f"contradictions.{each.id}"
            self._check_condition(each.line, f"{key}.when", each.when)
            self._check_names(each.line, f"{key}.reset", each.reset)
            for name in each.reset:
                if name in self.slots and not self.slots[name].asks:
                    self.wrong(each.line, f"{key}.reset", f"an 'ask' for {name}", "none", "add one")
            for text in each.says:
                self._check_spoken(each.line, f"{key}.say", text)

    def _check_branch(self, branch: Branch) -> None:
        key = f"branches.{branch.id}"
        self._check_condition(branch.line, f"{key}.when", branch.when)
        self._check_names(branch.line, f"{key}.need", branch.need)
        for name in branch.need:
            if name in self.slots and not self.slots[name].asks:
                self.wrong(branch.line, f"{key}.need", f"an 'ask' for {name}", "none", "add one")
        self._check_spoken(branch.line, f"{key}.answer.say", branch.say)
        self._check_names(branch.line, f"{key}.answer", PLACEHOLDER.findall(branch.say + branch.kb))

    def _check_unique(self, key: str, ids: list[str]) -> None:
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            self.wrong(0, key, "each id once", repr(name), "rename one")

    def _check_tests(self) -> None:
        branches = {branch.id for branch in self.scene.branches}
        raised = {each.id for each in self.scene.contradictions}
        for test in self.scene.tests:
            key = f"tests.{test.name}"
            for turn in test.turns:
                for name, known in (
                    ("ask", self.slots),
                    ("branch", branches),
                    ("contradiction", raised),
                ):
                    wanted = turn.expect.get(name, "")
                    if wanted and wanted not in known:
                        self.wrong(test.line, key, f"a known {name}", repr(wanted), "correct it")
                self._check_names(test.line, key, turn.slots)
        if not self.scene.tests:
            self.wrong(0, "tests", "at least one test dialogue", "none", "add one")

    def _domain(self, slot: Slot, *, partial: bool) -> list[str | None]:
        values: list[str | None]
        if slot.type is SlotType.BOOL:
            values = [YES, NO]
        elif slot.type is SlotType.ENUM:
            values = [choice.value for choice in slot.choices]
        elif slot.type is SlotType.NUMBER:
            conditions = [branch.when for branch in self.scene.branches]
            bounds = {b for c in conditions for name, b in c.numbers if name == slot.id}
            values = [str(v) for b in sorted(bounds) for v in (b - 0.5, b, b + 0.5)] or ["1"]
        else:
            mentioned = {v for b in self.scene.branches for n, v in b.when.mentions if n == slot.id}
            values = ["anything", *sorted(v for v in mentioned if v and v != UNKNOWN)]
        return [*values, UNKNOWN, None] if partial else values

    def _assignments(self, names: list[str], *, partial: bool) -> Iterator[dict[str, str]]:
        domains = [self._domain(self.slots[name], partial=partial) for name in names]
        for values in itertools.product(*domains):
            yield {n: v for n, v in zip(names, values, strict=True) if v is not None}

    def _check_coverage(self) -> None:
        names = sorted({name for branch in self.scene.branches for name in branch.when.slots})
        count = 1
        for name in names:
            count *= len(self._domain(self.slots[name], partial=True))
        if count > MAX_COMBINATIONS:
            self.wrong(
                0,
                "branches",
                f"at most {MAX_COMBINATIONS} combinations of slot values",
                str(count),
                "split the scene",
            )
            return
        reached = {self._first(values) for values in self._assignments(names, partial=True)}
        for branch in self.scene.branches:
            if branch.id not in reached:
                self.wrong(
                    branch.line,
                    f"branches.{branch.id}",
                    "a branch that some answers reach",
                    "earlier branches taking them all, or a condition that is never true",
                    "reorder or remove it",
                )
        uncovered = [v for v in self._assignments(names, partial=False) if not self._first(v)]
        for values in uncovered[:MAX_UNCOVERED_SHOWN]:
            shown = ", ".join(f"{name}={value}" for name, value in values.items())
            self.wrong(0, "branches", "a branch for every answer", f"none for {shown}", "add one")
        if len(uncovered) > MAX_UNCOVERED_SHOWN:
            self.wrong(0, "branches", "a branch for every answer", f"{len(uncovered)} without one")

    def _first(self, values: dict[str, str]) -> str:
        if any(each.when(values) for each in self.scene.contradictions):
            return "(contradiction)"
        return next((branch.id for branch in self.scene.branches if branch.when(values)), "")

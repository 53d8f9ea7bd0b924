"""What is wrong with a scene that reads well: unknown names, long sentences, missing questions.

Holes and dead branches are found by `voicebot.scenes.paths`; what is merely worth a look by
`voicebot.scenes.advice`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from voicebot.pack_yaml import Problems
from voicebot.scenes.model import NO, YES, Branch, Scene, Slot, SlotType
from voicebot.scenes.paths import check_paths
from voicebot.scenes.when import UNKNOWN, Condition

MAX_SENTENCE_CHARS = 60
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
        """`line` 0: where the key stands."""
        line = line or self.scene.lines.get(key.split(".")[0], 0)
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
            check_paths(self.scene, self.wrong)

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
        for slot in self.scene.slots if self.scene.ask_order else ():
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

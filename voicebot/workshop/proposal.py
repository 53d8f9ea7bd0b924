"""An edit that was checked and is not live yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from voicebot.dialog.scene_tests import SceneTestReport
from voicebot.pack_yaml import Problem
from voicebot.workshop.checks import Checked


@dataclass(frozen=True)
class PackFile:
    """A file as the editor reads it. `stamp` is handed back with the edit: it tells whether
    somebody else was quicker. A file that is not there yet has neither."""

    path: str
    text: str
    stamp: str


@dataclass(frozen=True)
class Change:
    """A file's new text (None: it goes), and the stamp of what it replaces."""

    path: str
    text: str | None
    base: str


@dataclass(frozen=True)
class Proposal:
    """What would change, and what is wrong with it.

    `lint`: errors of the whole pack, and the warnings that are new or about the files that change
    (a trigger may collide with those of another file). `tests`: the
    scene tests that fail, of `tests_run`. `tree` is the fingerprint of what was checked. Only a
    proposal that is `ok` can be published.
    """

    changes: tuple[Change, ...]
    lint: tuple[Problem, ...]
    tests: tuple[SceneTestReport, ...]
    tests_run: int
    diff: str
    tree: str
    ok: bool

    @property
    def wrong(self) -> str:
        """In a line what keeps it from being published; "" if nothing does."""
        if self.ok:
            return ""
        found = [str(each) for each in self.lint if not each.warning]
        found += [_failure(report) for report in self.tests]
        if not found:
            return "nothing was changed"
        return found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")


def proposal(
    changes: Sequence[Change],
    checked: Checked,
    known: Collection[tuple[str, str]],
    diff: str,
    tree: str,
) -> Proposal:
    """The proposal that these checks speak of; `known`: the warnings (file, text) of before."""
    paths = {change.path for change in changes}
    lint = tuple(
        each
        for each in checked.problems
        if not each.warning or each.file in paths or (each.file, each.text) not in known
    )
    ok = checked.ok and bool(diff)
    return Proposal(tuple(changes), lint, checked.failed, checked.tests_run, diff, tree, ok)


def _failure(report: SceneTestReport) -> str:
    turn = next(each for each in report.turns if each.wrong)
    return f"{report.scene}: test {report.name!r}: {turn.heard!r}: {turn.wrong[0]}"

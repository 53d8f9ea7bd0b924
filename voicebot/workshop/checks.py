"""All that can be known of a pack before callers meet it: does it load, do its scenes do what
their tests say, do triggers collide, are numbers read as they should be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_lint import scene_findings
from voicebot.dialog.scene_tests import SceneTestReport, run_scene_tests
from voicebot.errors import PackError
from voicebot.pack import Pack
from voicebot.pack_loader import read_pack
from voicebot.pack_yaml import Problem
from voicebot.speech.reading import Reader

Step = Callable[[str], None]


def silent(what: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Checked:
    """`problems` with errors and warnings in the order of files and lines; the `failed` tests of
    `tests_run`. `loads`: a bot would start with it."""

    problems: tuple[Problem, ...]
    failed: tuple[SceneTestReport, ...] = ()
    tests_run: int = 0
    loads: bool = False

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are no mere warnings."""
        return tuple(each for each in self.problems if not each.warning)

    @property
    def ok(self) -> bool:
        """Nothing is wrong, warnings apart."""
        return self.loads and not self.errors and not self.failed


def check_pack(root: Path, step: Step = silent) -> Checked:
    """Check the pack in this folder; takes seconds for a large one. `step` hears what is done."""
    step("reading")
    pack, problems = read_pack(root)
    if pack is None or problems:
        return Checked(problems)
    step("triggers that collide")
    found = (*scene_findings(pack), *misread(pack))
    step("scene tests")
    reports = run_scene_tests(Dialog(pack, answer_risk=0.5), pack)
    failed = tuple(report for report in reports if not report.passed)
    return Checked(tuple(found), failed, len(reports), loads=True)


def warnings_of(root: Path) -> frozenset[tuple[str, str]]:
    """What is to be warned of in the pack as it is: (file, text), wherever in the file."""
    pack, problems = read_pack(root)
    found = scene_findings(pack) if pack is not None and not problems else ()
    return frozenset((each.file, each.text) for each in found)


def check_files(root: Path, files: Mapping[str, bytes], step: Step = silent) -> Checked:
    """Check the pack as it would be with these editable files and the documents of `root`.

    A copy is checked; the documents in it are empty, for only their names matter here.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="voicebot-check-") as folder:
            copy = Path(folder) / "pack"
            copy.mkdir()
            _copy_others(root, copy)
            for path, content in files.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_bytes(content)
            return check_pack(copy, step)
    except OSError as error:
        raise PackError(f"a copy to check cannot be made: {error.strerror or error}") from None


def _copy_others(root: Path, copy: Path) -> None:
    for path in root.iterdir() if root.is_dir() else ():
        if path.name.startswith(".") or path.name in ("scenes", "faq", "prompts"):
            continue
        if path.is_file() and path.suffix not in (".yaml", ".toml"):
            (copy / path.name).touch()  # it is told of if it does not belong there
        elif path.is_dir():
            for document in (each for each in path.rglob("*") if each.is_file()):
                place = copy / document.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()


def misread(pack: Pack) -> Iterator[Problem]:
    """The examples of reading.yaml that are not read as they say."""
    reader = Reader(pack.lexicon, rules=pack.reading)
    for rule in pack.reading:
        for written, spoken in rule.examples:
            got = reader.read(written)
            if got != spoken:
                yield Problem(
                    "reading.yaml",
                    rule.line,
                    f"{rule.name}: expected {written!r} to be read {spoken!r}, got {got!r}; "
                    "correct the rule or the example",
                )

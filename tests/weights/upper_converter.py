"""A conversion for tests: the source in capitals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def convert(source: Path, target: Path, report: Callable[[int, int], None]) -> None:
    text = (source / "model.bin").read_text()
    if text == "poison":
        (target / "half.txt").write_text("PO")
        raise OSError("disk gone")
    (target / "sub").mkdir()
    (target / "sub" / "upper.txt").write_text(text.upper())
    report(1, 1)

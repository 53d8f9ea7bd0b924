"""A small pack in a temporary folder, to be broken in one place at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.cli.pack import TEMPLATE

Break = Callable[[str, str, str], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the pack that ``voicebot pack new`` writes."""
    return Path(shutil.copytree(TEMPLATE, tmp_path / "pack"))


@pytest.fixture
def change(root: Path) -> Break:
    """``change(file, old, new)`` replaces a text that must be there, and returns the pack."""

    def replace(file: str, old: str, new: str) -> Path:
        path = root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return root

    return replace

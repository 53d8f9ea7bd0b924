"""A small pack of its own for every test: the template, in a folder that may be written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voicebot.cli.pack import TEMPLATE
from voicebot.workshop.editing import PackEditor


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "packs" / "ours"
    shutil.copytree(TEMPLATE, folder)
    return folder


@pytest.fixture
def editor(pack: Path) -> PackEditor:
    return PackEditor(pack)

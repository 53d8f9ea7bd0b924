"""A small pack of its own for every test: the template, in a folder that may be written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicebot.cli.pack import TEMPLATE
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack_loader import load_pack, scene_entries
from voicebot.records import Records
from voicebot.workshop.editing import PackEditor


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "packs" / "ours"
    shutil.copytree(TEMPLATE, folder)
    return folder


@pytest.fixture
def editor(pack: Path) -> PackEditor:
    return PackEditor(pack)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Records]:
    records = Records.open(tmp_path / "records")
    yield records
    records.close()


@pytest.fixture(scope="session")
def knowledge(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The template pack's index; it never changes."""
    pack = load_pack(TEMPLATE)
    scenes = [SceneEntry(*entry) for entry in scene_entries(pack)]
    folder = tmp_path_factory.mktemp("index")
    embedder = CT2Embedder(models / "e5-small")
    return Knowledge.build(pack.faq, pack.documents, scenes, embedder, folder)

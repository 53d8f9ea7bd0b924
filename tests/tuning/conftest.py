"""Real sentence-transformers on the real e5-small, in an environment of its own (`adapt`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tuning.e5_folder import write_folder
from voicebot.knowledge.ct2_embedder import CT2Embedder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.adapt)


@pytest.fixture(scope="session")
def e5(models: Path) -> CT2Embedder:
    return CT2Embedder(models / "e5-small")


@pytest.fixture(scope="session")
def e5_folder(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("st") / "e5-small-st"
    write_folder(models / "e5-small-q4", models / "e5-small" / "tokenizer.json", folder)
    return folder

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.ct2_embedder import CT2Embedder


@pytest.fixture
def hashing() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture(scope="session")
def e5(models: Path) -> CT2Embedder:
    return CT2Embedder(models / "e5-small")

"""From settings and a pack to `Knowledge`: its embedder, its index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs

from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.pack_index import open_pack_index
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.weights import locate


def build_knowledge(settings: Settings, pack: Pack, step: Callable[[str, str], None]) -> Knowledge:
    """The pack's index, built or brought up to date in the user's cache folder.

    `step` hears what is being done. Raises WeightsError, KnowledgeError.
    """
    embedder = CT2Embedder(
        locate(settings.knowledge.embedder, settings.models), threads=settings.knowledge.threads
    )
    return open_pack_index(
        pack,
        embedder,
        Path(platformdirs.user_cache_dir("voicebot")) / "index",
        lambda stage, done, total: step(f"knowledge: {stage}", f"{done}/{total}"),
    )

"""From settings and a pack to `Knowledge`: its embedder, its index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs

from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.embedder import MODULES, Embedder
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.pack_index import open_pack_index
from voicebot.knowledge.vectors.choice import VectorChoice
from voicebot.knowledge.vectors.milvus import MilvusServer
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.settings.knowledge import KnowledgeSettings
from voicebot.weights import locate


def build_knowledge(settings: Settings, pack: Pack, step: Callable[[str, str], None]) -> Knowledge:
    """The pack's index, built or brought up to date in the user's cache folder.

    `step` hears what is being done. Raises WeightsError, KnowledgeError.
    """
    return open_pack_index(
        pack,
        build_embedder(settings),
        Path(platformdirs.user_cache_dir("voicebot")) / "index",
        lambda stage, done, total: step(f"knowledge: {stage}", f"{done}/{total}"),
        vector_choice(settings.knowledge),
    )


def build_embedder(settings: Settings) -> Embedder:
    """The embedder that the settings name. Raises WeightsError."""
    wanted = settings.knowledge
    folder = locate(wanted.embedder, settings.models)
    if (folder / MODULES).is_file():
        from voicebot.knowledge.st_embedder import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(
            folder,
            threads=wanted.threads,
            query_prefix=wanted.query_prefix,
            passage_prefix=wanted.passage_prefix,
        )
    return CT2Embedder(folder, threads=wanted.threads)


def vector_choice(settings: KnowledgeSettings) -> VectorChoice:
    """Where the settings want vectors to be searched."""
    server = settings.milvus
    if not server.uri:
        return VectorChoice(settings.vectors)
    return VectorChoice(
        settings.vectors,
        MilvusServer(
            server.uri,
            server.token.get_secret_value(),
            server.collection,
            server.timeout_ms / 1000,
        ),
    )

"""Which backend searches an index, and the way from its name to an open index.

What was chosen when the vectors were written stands in ``vectors.json`` beside them and is what
opens them again, whatever the settings say then.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voicebot.errors import KnowledgeError
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors import ivf_build
from voicebot.knowledge.vectors.api import Progress, VectorIndex
from voicebot.knowledge.vectors.flat import FlatIndex
from voicebot.knowledge.vectors.ivf import IvfIndex
from voicebot.knowledge.vectors.labels import Labels

if TYPE_CHECKING:
    from voicebot.knowledge.vectors.milvus import MilvusServer

Backend = Literal["auto", "flat", "ivf", "milvus"]
FLAT_BELOW = 200_000  # exact search takes 30 to 60 ms there, on one thread
DELTA_FROM = 10_000  # a smaller part is built anew in seconds
META = "vectors.json"


@dataclass(frozen=True)
class VectorChoice:
    """`auto`: flat below `flat_below` rows, IVF from there on. `milvus` says where the server is.

    From `delta_from` entries on, small changes are kept beside the large part.
    """

    backend: Backend = "auto"
    milvus: MilvusServer | None = None
    flat_below: int = FLAT_BELOW
    delta_from: int = DELTA_FROM

    def for_rows(self, rows: int) -> Literal["flat", "ivf", "milvus"]:
        """The backend of `rows` vectors."""
        if self.backend == "auto":
            return "flat" if rows < self.flat_below else "ivf"
        return self.backend


AUTO = VectorChoice()
FLAT = VectorChoice("flat")


def build_vectors(
    folder: Path, vectors: Vectors, labels: Labels, choice: VectorChoice, progress: Progress
) -> None:
    """Write what searches `vectors` into `folder`.

    Raises OSError; KnowledgeError where a server or its settings fail us.
    """
    backend = choice.for_rows(len(vectors))
    meta: dict[str, Any] = {"backend": backend, "rows": len(vectors), "dim": vectors.shape[1]}
    if backend == "milvus":
        # named before it is made: should we die, the next writer finds the name and drops it
        meta["collection"] = _server(choice).new_name()
    (folder / META).write_text(json.dumps(meta), encoding="utf-8")
    if backend == "ivf":
        ivf_build.build(folder, vectors, progress)
    elif backend == "milvus":
        from voicebot.knowledge.vectors.milvus import build

        build(_server(choice), meta["collection"], vectors, labels, progress)


def open_vectors(
    folder: Path, vectors: Vectors, labels: Labels, choice: VectorChoice
) -> VectorIndex:
    """Raises OSError, ValueError, KeyError for what is not whole; KnowledgeError where the
    settings of a server are missing. A server that does not answer is found out by searching."""
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    if meta["rows"] != len(vectors):
        raise ValueError(f"{META} speaks of {meta['rows']} vectors, there are {len(vectors)}")
    if meta["backend"] == "ivf":
        return IvfIndex(folder, labels)
    if meta["backend"] == "milvus":
        from voicebot.knowledge.vectors.milvus import MilvusIndex

        return MilvusIndex(_server(choice), meta["collection"], labels, meta["dim"])
    return FlatIndex(vectors, labels)


def collections_in(folder: Path) -> set[str]:
    """The collections on a server that the parts below `folder` are searched in."""
    return {meta["collection"] for meta in _metas(folder) if "collection" in meta}


def drop(choice: VectorChoice, collections: set[str]) -> None:
    """Take collections that no generation names any more from the server, if one is named.

    Raises KnowledgeError if it does not let us.
    """
    if choice.milvus is not None and collections:
        from voicebot.knowledge.vectors import milvus

        milvus.drop(choice.milvus, sorted(collections))


def backends_in(folder: Path) -> list[str]:
    """The backends of the parts below `folder`, each once."""
    return sorted({meta["backend"] for meta in _metas(folder)})


def _metas(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in folder.rglob(META):
        with contextlib.suppress(ValueError):  # a writer died over it, before it made anything
            found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def _server(choice: VectorChoice) -> MilvusServer:
    if choice.milvus is None:
        raise KnowledgeError(
            "index: its vectors are in Milvus, but no server is named; "
            "set knowledge.milvus.uri, or ingest with knowledge.vectors = 'auto'"
        )
    return choice.milvus

"""A pack's own index in the cache: built when the pack has changed, opened otherwise."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from voicebot.errors import IndexMismatchError, KnowledgeError
from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.index import FORMAT
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.reading import Progress
from voicebot.knowledge.vectors.choice import AUTO, VectorChoice
from voicebot.pack import Pack
from voicebot.pack_loader import scene_entries

_STAMP = "pack.sha256"


def open_pack_index(
    pack: Pack,
    embedder: Embedder,
    cache: Path,
    progress: Progress = lambda stage, done, total: None,
    vectors: VectorChoice = AUTO,
) -> Knowledge:
    """The index of `pack` under the folder `cache`, brought up to date if the pack changed.

    Two bots that start at once take turns: the second finds the work done. Raises
    KnowledgeError if nothing in the pack can be read or the cache cannot be written.
    """
    place = hashlib.sha256(str(pack.root.resolve()).encode()).hexdigest()[:16]
    directory = cache / f"{pack.info.name}-{place}"
    stamp = directory / _STAMP
    digest = _digest(pack, embedder, vectors)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        turn = (directory / ".turn").open("w")
    except OSError as error:
        raise KnowledgeError(f"index: cannot write to {directory}: {error.strerror}") from None
    with turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
            try:
                return Knowledge.open(directory, embedder, vectors)
            except (KnowledgeError, IndexMismatchError):
                stamp.unlink()  # damaged or of an older version: build it anew
        scenes = [SceneEntry(*entry) for entry in scene_entries(pack)]
        made = Knowledge.build(
            pack.faq,
            pack.documents,
            scenes,
            embedder,
            directory,
            progress=progress,
            vectors=vectors,
        )
        stamp.write_text(digest, encoding="ascii")
        return made


def _digest(pack: Pack, embedder: Embedder, vectors: VectorChoice) -> str:
    """Changes with every file of the pack, the embedder, the index format and where vectors are."""
    server = vectors.milvus.uri if vectors.milvus else ""
    made = f"{FORMAT}\0{embedder.fingerprint}\0{vectors.backend}\0{server}\0"
    found = hashlib.sha256(made.encode())
    for path in sorted(p for p in pack.root.rglob("*") if p.is_file()):
        found.update(str(path.relative_to(pack.root)).encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()

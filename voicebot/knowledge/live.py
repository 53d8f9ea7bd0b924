"""An open index that follows its writer: a new generation is opened beside the old one and
takes its place between two queries."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from voicebot.errors import VoicebotError
from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.generations import stamp
from voicebot.knowledge.index import Index, load
from voicebot.knowledge.vectors.choice import AUTO, VectorChoice

_log = structlog.get_logger(__name__)


class LiveIndex:
    """The newest generation of `directory` that could be opened.

    No call waits for another generation: it is opened in a thread of its own, meanwhile the old
    one answers. One that cannot be opened (damaged, another embedder) is logged and passed over.
    Raises what `load` raises if there is none to begin with.
    """

    def __init__(self, directory: Path, embedder: Embedder, choice: VectorChoice = AUTO) -> None:
        self._directory = directory
        self._embedder = embedder
        self._choice = choice
        self._seen = stamp(directory)
        self._index = load(directory, embedder, choice)
        self._lock = threading.Lock()

    def newest(self) -> Index:
        """The index to ask now. May be called from several threads at once."""
        found = stamp(self._directory)
        if found != self._seen and found != (0, 0) and self._lock.acquire(blocking=False):
            threading.Thread(target=self._renew, name="index", daemon=True).start()
        return self._index

    def _renew(self) -> None:
        """Open what is current now. Holds the lock, taken by whoever started the thread."""
        try:
            self._seen = stamp(self._directory)
            self._index = load(self._directory, self._embedder, self._choice)
        except (VoicebotError, OSError, ValueError) as error:  # a damaged pointer is one too
            _log.warning("index_not_renewed", directory=str(self._directory), error=str(error))
        finally:
            self._lock.release()

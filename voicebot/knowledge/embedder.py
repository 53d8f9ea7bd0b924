"""The door to an embedding model: text in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
MODULES = "modules.json"  # what a sentence-transformers folder has and no other


class Embedder(Protocol):
    """Turns questions and passages into vectors whose dot product is their likeness.

    `name` is shown to people; `fingerprint` is the sha256 of the model file: vectors of two
    embedders are only comparable if both agree. `max_tokens` is the longest text, prefix and
    special tokens included, that is read to its end. All methods may be called from several
    threads.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, prefix and special tokens included."""
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Questions (and texts compared as equals with questions): float32 (n, dim), norm 1."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Texts to be found: float32 (n, dim), norm 1. Longer texts are cut at `max_tokens`."""
        ...

"""The door to a vector index: the rows whose vectors lie nearest to a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voicebot.errors import KnowledgeError
from voicebot.knowledge.embedder import Vectors

Rows = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]


class VectorsUnavailableError(KnowledgeError):
    """The vectors cannot be searched just now; whatever else an index holds still can."""


@dataclass(frozen=True)
class Filter:
    """Which rows may be found: of one of these products, of one of these states; None: any."""

    products: frozenset[str] | None = None
    statuses: frozenset[str] | None = None


EVERYTHING = Filter()


@dataclass(frozen=True)
class Nearest:
    """`rows` (n,) with their `cosines` (n,), best first."""

    rows: Rows
    cosines: npt.NDArray[np.float32]


NOTHING = Nearest(np.zeros(0, np.int64), np.zeros(0, np.float32))


class VectorSource(Protocol):
    """Unit vectors by row: an array, a mapped file, or what makes them as they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Vectors: ...


class VectorIndex(Protocol):
    """An open vector index. Rows are the numbers 0 … n-1 of the vectors it was built from.

    `search` may be called from several threads at once; `delete` may not.
    """

    @property
    def backend(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def __len__(self) -> int:
        """Rows that can be found: deleted ones are not counted."""
        ...

    def search(self, query: Vectors, k: int, keep: Filter = EVERYTHING) -> Nearest:
        """At most `k` rows that `keep` lets through. `query` is (dim,) of norm 1.

        Raises ValueError for a query of another shape, VectorsUnavailableError when a server
        does not answer in time.
        """
        ...

    def delete(self, rows: Sequence[int]) -> None:
        """Never find these rows again. Raises ValueError for a row that was never there."""
        ...


def checked_query(query: Vectors, dim: int) -> Vectors:
    """The query as contiguous float32 (dim,). Raises ValueError."""
    if query.shape != (dim,):
        raise ValueError(f"a query of shape ({dim},) is expected, got {query.shape}")
    return np.ascontiguousarray(query, np.float32)


def checked_rows(rows: Sequence[int], size: int) -> Rows:
    """Row numbers as an array. Raises ValueError."""
    found = np.asarray(rows, np.int64).reshape(-1)
    wrong = found[(found < 0) | (found >= size)]
    if len(wrong):
        raise ValueError(f"rows 0 to {size - 1} are expected, got {wrong[0]}")
    return found

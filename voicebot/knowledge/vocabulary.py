"""A vocabulary as a mapped file: which column a term has, without a dict in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

_REMEMBERED = 50_000  # terms of past queries that are kept in a dict
_ABSENT = -1


class Vocabulary(Protocol):
    """What posting lists need of a term's table; a dict will do."""

    def __contains__(self, term: object, /) -> bool: ...

    def __getitem__(self, term: str, /) -> int: ...


class MappedVocabulary:
    """Sorted 64-bit hashes of the terms and their columns, both (terms,) and often mapped.

    Two of ten million terms share a hash with a chance of 3 in a million; they would then be one.
    """

    def __init__(self, hashes: npt.NDArray[np.uint64], columns: npt.NDArray[np.int32]) -> None:
        self._hashes = hashes
        self._columns = columns
        self._known: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, term: object, /) -> bool:
        return isinstance(term, str) and self._find(term) != _ABSENT

    def __getitem__(self, term: str, /) -> int:
        column = self._find(term)
        if column == _ABSENT:
            raise KeyError(term)
        return column

    def _find(self, term: str) -> int:
        column = self._known.get(term)
        if column is None:
            wanted = _hash(term)
            place = int(np.searchsorted(self._hashes, wanted))
            found = place < len(self._hashes) and self._hashes[place] == wanted
            column = int(self._columns[place]) if found else _ABSENT
            if len(self._known) >= _REMEMBERED:
                self._known = {}
            self._known[term] = column
        return column


def terms_of(vocabulary: Vocabulary) -> dict[str, int]:
    """Every term with its column. Raises TypeError for a mapped one, which knows only hashes."""
    if not isinstance(vocabulary, dict):
        raise TypeError("a vocabulary that was just built is expected")
    return vocabulary


def table(
    terms: Iterable[tuple[str, int]],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """The two arrays of a `MappedVocabulary` for terms and their columns."""
    pairs = list(terms)
    hashes = np.array([_hash(term) for term, _ in pairs], np.uint64)
    columns = np.array([column for _, column in pairs], np.int32)
    order = np.argsort(hashes)
    return hashes[order], columns[order]


def _hash(term: str) -> np.uint64:
    digest = hashlib.blake2b(term.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))

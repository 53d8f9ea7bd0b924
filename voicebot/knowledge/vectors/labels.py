"""What rows are filtered by: each row's product and state, and the masks made of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.vectors.api import Filter, checked_rows

Mask = npt.NDArray[np.bool_]
APPROVED = "approved"
_REMEMBERED = 64  # masks kept; a filter is a product line, so there are few


@dataclass(frozen=True)
class Labels:
    """`codes` (rows, 2): positions in `products` and `statuses`."""

    products: tuple[str, ...]
    statuses: tuple[str, ...]
    codes: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, products: Sequence[str], statuses: Sequence[str] | None = None) -> Labels:
        """One product a row; all rows are approved unless `statuses` says otherwise."""
        columns = []
        names = []
        for column in (products, statuses or [APPROVED] * len(products)):
            numbers: dict[str, int] = {}
            columns.append([numbers.setdefault(name, len(numbers)) for name in column])
            names.append(tuple(numbers))
        codes = np.array(columns, np.uint16).reshape(2, len(products)).T
        return cls(names[0], names[1], np.ascontiguousarray(codes))

    def __len__(self) -> int:
        return len(self.codes)

    def mask(self, keep: Filter) -> Mask:
        """Which rows `keep` lets through: (rows,)."""
        found = np.ones(len(self), np.bool_)
        sides = ((keep.products, self.products), (keep.statuses, self.statuses))
        for column, (wanted, names) in enumerate(sides):
            if wanted is not None:
                allowed = np.array([name in wanted for name in names], np.bool_)
                found &= allowed[self.codes[:, column]]
        return found

    def save(self, path: Path) -> None:
        """Raises OSError."""
        with path.open("wb") as file:
            np.savez(
                file,
                codes=self.codes,
                products=_bytes(self.products),
                statuses=_bytes(self.statuses),
            )

    @classmethod
    def load(cls, path: Path) -> Labels:
        """Raises OSError, ValueError, KeyError for what `save` did not write."""
        with np.load(path) as arrays:
            products, statuses = (
                tuple(json.loads(arrays[name].tobytes())) for name in ("products", "statuses")
            )
            return cls(products, statuses, arrays["codes"])


class Masks:
    """The masks of one open index: filters and deleted rows in one, remembered."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._alive = np.ones(len(labels), np.bool_)
        self._known: dict[Filter, Mask] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self._alive.sum())

    def delete(self, rows: Sequence[int]) -> None:
        """Let these rows through no more."""
        self._alive[checked_rows(rows, len(self._alive))] = False
        self._known.clear()

    def of(self, keep: Filter) -> Mask:
        """(rows,); do not change it."""
        with self._lock:
            if keep not in self._known:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[keep] = self._labels.mask(keep) & self._alive
            return self._known[keep]


def _bytes(names: Iterable[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(list(names)).encode(), np.uint8)

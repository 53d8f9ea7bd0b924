"""Which backend an index of n rows gets."""

from __future__ import annotations

FLAT_BELOW = 200_000  # exact search takes 30 to 60 ms there, on one thread

"""Reader of the packed 4-bit multilingual-e5-small file (``E5S1``, little-endian).

Layout: magic and version (8 bytes); hidden size, layers, heads, feed-forward size, vocabulary,
positions, token types (7 x i32); layer-norm epsilon (f32); block size (i32); then the
SentencePiece unigram vocabulary with its character map, then a tensor directory. Matrices are
Q4_0: blocks of 32 weights, one f16 scale and 16 bytes, low nibbles first, biased by 8.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.errors import WeightsError

Floats = npt.NDArray[np.float32]

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18


@dataclass(frozen=True)
class E5Vocabulary:
    """SentencePiece unigram pieces with their log probabilities and special ids."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unk: int
    character_map: dict[str, str]


class _Cursor:
    """Sequential little-endian reads from a buffer."""

    def __init__(self, data: memoryview, at: int) -> None:
        self.data, self.at = data, at

    def ints(self, count: int, code: str = "i") -> tuple[int, ...]:
        values = struct.unpack_from(f"<{count}{code}", self.data, self.at)
        self.at += struct.calcsize(f"<{count}{code}")
        return values

    def one(self, code: str = "i") -> int:
        return self.ints(1, code)[0]

    def real(self) -> float:
        (value,) = struct.unpack_from("<f", self.data, self.at)
        self.at += 4
        return float(value)

    def take(self, size: int) -> bytes:
        self.at += size
        return bytes(self.data[self.at - size : self.at])


class E5Q4File:
    """A parsed file: sizes, vocabulary, and tensors read on demand.

    Raises WeightsError when the file is not of this format.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        if bytes(self._data[:4]) != MAGIC:
            got = bytes(self._data[:4])
            raise WeightsError(
                f"weights: {path}: expected a file that begins {MAGIC!r}, got {got!r}"
            )
        cursor = _Cursor(self._data, 8)
        (self.hidden, self.layers, self.heads, self.ffn) = cursor.ints(4)
        (self.vocabulary_size, self.positions, self.token_types) = cursor.ints(3)
        self.epsilon = cursor.real()
        block = cursor.one()
        if block != BLOCK:
            raise WeightsError(f"weights: {path}: expected blocks of {BLOCK} weights, got {block}")
        self.vocabulary = _read_vocabulary(cursor)
        self._tensors = _read_directory(cursor)

    def floats(self, name: str, *shape: int) -> Floats:
        """An uncompressed tensor, copied to float32 of `shape`."""
        offset, size = self._tensors[name]
        return np.frombuffer(self._data, "<f4", size // 4, offset).reshape(shape).copy()

    def q4(self, name: str, rows: int, columns: int) -> Floats:
        """A Q4_0 matrix, unpacked to float32 [rows, columns]."""
        offset, size = self._tensors[name]
        blocks = np.frombuffer(self._data, np.uint8, size, offset).reshape(-1, BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, 2:]
        values = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
        values -= 8.0
        values *= scales
        return values.reshape(rows, columns)


def _read_vocabulary(cursor: _Cursor) -> E5Vocabulary:
    count, bos, eos, pad, unk = cursor.ints(5)
    text_size = cursor.one("Q")
    offsets = cursor.ints(count + 1, "I")
    scores = struct.unpack_from(f"<{count}f", cursor.data, cursor.at)
    cursor.at += 4 * count
    text = cursor.take(text_size)
    pieces = tuple(text[offsets[i] : offsets[i + 1]].decode() for i in range(count))
    characters = cursor.one()
    cursor.one("I")  # size of the map in bytes: it is read entry by entry
    character_map: dict[str, str] = {}
    for _ in range(characters):
        code_point, length = cursor.one("I"), cursor.one("B")
        character_map[chr(code_point)] = "".join(map(chr, cursor.ints(length, "I")))
    return E5Vocabulary(pieces, scores, bos, eos, pad, unk, character_map)


def _read_directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    tensors: dict[str, tuple[int, int]] = {}
    for _ in range(cursor.one()):
        name = cursor.take(cursor.one("H")).decode()
        cursor.take(5)  # element type (u8) and count (u32): the format fixes both by name
        tensors[name] = (cursor.one("Q"), cursor.one("Q"))
    return tensors

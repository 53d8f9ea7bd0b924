"""Whisper without the tokens that a Mandarin hotline never needs: a third less work a token.

A decoder multiplies with its whole vocabulary for every token that it writes. Of Whisper's 51,865
tokens we keep the 22,000 that transcripts of Mandarin are made of: Chinese, punctuation, pieces of
characters, and of Latin script the short pieces, what has a capital, and the commonest words.
What is kept scores as before but for the share of what is not. Only small models gain: in a large
one the vocabulary is a small part.

The layout of model.bin is that of CTranslate2's `ModelSpec.save`, binary version 6.
"""

from __future__ import annotations

import json
import mmap
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_BINARY_VERSION = 6
_OUTPUT_LAYERS = (b"decoder/embeddings/", b"decoder/projection/")
_WORTHWHILE_SHARE = 0.1
_SHORT_LETTERS = 3
_COMMON_RANK = 10_000  # byte-pair tokens are numbered in the order of their frequency
_FIRST_BYTE_PAIR, _SPACE = 256, "Ġ"


class Vocabulary:
    """Between the tokenizer's ids and those of a model that knows only some of them."""

    def __init__(self, tokens: Sequence[str], kept: Sequence[int]) -> None:
        """`tokens` are all of the tokenizer's, by id; `kept` the ids that the model knows."""
        self._tokens = tokens
        self._kept = tuple(kept)
        self._new = {old: new for new, old in enumerate(kept)}
        self._bytes = {token: old for old, token in enumerate(tokens[:_FIRST_BYTE_PAIR])}

    def to_model(self, ids: Iterable[int]) -> list[int]:
        """The model's ids; a token that it lacks is spelled in bytes."""
        found: list[int] = []
        for old in ids:
            spelled = [old] if old in self._new else [self._bytes[c] for c in self._tokens[old]]
            found.extend(self._new[part] for part in spelled)
        return found

    def to_tokenizer(self, ids: Iterable[int]) -> list[int]:
        return [self._kept[new] for new in ids]


@dataclass(frozen=True)
class PrunedFiles:
    """A model's files as CTranslate2 takes them from memory, and their vocabulary."""

    files: dict[str, bytes]
    vocabulary: Vocabulary


def read_tokens(folder: Path) -> list[str]:
    """The model's tokens by id; empty where the folder has no vocabulary that can be read."""
    try:
        if (folder / "vocabulary.json").is_file():
            return [str(token) for token in json.loads((folder / "vocabulary.json").read_bytes())]
        text = (folder / "vocabulary.txt").read_text("utf-8")
    except (OSError, ValueError):
        return []
    return text.removesuffix("\n").split("\n")


def prune(folder: Path) -> PrunedFiles | None:
    """The files of a model in `folder` with a smaller vocabulary.

    None where that would save little, or where the files are not as expected: the model is then
    to be loaded as it is, and CTranslate2 says what is wrong with it.
    """
    tokens = read_tokens(folder)
    kept = [old for old, token in enumerate(tokens) if _is_needed(old, token)]
    try:
        config = json.loads((folder / "config.json").read_bytes())
        config = _renumber(config, {old: new for new, old in enumerate(kept)})
        with (
            (folder / "model.bin").open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        ):
            model = _prune_model(mapped, len(tokens), kept)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None
    if model is None:
        return None
    files = {
        "model.bin": model,
        "config.json": json.dumps(config).encode(),
        "vocabulary.json": json.dumps([tokens[old] for old in kept]).encode(),
    }
    return PrunedFiles(files, Vocabulary(tokens, kept))


def _renumber(config: dict[str, Any], new: dict[int, int]) -> dict[str, Any]:
    lists = ("lang_ids", "suppress_ids", "suppress_ids_begin")
    renumbered = {key: [new[old] for old in config[key] if old in new] for key in lists}
    return {**config, **renumbered}


# --- which tokens ----------------------------------------------------------------------------
def _byte_of_char() -> dict[str, int]:
    """Byte-level BPE writes printable bytes as themselves, the others from U+0100 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    table = {chr(byte): byte for byte in shown}
    return table | {chr(256 + index): byte for index, byte in enumerate(hidden)}


_BYTES = _byte_of_char()


def _is_needed(rank: int, token: str) -> bool:
    if token.startswith("<|") and token.endswith("|>"):
        return not token[2:-2].replace(".", "").isdigit()  # all but the timestamps
    try:
        text = bytes(_BYTES[char] for char in token).decode()
    except (KeyError, UnicodeDecodeError):
        return True  # a piece of a character, to be put together with others
    if not text.isascii():
        return all(char.isascii() or _is_chinese(char) for char in text)
    letters = token.removeprefix(_SPACE)
    is_name = any(char.isupper() for char in letters)
    return len(letters) <= _SHORT_LETTERS or is_name or rank < _COMMON_RANK


def _is_chinese(char: str) -> bool:
    """A character or a mark: Chinese text has marks of all blocks."""
    return "\u4e00" <= char <= "\u9fff" or unicodedata.category(char)[0] in "PSZ"


# --- model.bin ------------------------------------------------------------------------------
class _Cursor:
    """A place in the file, read forward."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self.at)
        self.at += struct.calcsize(f"<{kind}")
        return int(value)

    def block(self, length: int) -> bytes:
        self.at += length
        return self._data[self.at - length : self.at]


def _prune_model(data: mmap.mmap, size: int, kept: Sequence[int]) -> bytes | None:
    """`data` with only the `kept` of `size` rows in the layers that have one a token."""
    cursor = _Cursor(data)
    if cursor.number("I") != _BINARY_VERSION:
        return None
    cursor.block(cursor.number("H"))  # the name of the specification
    cursor.number("I")  # and its revision
    pieces: list[bytes] = []
    copied, dropped = 0, 0
    for _ in range(cursor.number("I")):
        name = cursor.block(cursor.number("H"))
        shape_at = cursor.at + 1
        shape = [cursor.number("I") for _ in range(cursor.number("B"))]
        cursor.block(1)  # the type of the numbers
        size_at, byte_count = cursor.at, cursor.number("I")
        if not (name.startswith(_OUTPUT_LAYERS) and shape and shape[0] == size):
            cursor.at += byte_count
            continue
        rows = np.frombuffer(cursor.block(byte_count), np.uint8).reshape(size, -1)[kept]
        pieces += [data[copied:shape_at], struct.pack("<I", len(kept))]
        pieces += [data[shape_at + 4 : size_at], struct.pack("<I", rows.size), rows.tobytes()]
        copied = cursor.at
        dropped += byte_count - rows.size
    if dropped < _WORTHWHILE_SHARE * len(data):
        return None
    return b"".join([*pieces, data[copied:]])

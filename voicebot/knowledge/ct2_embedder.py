"""multilingual-e5-small in CTranslate2: mean pooling over the last layer, unit norm.

The model card's recipe (Wang et al. 2024, "Multilingual E5 Text Embeddings"): every text is
prefixed with ``query: `` or ``passage: ``; both sides of a like-for-like comparison are queries.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from voicebot.errors import WeightsError
from voicebot.knowledge.embedder import Vectors

QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
MAX_TOKENS = 512
BATCH_TOKENS = 2048  # padded tokens a forward pass; larger batches do not run faster on a CPU


class CT2Embedder:
    """`folder` holds ``model.bin``, ``config.json``, the vocabulary and ``tokenizer.json``.

    Raises WeightsError when a file is missing or cannot be loaded.
    """

    max_tokens = MAX_TOKENS

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        for name in ("model.bin", "tokenizer.json"):
            if not (folder / name).is_file():
                raise WeightsError(
                    f"embedder: {folder / name} is missing; run `voicebot models fetch`"
                )
        self.name = folder.name
        self._folder = folder
        try:
            self._encoder = ctranslate2.Encoder(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both libraries raise bare RuntimeError or Exception
            raise WeightsError(
                f"embedder: {folder} cannot be loaded ({error}); run `voicebot models fetch`"
            ) from None
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._eos = self._tokenizer.encode("").ids[-1]
        self.dim = int(self.queries(["一"]).shape[1])

    @functools.cached_property
    def fingerprint(self) -> str:
        with (self._folder / "model.bin").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def count(self, texts: Sequence[str]) -> list[int]:
        batch = self._tokenizer.encode_batch([PASSAGE_PREFIX + text for text in texts])
        return [len(encoding.ids) for encoding in batch]

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed([QUERY_PREFIX + text for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([PASSAGE_PREFIX + text for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        ids = [self._cut(encoding.ids) for encoding in self._tokenizer.encode_batch(texts)]
        if not ids:
            return np.zeros((0, self.dim), np.float32)
        rows: list[Vectors] = [np.empty(0, np.float32)] * len(ids)
        for batch in _batches([len(tokens) for tokens in ids]):
            output = self._encoder.forward_batch([ids[i] for i in batch])
            states = np.asarray(output.last_hidden_state, dtype=np.float32)
            for row, i in zip(states, batch, strict=True):
                mean = row[: len(ids[i])].mean(axis=0)
                rows[i] = mean / np.linalg.norm(mean)
        return np.stack(rows)

    def _cut(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], self._eos]


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Indices grouped by nearly equal length, so that little is spent on padding."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch:
            shortest, longest = lengths[batch[0]], lengths[i]
            if longest > shortest * 1.1 + 2 or longest * (len(batch) + 1) > BATCH_TOKENS:
                yield batch
                batch = []
        batch.append(i)
    if batch:
        yield batch

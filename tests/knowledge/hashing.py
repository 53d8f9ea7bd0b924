"""An embedder without weights: hashed character pairs. Likeness is shared characters only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.text import grams


class HashingEmbedder:
    """Deterministic; counts every text it embeds, so that tests can see what was reused."""

    dim = 256

    def __init__(self, name: str = "hashing", max_tokens: int = 512) -> None:
        self.name = name
        self.fingerprint = hashlib.sha256(name.encode()).hexdigest()
        self.max_tokens = max_tokens
        self.embedded: list[str] = []

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len("".join(text.split())) + 2 for text in texts]

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.1  # no text is the zero vector
            for gram in grams(text[: self.max_tokens]):
                row[
                    int.from_bytes(hashlib.md5(gram.encode(), usedforsecurity=False).digest()[:2])
                    % self.dim
                ] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

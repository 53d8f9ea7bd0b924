"""Any local sentence-transformers model as an embedder (extra ``sentence-transformers``).

Torch decides the speed: several times slower than CTranslate2 on a CPU, but any model runs, and
``voicebot kb tune`` trains one.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.errors import WeightsError
from voicebot.knowledge.embedder import MODULES, Vectors

_BATCH = 32
_QUERY, _PASSAGE = ("query",), ("passage", "document")  # the names of prompts in model folders
_WEIGHTS = ("*.safetensors", "*.bin", "*.json")  # the tokenizer's and the modules' too


class SentenceTransformersEmbedder:
    """`folder` is what `SentenceTransformer.save` wrote; nothing is downloaded.

    Prefixes that are not given are the model's prompts "query" and "passage" (or "document"), or
    none. Raises WeightsError when the extra or the model is missing or cannot be loaded.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 1,
        query_prefix: str | None = None,
        passage_prefix: str | None = None,
    ) -> None:
        self.name = folder.name
        self._folder = folder
        self._model = load_model(folder, threads)
        query, passage = prefixes(self._model.prompts)
        self._query = query if query_prefix is None else query_prefix
        self._passage = passage if passage_prefix is None else passage_prefix
        self.max_tokens = int(self._model.max_seq_length or 512)
        self.dim = int(self.queries(["一"]).shape[1])

    @functools.cached_property
    def fingerprint(self) -> str:
        """Of all files that decide a vector, and the prefixes."""
        found = hashlib.sha256(f"{self._query}\0{self._passage}\0".encode())
        for path in sorted(p for pattern in _WEIGHTS for p in self._folder.rglob(pattern)):
            found.update(str(path.relative_to(self._folder)).encode() + b"\0")
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        return found.hexdigest()

    def count(self, texts: Sequence[str]) -> list[int]:
        """See `Embedder.count`."""
        if not texts:
            return []
        found = self._model.tokenizer([self._passage + text for text in texts], truncation=False)
        return [len(ids) for ids in found["input_ids"]]

    def queries(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.queries`."""
        return self._embed([self._query + text for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.passages`."""
        return self._embed([self._passage + text for text in texts])

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        vectors = self._model.encode(
            texts,
            prompt="",  # the prefix is there; a model's default prompt would come before it
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, np.float32)


def load_model(folder: Path, threads: int = 0) -> Any:
    """The `SentenceTransformer` in `folder`. `threads` of torch; 0: as torch finds best.

    Raises WeightsError.
    """
    if not (folder / MODULES).is_file():
        raise WeightsError(
            f"embedder: {folder / MODULES} is missing; a sentence-transformers folder is expected"
        )
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise WeightsError(
            f"embedder: {folder} needs sentence-transformers; "
            "run pip install 'voicebot[sentence-transformers]'"
        ) from None
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    if threads:
        torch.set_num_threads(threads)
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:  # transformers, safetensors and torch raise all kinds
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"embedder: {folder} cannot be loaded ({first})") from None


def prefixes(prompts: dict[str, str] | None) -> tuple[str, str]:
    """The prefixes of questions and passages among a model's prompts; "" where it has none."""
    prompts = prompts or {}
    query, passage = (
        next((prompts[name] for name in names if prompts.get(name)), "")
        for names in (_QUERY, _PASSAGE)
    )
    return query, passage

"""What an embedder is tuned on: questions with the text that answers each, and their split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import KnowledgeError
from voicebot.knowledge.ingest.faq import SUFFIXES, read_faq

MIN_PAIRS = 20


@dataclass(frozen=True)
class Pair:
    """`passage` answers `question`; both as they are indexed, without the embedder's prefixes."""

    question: str
    passage: str


@dataclass(frozen=True)
class Split:
    """No passage of `held_out` stands in `train`, so nothing that is asked was trained on."""

    train: tuple[Pair, ...]
    held_out: tuple[Pair, ...]

    @property
    def passages(self) -> tuple[str, ...]:
        """Every passage once: what a question is looked for among."""
        return tuple(dict.fromkeys(pair.passage for pair in (*self.train, *self.held_out)))


def read_pairs(paths: Iterable[Path]) -> list[Pair]:
    """From FAQ ``.yaml`` (approved items: each similar question with question and answer) and
    ``.jsonl`` (``{"question", "passage"}`` a line). Each pair once.

    Raises KnowledgeError, with file and line, for what cannot be read or is too little.
    """
    pairs: list[Pair] = []
    for path in paths:
        pairs += _of_faq(path) if path.suffix.lower() in SUFFIXES else _of_lines(path)
    pairs = list(dict.fromkeys(pairs))
    if len(pairs) < MIN_PAIRS or len({pair.passage for pair in pairs}) < 2:
        raise KnowledgeError(
            f"tune: at least {MIN_PAIRS} pairs of two passages are expected, got {len(pairs)}; "
            "add similar questions to approved FAQ"
        )
    return pairs


def split(pairs: Iterable[Pair], share: float, seed: int) -> Split:
    """About `share` of the passages held out, chosen by content: the same for every order.

    Raises KnowledgeError if either side would be empty.
    """
    train: list[Pair] = []
    held_out: list[Pair] = []
    for pair in pairs:
        digest = hashlib.sha256(f"{seed}\0{pair.passage}".encode()).digest()
        here = int.from_bytes(digest[:8]) < share * 2**64
        (held_out if here else train).append(pair)
    if not train or not held_out:
        raise KnowledgeError(
            f"tune: holding out {share:.0%} leaves {len(train)} pairs to train on and "
            f"{len(held_out)} to measure with; add pairs or change --held-out"
        )
    return Split(tuple(train), tuple(held_out))


def _of_faq(path: Path) -> list[Pair]:
    faq, report = read_faq(path)
    if report.problems:
        raise KnowledgeError(f"tune: {path}: {report.problems[0]}")
    return [
        Pair(similar.strip(), f"{item.question}\n{item.answer}")
        for item in faq
        if item.status == "approved"
        for similar in item.similar
    ]


def _of_lines(path: Path) -> list[Pair]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"tune: {path} cannot be read: {error}") from None
    return [_pair(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def _pair(line: str, where: str) -> Pair:
    try:
        fields = json.loads(line)
        found = [fields[name].strip() for name in ("question", "passage")]
    except (ValueError, KeyError, TypeError, AttributeError):
        found = []
    if not all(found) or not found:
        raise KnowledgeError(
            f'tune: {where}: {{"question": "…", "passage": "…"}} is expected, got {line:.60}'
        )
    return Pair(*found)

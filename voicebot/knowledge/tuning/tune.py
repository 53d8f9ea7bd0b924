"""Tune a model on pairs, and keep it only where the held-out questions are found more often."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import KnowledgeError
from voicebot.knowledge.st_embedder import SentenceTransformersEmbedder
from voicebot.knowledge.tuning.measure import Recall, recall
from voicebot.knowledge.tuning.pairs import Pair, split
from voicebot.knowledge.tuning.to_ct2 import convert
from voicebot.knowledge.tuning.train import Plan, train

CT2 = "ct2"
_STAGES = ("before", "train", "after", "convert")


@dataclass(frozen=True)
class Tuned:
    """Recall on the held-out questions before and after; `kept`: whether the model was written."""

    before: Recall
    after: Recall
    trained_on: int
    kept: bool

    @property
    def better(self) -> bool:
        """Found first more often; where that is the same, nearer to the first place."""
        return _quality(self.after) > _quality(self.before)


def tune(
    pairs: Sequence[Pair],
    model: Path,
    out: Path,
    plan: Plan,
    *,
    held_out: float = 0.2,
    ct2: bool = False,
    force: bool = False,
    progress: Callable[[str, int, int], None],
) -> Tuned:
    """Write the tuned model to the new folder `out` (int8 for CTranslate2: `out`/ct2) if it is
    better than `model`, or with `force`.

    Raises KnowledgeError for pairs and folders, WeightsError for the model.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise KnowledgeError(f"tune: {out} is not empty; name a new folder with --out")
    parted = split(pairs, held_out, plan.seed)
    progress("before", 0, 1)
    before = recall(SentenceTransformersEmbedder(model, threads=0), parted)
    progress("before", 1, 1)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise KnowledgeError(f"tune: cannot write to {out}: {error.strerror}") from None
    try:
        train(model, part, parted.train, plan, lambda done, n, loss: progress("train", done, n))
        progress("after", 0, 1)
        after = recall(SentenceTransformersEmbedder(part, threads=0), parted)
        progress("after", 1, 1)
        found = Tuned(before, after, len(parted.train), kept=False)
        if not (found.better or force):
            return found
        if ct2:
            progress("convert", 0, 1)
            convert(part, part / CT2)
            progress("convert", 1, 1)
        if out.exists():
            out.rmdir()
        part.chmod(0o755)  # what mkdtemp made is for us alone
        part.rename(out)
    except OSError as error:
        raise KnowledgeError(f"tune: cannot write to {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Tuned(before, after, len(parted.train), kept=True)


def _quality(found: Recall) -> tuple[int, float]:
    return found.hits(1), sum(1 / (1 + rank) for rank in found.ranks)

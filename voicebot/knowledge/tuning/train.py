"""Training a sentence-transformers model so that questions lie near what answers them.

MultipleNegativesRankingLoss (Henderson et al. 2017, "Efficient Natural Language Response
Suggestion"): the other passages of a batch are the wrong answers, so no passage stands in a batch
twice. A plain loop: the library's trainer would bring two more packages.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.knowledge.st_embedder import load_model, prefixes
from voicebot.knowledge.tuning.pairs import Pair

WARM_UP = 0.1  # of the steps: the rate rises, then falls to nothing


@dataclass(frozen=True)
class Plan:
    """How to train. `steps` 0: as many as `epochs` take."""

    epochs: int = 3
    steps: int = 0
    batch: int = 32
    rate: float = 2e-5
    seed: int = 20261122

    def total(self, pairs: int) -> int:
        """Steps in all."""
        return self.steps or max(1, self.epochs * pairs // self.batch)


def train(
    folder: Path,
    target: Path,
    pairs: Sequence[Pair],
    plan: Plan,
    progress: Callable[[int, int, float], None],
) -> None:
    """Train the model in `folder` and write the result to the empty folder `target`.

    `progress` hears steps done, steps in all, the loss. Raises WeightsError for the model.
    """
    model = load_model(folder)
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    torch.manual_seed(plan.seed)
    _freeze_words(model)
    query, passage = prefixes(model.prompts)
    loss_of = MultipleNegativesRankingLoss(model)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=plan.rate)
    total = plan.total(len(pairs))
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, total))
    model.train()
    batches = itertools.islice(_batches(pairs, plan), total)
    for step, batch in enumerate(batches, start=1):
        sides = (
            [query + pair.question for pair in batch],
            [passage + pair.passage for pair in batch],
        )
        loss: Any = loss_of([model.preprocess(side) for side in sides], None)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        rates.step()
        optimizer.zero_grad()
        progress(step, total, float(loss.detach()))
    model.eval()
    model.save_pretrained(str(target), create_model_card=False)


def _freeze_words(model: Any) -> None:
    """Leave the table of words as it is: most of the weights of a multilingual model, of which a
    company's questions touch few rows, and four fifths of the memory that training takes."""
    for module in model.modules():
        if hasattr(module, "get_input_embeddings"):
            module.get_input_embeddings().requires_grad_(False)


def _rate(step: int, total: int) -> float:
    """The share of the full rate at a step: up for WARM_UP of them, then straight down."""
    warm = max(1, round(WARM_UP * total))
    return (step + 1) / warm if step < warm else max(0.0, (total - step) / max(1, total - warm))


def _batches(pairs: Sequence[Pair], plan: Plan) -> Iterator[list[Pair]]:
    """Batches without end, each passage at most once in one; a pair that does not fit waits."""
    rng = random.Random(plan.seed)
    waiting: list[Pair] = []
    while True:
        if len(waiting) < plan.batch:
            fresh = list(pairs)
            rng.shuffle(fresh)
            waiting += fresh
        batch: dict[str, Pair] = {}
        rest = []
        for pair in waiting:
            if len(batch) < plan.batch and pair.passage not in batch:
                batch[pair.passage] = pair
            else:
                rest.append(pair)
        waiting = rest if len(rest) < 4 * len(pairs) else []
        yield list(batch.values())

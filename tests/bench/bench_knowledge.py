"""What a user of ``kb search`` gets: recall per part, answerable AUROC, time a query.

    python -m tests.bench.bench_knowledge --passages P.jsonl --questions Q.jsonl --index DIR \
        --models DIR

Times are CPU and wall milliseconds of `Knowledge.search` in one thread, embedding included.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench.fit_refusal import auroc
from tests.bench.knowledge_data import open_index, read_questions
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.knowledge import Knowledge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("passages", "questions", "index", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    embedder = CT2Embedder(options.models / "e5-small")
    open_index(options.passages, options.index, embedder)
    knowledge = Knowledge.open(options.index, embedder)
    knowledge.search("预热", k=1)
    ranks: dict[str, list[int]] = defaultdict(list)
    wall, cpu, probability, right = [], [], [], []
    for question in read_questions(options.questions):
        started, cpu_started = time.perf_counter(), time.process_time()
        result = knowledge.search(question.text, k=10)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - cpu_started) * 1000)
        ids = [hit.id for hit in result.hits]
        rank = min((ids.index(gold) for gold in question.gold if gold in ids), default=10)
        ranks[question.part].append(rank)
        probability.append(result.answerable)
        right.append(rank == 0)
    console = Console()
    table = Table("part", "n", "R@1", "R@3", "R@10")
    ranks["all"] = [rank for part in list(ranks) for rank in ranks[part]]
    for part, found in ranks.items():
        at = [f"{np.mean(np.array(found) < k):.3f}" for k in (1, 3, 10)]
        table.add_row(part, str(len(found)), *at)
    console.print(table)
    for name, times in (("wall", wall), ("CPU", cpu)):
        console.print(
            f"{name} ms a query: p50 {np.median(times):.1f}, p95 {np.percentile(times, 95):.1f}"
        )
    separation = auroc(np.array(probability), np.array(right))
    console.print(f"answerable, AUROC that the first hit is right: {separation:.3f}")


if __name__ == "__main__":
    main()

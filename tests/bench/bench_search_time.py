"""What a search costs, end to end: CPU and wall time over the demo pack, over real passages, and
the words' share as an index grows.

    python -m tests.bench.bench_search_time --out build/bench-knowledge [--kb FOLDER]

`--kb` holds ``passages.jsonl`` and ``retrieval_eval.dev.jsonl`` (tests/bench/knowledge_data.py).
One thread; every question once to page in, then once measured. Results: `search.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from tests.bench.knowledge_data import open_index, read_questions
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.build import build_embedder
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.pack_index import open_pack_index
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.pool_files import read_pool, write_pool
from voicebot.knowledge.text import clean_query
from voicebot.knowledge.vectors.choice import AUTO
from voicebot.pack_loader import load_pack
from voicebot.settings import load_settings

QUESTIONS = 400
WORD_SIZES = (5_000, 20_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kb", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    embedder = build_embedder(settings)
    pack = load_pack(settings.pack)
    with tempfile.TemporaryDirectory(dir=options.out) as cache:
        demo = open_pack_index(pack, embedder, Path(cache))
        questions = [text for faq in pack.faq for text in (faq.question, *faq.similar)]
        found = [_timed("demo pack", demo.search, questions[:QUESTIONS], len(demo))]
    if options.kb:
        asked = [q.text for q in read_questions(options.kb / "retrieval_eval.dev.jsonl")]
        place = options.out / "kb"
        open_index(options.kb / "passages.jsonl", place, embedder)
        knowledge = Knowledge.open(place, embedder)
        found.append(_timed("passages", knowledge.search, asked[:QUESTIONS], len(knowledge)))
        texts = [hit.text for hit in knowledge.passages()]
        vectors = embedder.queries([clean_query(text) for text in asked[:100]])
        found += [_words(n, texts, asked[:100], vectors, options.out) for n in WORD_SIZES]
    (options.out / "search.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
    for row in found:
        Console().print(row)


def _timed(
    name: str, ask: Callable[[str], object], questions: Sequence[str], entries: int
) -> dict[str, Any]:
    for question in questions:
        ask(question)
    wall, cpu = [], []
    for question in questions:
        started, cpu_started = time.perf_counter(), time.process_time()
        ask(question)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - cpu_started) * 1000)
    return {
        "what": name,
        "entries": entries,
        "queries": len(questions),
        **{
            f"{kind}_p{p}_ms": round(float(np.percentile(times, p)), 2)
            for kind, times in (("cpu", cpu), ("wall", wall))
            for p in (50, 95)
        },
        "load": round(os.getloadavg()[0], 1),
    }


def _words(
    n: int, texts: Sequence[str], questions: Sequence[str], vectors: Any, out: Path
) -> dict[str, Any]:
    """A pool of `n` passages mixed from the sentences of `texts`, with random vectors: what its
    posting lists cost to build, to keep and to score."""
    rng = random.Random(n)
    sentences = [part for text in texts for part in text.split("。") if len(part) > 5]
    size = max(1, len(sentences) // len(texts))
    entries = []
    for number in range(n):
        text = "。".join(rng.choices(sentences, k=size))
        entries.append(Entry(str(number), HitKind.PASSAGE, Role.ANSWER, text, text))
    drawn = np.random.default_rng(n).normal(size=(n, vectors.shape[1])).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    started = time.process_time()
    pool = Pool.build(entries, drawn)
    built = time.process_time() - started
    with tempfile.TemporaryDirectory(dir=out) as folder:
        write_pool(Path(folder) / "pool", pool, AUTO, lambda stage, done, total: None)
        files = list((Path(folder) / "pool" / "base").iterdir())
        lists = sum(f.stat().st_size for f in files if f.name.split(".")[0] in _SIGNALS)
        mapped = read_pool(Path(folder) / "pool", AUTO)
        pairs = dict(zip(questions, vectors, strict=True))
        row = _timed("score", lambda q: mapped.score(clean_query(q), pairs[q]), questions, n)
    return {
        **row,
        "characters_a_passage": round(sum(len(e.match) for e in entries) / n),
        "build_cpu_s": round(built, 1),
        "lists_mb": round(lists / 1e6, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


_SIGNALS = ("words", "chars", "sounds")


if __name__ == "__main__":
    main()

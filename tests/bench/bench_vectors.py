"""What vector search costs as an index grows: build, memory, files, recall, time a query.

    python -m tests.bench.bench_vectors --out build/bench-knowledge [--sizes 10000,100000,1000000]
        [--kb passages.npy] [--again]

Vectors are a seeded mixture (tests/bench/vector_mixture.py), queries are other draws from it.
Exact answers come from a pass of its own over the vectors, chunk by chunk. Each size is built in a
process of its own, for its memory. `--again` times the queries of what an earlier run built.
Results: `vectors.json` and the plot `vectors.svg`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from tests.bench.cost_plot import draw
from tests.bench.vector_mixture import Mixture
from voicebot.knowledge.vectors import ivf_build
from voicebot.knowledge.vectors.choice import FLAT_BELOW
from voicebot.knowledge.vectors.flat import FlatIndex
from voicebot.knowledge.vectors.ivf import IvfIndex
from voicebot.knowledge.vectors.labels import APPROVED, Labels

SIZES = "10000,100000,1000000"
QUERIES = 500
K = 10
CHUNK = 100_000
DATA_SEED, QUERY_SEED = 1, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--kb", type=Path, help="vectors.npy of an index: the mixture's centres")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--threads", type=int, default=2, help="of the build; a query has one")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.one:
        _build(options, options.one)
        return
    for n in map(int, options.sizes.split(",")):
        folder = options.out / f"v{n}"
        if not options.again:
            subprocess.run(
                [sys.executable, "-m", __spec__.name, *sys.argv[1:], "--one", str(n)], check=True
            )
        measured = {**json.loads((folder / "build.json").read_text()), **_ask(options, n)}
        (folder / "measured.json").write_text(json.dumps(measured, indent=1))
        print(json.dumps(measured), flush=True)
    every = [json.loads(p.read_text()) for p in options.out.glob("v*/measured.json")]
    every.sort(key=lambda row: row["n"])
    (options.out / "vectors.json").write_text(json.dumps(every, indent=1))
    (options.out / "vectors.svg").write_text(draw(every), encoding="utf-8")


def _mixture(options: argparse.Namespace, n: int, seed: int) -> Mixture:
    return Mixture(n, seed, np.load(options.kb) if options.kb else None)


def _build(options: argparse.Namespace, n: int) -> None:
    """Build, then find the exact answers; in this process, which then ends."""
    folder = options.out / f"v{n}"
    folder.mkdir(exist_ok=True)
    faiss.omp_set_num_threads(options.threads)
    vectors = _mixture(options, n, DATA_SEED)
    started, cpu = time.perf_counter(), time.process_time()
    if n < FLAT_BELOW:
        np.save(folder / "vectors.npy", vectors[0:n])
    else:
        ivf_build.build(folder, vectors, _show)
    built = {
        "n": n,
        "backend": "flat" if n < FLAT_BELOW else "ivf",
        "base": options.kb.name if options.kb else "spectrum",
        "build_s": round(time.perf_counter() - started, 1),
        "build_cpu_s": round(time.process_time() - cpu, 1),
        "build_peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load_after_build": os.getloadavg()[0],
        "file_mb": round(sum(p.stat().st_size for p in folder.iterdir()) / 1e6, 1),
    }
    np.save(folder / "truth.npy", _exact(vectors, _queries(options, n)))
    (folder / "build.json").write_text(json.dumps(built))


def _queries(options: argparse.Namespace, n: int) -> Any:
    count = QUERIES if n <= 1_000_000 else 200
    return _mixture(options, count, QUERY_SEED)[0:count]


def _exact(vectors: Mixture, queries: Any) -> Any:
    """The K nearest rows of each query: (queries, K)."""
    best = np.full((len(queries), K), -2, np.float32)
    rows = np.zeros((len(queries), K), np.int64)
    for start in range(0, len(vectors), CHUNK):
        _show("exact", start, len(vectors))
        cosines = queries @ vectors[start : start + CHUNK].T
        nearest = np.argpartition(cosines, -K, axis=1)[:, -K:]
        merged = np.hstack([best, np.take_along_axis(cosines, nearest, 1)])
        numbers = np.hstack([rows, nearest + start])
        order = np.argsort(-merged, axis=1)[:, :K]
        best = np.take_along_axis(merged, order, 1)
        rows = np.take_along_axis(numbers, order, 1)
    return rows


def _ask(options: argparse.Namespace, n: int) -> dict[str, Any]:
    """One query at a time, one thread: times, recall, memory."""
    folder = options.out / f"v{n}"
    faiss.omp_set_num_threads(1)
    queries, truth = _queries(options, n), np.load(folder / "truth.npy")
    labels = Labels(("",), (APPROVED,), np.zeros((n, 2), np.uint16))
    before = _memory()
    opened = time.perf_counter()
    index = (
        FlatIndex(np.load(folder / "vectors.npy", mmap_mode="r"), labels)
        if n < FLAT_BELOW
        else IvfIndex(folder, labels)
    )
    open_ms = (time.perf_counter() - opened) * 1000
    for query in queries:
        index.search(query, K)  # pages in
    wall, cpu, recall, fetched = [], [], [], []
    for query, gold in zip(queries, truth, strict=True):
        started, cpu_started = time.perf_counter(), time.process_time()
        found = index.search(query, K)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - cpu_started) * 1000)
        recall.append(len(set(found.rows) & set(gold)) / K)
        fetched.append(len(set(index.search(query, 5 * K).rows) & set(gold)) / K)
    after = _memory()
    return {
        "queries": len(queries),
        "recall_at_10": round(float(np.mean(recall)), 4),
        "recall_10_in_50": round(float(np.mean(fetched)), 4),
        "p50_ms": round(float(np.median(wall)), 2),
        "p95_ms": round(float(np.percentile(wall, 95)), 2),
        "cpu_p50_ms": round(float(np.median(cpu)), 2),
        "cpu_p95_ms": round(float(np.percentile(cpu, 95)), 2),
        "open_ms": round(open_ms, 1),
        "own_mb": round(after["RssAnon"] - before["RssAnon"]),
        "shared_mb": round(after["RssFile"] - before["RssFile"]),
        "load": os.getloadavg()[0],
    }


def _memory() -> dict[str, float]:
    """This process's pages in MB: its own (RssAnon), mapped files' (RssFile)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}


def _show(stage: str, done: int, total: int) -> None:
    print(f"{stage} {done}/{total} {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""What a thousand scenes cost: loading and linting, matching a caller's words, memory.

    python -m tests.bench.bench_scenes [--scenes 1000] [--models DIR] [--out DIR]

The scenes are generated (tests/bench/scene_factory.py). Matching is timed on wordings that are
none of the triggers: `SceneMatch.rank` by itself, and, with the embedder's weights, the whole
search with it. Memory is what the process holds more than before.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from tests.bench.machine import machine_load
from tests.bench.scene_factory import write_pack
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_bars import MAYBE as SCENE_MAYBE
from voicebot.dialog.scene_lint import scene_findings
from voicebot.dialog.scene_match import SceneCandidate, SceneMatch, too_close
from voicebot.dialog.scene_tests import run_scene_tests
from voicebot.pack import Pack
from voicebot.pack_loader import read_pack

SHOWN = (
    "problems", "findings", "tests", "match_ms", "match_first_right", "search_ms", "search_right",
    "peak_rss_mb",
)  # fmt: skip
LEADS = ("您好，", "那个，", "喂，你好，", "是这样的，", "我想问一下，")
TAILS = ("，帮我看看", "，怎么弄啊", "，急用", "了已经两天了", "，客户催得很")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--models", type=Path, help="with it, the whole search is timed, too")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    console = Console()
    console.print(machine_load(console))
    with tempfile.TemporaryDirectory() as folder:
        report = _measure(console, options, write_pack(Path(folder) / "pack", options.scenes))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, ensure_ascii=False, indent=1)
        (options.out / "scenes.json").write_text(text, encoding="utf-8")


def _measure(console: Console, options: argparse.Namespace, root: Path) -> dict[str, Any]:
    report: dict[str, Any] = {"scenes": options.scenes}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        before, wall, cpu = _rss_mb(), time.perf_counter(), time.process_time()
        done = work()
        report[name] = {
            "wall_s": round(time.perf_counter() - wall, 2),
            "cpu_s": round(time.process_time() - cpu, 2),
            "memory_mb": round(_rss_mb() - before, 1),
        }
        console.print(f"{name}: {report[name]}")
        return done

    pack, problems = timed("load", lambda: read_pack(root))
    findings = timed("lint", lambda: scene_findings(pack))
    report["problems"] = len(problems)
    report["findings"] = {
        "wrong": sum(not each.warning for each in findings),
        "collisions": sum("sounds more like" in each.text for each in findings),
    }
    match = timed("match index", lambda: SceneMatch(pack))
    dialog = timed("dialog", lambda: Dialog(pack, answer_risk=0.5))
    tests = timed("tests", lambda: run_scene_tests(dialog, pack))
    report["tests"] = {"n": len(tests), "passed": sum(test.passed for test in tests)}
    queries = _queries(pack, options.queries)
    report["match_ms"] = _times(lambda text: match.rank(text, {}), [text for _, text in queries])
    first = [match.rank(text, {}, 1) for _, text in queries]
    right = sum(
        bool(found) and found[0].scene == scene
        for (scene, _), found in zip(queries, first, strict=True)
    )
    report["match_first_right"] = f"{right} of {len(queries)} by sound alone"
    if options.models:
        report |= _search(timed, pack, options.models, queries, match)
    report["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    for key in SHOWN:
        if key in report:
            console.print(f"{key}: {report[key]}")
    return report


def _queries(pack: Pack, count: int) -> list[tuple[str, str]]:
    """(scene, words): a trigger with something before and after it that no trigger has."""
    rng = random.Random(11)
    found = []
    for _ in range(count):
        scene = rng.choice(pack.scenes)
        found.append((scene.id, rng.choice(LEADS) + rng.choice(scene.triggers) + rng.choice(TAILS)))
    return found


def _search(
    timed: Any, pack: Pack, models: Path, queries: list[tuple[str, str]], match: SceneMatch
) -> dict[str, Any]:
    from voicebot.knowledge.ct2_embedder import CT2Embedder
    from voicebot.knowledge.entry import SceneEntry
    from voicebot.knowledge.knowledge import Knowledge
    from voicebot.pack_loader import scene_entries

    embedder = CT2Embedder(models / "e5-small")
    scenes = [SceneEntry(*each) for each in scene_entries(pack)]
    with tempfile.TemporaryDirectory() as folder:
        knowledge = timed(
            "knowledge index",
            lambda: Knowledge.build(pack.faq, pack.documents, scenes, embedder, Path(folder)),
        )

        def both(text: str) -> tuple[SceneCandidate, ...]:
            result = knowledge.search(text)
            found = dict(result.rivals)
            if result.scene is not None:
                found[result.scene.id] = result.scene_probability
            return match.rank(text, found)

        times = _times(both, [text for _, text in queries])
        ranked = [(scene, both(text)) for scene, text in queries]
    right = sum(bool(each) and each[0].scene == scene for scene, each in ranked)
    asked = sum(too_close(each, SCENE_MAYBE) for _, each in ranked)
    either = sum(
        scene in [candidate.scene for candidate in each[:2]]
        for scene, each in ranked
        if too_close(each, SCENE_MAYBE)
    )
    outcome = f"{right} of {len(ranked)} first; {asked} asked which of two, {either} with it"
    return {"search_ms": times, "search_right": outcome}


def _times(work: Callable[[str], Any], texts: list[str]) -> dict[str, float]:
    """Wall and CPU milliseconds of each call, in one thread."""
    work("预热一下")
    wall, cpu = [], []
    for text in texts:
        started, cpu_started = time.perf_counter(), time.process_time()
        work(text)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - cpu_started) * 1000)
    names = {"n": float(len(texts))}
    for name, times in (("wall", wall), ("cpu", cpu)):
        names[f"{name}_p50"] = round(float(np.median(times)), 2)
        names[f"{name}_p95"] = round(float(np.percentile(times, 95)), 2)
    return names


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()

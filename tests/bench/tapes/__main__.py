"""How exact the tape analyzer is, on synthetic tapes with known truth.

    python -m tests.bench.tapes [--tapes 200] [--first 1] [--calls 4] [--out build/bench-tape]

and, on `--calls` calls through the whole bot in virtual time, how far it agrees with the bot's own
events.

Exits with 1 if a latency or a yield time is wrong by more than 20 ms, or an event was lost or
invented.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from rich.progress import track

from asr_models.silero import SileroVad
from tests.bench.tapes.agreement import agreement
from tests.bench.tapes.made import make
from tests.bench.tapes.score import Score, score
from voicebot.replay.tape_analyzer import analyze
from voicebot.replay.tape_speech import SpeechDetector, silero_detector, webrtc_detector
from voicebot.settings import load_settings
from voicebot.weights import locate

LIMIT_MS = 20


def summary(errors: list[int]) -> dict[str, float | int]:
    """Of absolute errors in ms; `bias_ms` is the mean with sign."""
    if not errors:
        return {"n": 0}
    absolute = np.abs(errors)
    return {
        "n": len(errors),
        "bias_ms": round(float(np.mean(errors)), 1),
        "p50_ms": float(np.percentile(absolute, 50)),
        "p95_ms": float(np.percentile(absolute, 95)),
        "max_ms": int(absolute.max()),
        "over_20_ms": int((absolute > LIMIT_MS).sum()),
    }


def run(detect: SpeechDetector, seeds: range, name: str, verbose: bool) -> dict[str, object]:
    """The figures over all seeds."""
    whole = Score()
    audio_s = 0.0
    started_s = time.process_time()
    for seed in track(seeds, description=name):
        tape, truth, line = make(seed)
        audio_s += len(tape) / 8000
        report = analyze(tape, 8000, second=detect)
        one = score(report, truth)
        if verbose and (one.lost or one.invented or max(map(abs, one.latency + one.stop)) > 20):
            print(seed, line)
            print("   lost", one.lost, "invented", one.invented)
            print("   latency", one.latency, "stop", one.stop, "echo", report.echo_db)
        whole.add(one)
    return {
        "second detector": name,
        "tapes": len(seeds),
        "audio_min": round(audio_s / 60, 1),
        "cpu_s": round(time.process_time() - started_s, 1),
        "response latency": summary(whole.latency),
        "yield time": summary(whole.stop),
        "edges of sounds": summary(whole.edges),
        "lost": len(whole.lost),
        "invented": len(whole.invented),
        "listener signals": whole.signals,
        "signals only the levels heard": whole.signals_unheard,
        "noises": whole.noises,
        "noises discarded": whole.noises_discarded,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tapes", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--second", choices=["silero", "webrtc", "both"], default="both")
    parser.add_argument("--calls", type=int, default=4, help="through the whole bot; 0: none")
    parser.add_argument("--lines", type=int, default=8, help="a call's")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("build/bench-tape"))
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.tapes)
    figures: list[dict[str, object]] = []
    settings = load_settings()
    silero = silero_detector(SileroVad(locate("silero-vad", settings.models) / "silero_vad.onnx"))
    if given.second in ("silero", "both"):
        figures.append(run(silero, seeds, "silero", given.verbose))
    if given.second in ("webrtc", "both"):
        figures.append(run(webrtc_detector(), seeds, "webrtcvad", given.verbose))
    if given.calls:
        found = agreement(settings, silero, given.calls, given.lines)
        figures.append({"agreement with the bot's own events": found})
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=1)
    (given.out / "tape.json").write_text(text + "\n", "utf-8")
    print(text)
    return int(not all(is_exact(each) for each in figures[:1]))


def is_exact(figures: dict[str, object]) -> bool:
    """Nothing lost or invented, no time wrong by more than `LIMIT_MS`."""
    times = [figures["response latency"], figures["yield time"]]
    return figures["lost"] == figures["invented"] == 0 and all(
        isinstance(each, dict) and each["over_20_ms"] == 0 for each in times
    )


if __name__ == "__main__":
    sys.exit(main())

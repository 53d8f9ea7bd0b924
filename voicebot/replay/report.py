"""A run as one HTML page that needs nothing beside it: opens from a file, and prints."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import jinja2

from voicebot.replay import plots
from voicebot.replay.diff import Diff
from voicebot.replay.on_tape import pooled
from voicebot.replay.results import CallResult, Run
from voicebot.replay.summary import figures


def write_report(
    run: Run,
    path: Path,
    *,
    baseline: Run | None = None,
    diff: Diff | None = None,
    tapes: Path | None = None,
) -> None:
    """Write the page. With `tapes` (the run's ``calls`` folder) each call can be listened to."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    was = {figure.name: str(figure) for figure in figures(baseline)} if baseline else {}
    latencies = [run.latencies_ms] + ([baseline.latencies_ms] if baseline else [])
    html = environment.get_template("report.html").render(
        run=run,
        figures=[(f, was.get(f.name, "")) for f in figures(run)],
        tape=pooled(call.tape for call in run.calls),
        baseline=baseline is not None,
        diff=diff,
        calls=[_page(call, tapes) for call in run.calls],
        histogram=plots.histogram(latencies),
        scale_ms=plots.scale_ms(latencies),
        width=plots.WIDTH,
        half=plots.HALF,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def _page(call: CallResult, tapes: Path | None) -> dict[str, Any]:
    waits = sorted(t.latency_ms for t in call.turns if t.latency_ms is not None)
    return {
        "call": call,
        "caller": plots.wave(call.peaks[0]),
        "bot": plots.wave(call.peaks[1]),
        "caller_words": plots.words(call, "caller"),
        "bot_words": plots.words(call, "bot"),
        "waits": plots.waits(call),
        "turns": [(turn, plots.waterfall(turn)) for turn in call.turns],
        "failed": [check for check in call.checks if not check.ok],
        "median": waits[len(waits) // 2] if waits else None,
        "audio": _audio(call, tapes),
    }


def _audio(call: CallResult, tapes: Path | None) -> str:
    file = tapes / f"{call.name}.wav" if tapes else None
    if file is None or not file.is_file():
        return ""
    return "data:audio/wav;base64," + base64.b64encode(file.read_bytes()).decode("ascii")

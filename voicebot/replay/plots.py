"""The report's drawings, as what a template needs of them: SVG paths and boxes, no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicebot.replay.results import CallResult, TurnResult

WIDTH = 1000
HALF = 22
_CHARACTER = 11.0
_BINS = 40
_COLOURS = {
    "quick asr": "#7aa6c2", "asr": "#3c7ca6", "search": "#c9a227", "think": "#c9a227",
    "voice": "#5f9e6e", "first sound": "#5f9e6e", "filler": "#b07aa1",
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """A text under a waveform, from `x`; cut to the room that there is."""

    x: float
    text: str
    whole: str


@dataclass(frozen=True)
class Bar:
    """A stage of a turn's waterfall: where it lies, in percent of the turn's width."""

    stage: str
    left: float
    width: float
    colour: str
    note: str


def wave(peaks: Sequence[int]) -> str:
    """An SVG path of `peaks` (percent), `WIDTH` wide, centred on 0."""
    if not peaks:
        return ""
    step = WIDTH / len(peaks)
    heights = (max(min(peak * 2.2, 100) / 100 * HALF, 0.3) for peak in peaks)
    return "".join(f"M{n * step:.0f} {-h:.1f}V{h:.1f}" for n, h in enumerate(heights))


def words(call: CallResult, side: str) -> list[Words]:
    """What the caller was heard to say, or the bot said, where they did."""
    if side == "caller":
        said = [(turn.start_ms, turn.said) for turn in call.turns]
    else:
        said = [(e["at_ms"], e["text"]) for e in call.events if e["event"] == "bot_spoke"]
    found = []
    for number, (at_ms, text) in enumerate(said):
        x = _x(at_ms, call)
        until = _x(said[number + 1][0], call) if number + 1 < len(said) else WIDTH
        room = int((until - x) / _CHARACTER)
        shown = text if len(text) <= room else text[: max(room - 1, 0)] + "…"
        found.append(Words(x, shown if room > 1 else "", text))
    return found


def waits(call: CallResult) -> list[tuple[float, float, int]]:
    """The response latencies of a call as boxes: x, width, ms."""
    return [
        (_x(turn.end_ms, call), _x(turn.latency_ms, call), turn.latency_ms)
        for turn in call.turns
        if turn.latency_ms is not None
    ]


def waterfall(turn: TurnResult) -> list[Bar]:
    """What ran from the caller's last sound to the reply, and what was skipped."""
    stages = [stage for stage in turn.stages if stage["end_ms"] >= 0]
    whole = max([float(s["end_ms"]) for s in stages] + [float(turn.latency_ms or 1), 1.0])
    return [_bar(stage, whole) for stage in stages]


def _bar(stage: dict[str, Any], whole: float) -> Bar:
    start, end = max(0.0, float(stage["start_ms"])), float(stage["end_ms"])
    note = f"{stage['stage']} {start:.0f}–{end:.0f} ms {stage['note']}".strip()
    colour = _COLOURS.get(stage["stage"], "#999999")
    width = max((end - start) / whole * 100, 0.6)
    return Bar(stage["stage"], start / whole * 100, width, colour, note)


def histogram(runs: Sequence[Sequence[int]], height: int = 90) -> list[str]:
    """The latencies of several runs as step paths on one scale, `WIDTH` wide: shares."""
    every = [wait for run in runs for wait in run]
    if not every:
        return ["" for _ in runs]
    edges = np.linspace(0, max(2000, max(every)), _BINS + 1)
    shares = [np.histogram(run, edges)[0] / max(len(run), 1) for run in runs]
    top = max(float(share.max()) for share in shares) or 1.0
    step = WIDTH / _BINS
    return [
        f"M0 {height}"
        + "".join(f"V{height - v / top * height:.1f}H{(n + 1) * step:.1f}" for n, v in enumerate(s))
        + f"V{height}Z"
        for s in shares
    ]


def scale_ms(runs: Sequence[Sequence[int]]) -> int:
    """What the right edge of `histogram` stands for."""
    return max([2000, *(wait for run in runs for wait in run)])


def _x(ms: float, call: CallResult) -> float:
    return round(ms / max(call.length_ms, 1) * WIDTH, 1)

"""What a load test says: a table, JSON, and the distribution of gaps as a drawing (SVG)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich import box
from rich.table import Table

from tests.bench.line_steps import Step

_COLOURS = ("#7f8c8d", "#2980b9", "#16a085", "#8e44ad", "#c0392b", "#d35400", "#2c3e50")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 800, 420, 70, 40, 210, 50
_MOST_MS = 100.0
_DECADES = 5


def name_of(step: Step) -> str:
    return f"{step.calls} busy" if step.busy else str(step.calls)


def table(steps: Sequence[Step]) -> Table:
    """One row a step."""
    result = Table(box=box.SIMPLE_HEAD, title="Two-way calls on one endpoint", padding=(0, 1))
    for head in ("calls", "up", "set-ups/s", "set-up p99", "gap p50", "p99", "max", "lost out/in"):
        result.add_column(head, justify="right")
    for head in (
        "silent",
        "heard",
        "CPU a call",
        "loop",
        "lag",
        "KiB a call",
        "sent late",
        "failed",
    ):
        result.add_column(head, justify="right")
    for step in steps:
        gaps = step.gaps
        result.add_row(
            name_of(step),
            str(step.up),
            f"{step.setups_per_s:.0f}" if step.setups_per_s else "–",
            f"{step.setup_p99_ms:.0f} ms" if step.setup_p99_ms else "–",
            *(f"{value:.1f}" for value in (gaps.at(50), gaps.at(99), gaps.longest_ms)),
            f"{gaps.lost}/{step.lost_in}",
            f"{step.silent_percent:.2f} %",
            f"{step.heard_percent:.2f} %",
            f"{step.cpu_percent_a_call:.2f} %",
            f"{step.loop_percent:.0f} %",
            f"{step.lag_ms:.0f} ms",
            f"{step.memory_kib_a_call:.0f}",
            f"{step.sender_late_ms:.0f} ms",
            str(len(step.failures)),
        )
    return result


def as_json(step: Step) -> dict[str, Any]:
    """Everything but the gaps themselves; those as percentiles, ms."""
    fields = {name: value for name, value in vars(step).items() if name != "gaps"}
    percentiles = {f"p{p:g}": step.gaps.at(p) for p in (1, 10, 50, 90, 99, 99.9)}
    return {
        **fields,
        "packets": step.gaps.packets,
        "streams": step.gaps.streams,
        "lost_out": step.gaps.lost,
        "gap_ms": {**percentiles, "max": step.gaps.longest_ms},
    }


def drawing(steps: Sequence[Step]) -> str:
    """SVG: for each step, which share of the packets came after a longer gap than x ms."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">Share of packets after a gap longer than x'
        "</text>",
    ]
    for ms in range(0, int(_MOST_MS) + 1, 20):
        x = _x(ms)
        lines.append(_line(x, _TOP, x, _HEIGHT - _BOTTOM, "#e5e5e5"))
        lines.append(_text(x, _HEIGHT - _BOTTOM + 18, f"{ms} ms", "middle"))
    for decade in range(_DECADES + 1):
        y = _y(10.0**-decade)
        lines.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, "#e5e5e5"))
        lines.append(_text(_LEFT - 8, y + 4, f"{100 * 10.0**-decade:g} %", "end"))
    lines.append(_line(_x(40), _TOP, _x(40), _HEIGHT - _BOTTOM, "#e74c3c"))
    for number, step in enumerate(steps):
        colour = _COLOURS[number % len(_COLOURS)]
        lines.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{_points(step)}"/>'
        )
        y = _TOP + 12 + 20 * number
        lines.append(_line(_WIDTH - _RIGHT + 15, y, _WIDTH - _RIGHT + 40, y, colour))
        label = f"{name_of(step)} (p99 {step.gaps.at(99):.1f} ms)"
        lines.append(_text(_WIDTH - _RIGHT + 46, y + 4, label, "start"))
    return "\n".join([*lines, "</svg>\n"])


def _points(step: Step) -> str:
    gaps = np.sort(step.gaps.gaps_ms)
    edges = np.arange(0.0, _MOST_MS + 0.5, 0.5)
    longer = 1 - np.searchsorted(gaps, edges, side="right") / max(1, len(gaps))
    shown = longer > 10.0**-_DECADES
    return " ".join(
        f"{_x(ms):.1f},{_y(share):.1f}"
        for ms, share in zip(edges[shown], longer[shown], strict=True)
    )


def _x(ms: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ms / _MOST_MS


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * -np.log10(share) / _DECADES


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'

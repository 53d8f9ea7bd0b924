"""Latency and dead air against load, as an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 60, 50, 60
BLUE, RED = "#1565c0", "#c62828"


@dataclass(frozen=True)
class Point:
    """One load: calls at once, latencies in ms (None: too few events), dead air a call in s."""

    calls: int
    p50_ms: int | None
    p95_ms: int | None
    dead_air_s: float
    turns: int


def draw(points: Sequence[Point], limit_ms: int, caption: str) -> str:
    """The file's text. Loads are on a logarithmic axis; `limit_ms` is a dashed line."""
    known = [ms for p in points for ms in (p.p50_ms, p.p95_ms) if ms is not None]
    top_ms = 1000 * math.ceil(max([*known, limit_ms]) * 1.05 / 1000)
    top_s = max(1.0, math.ceil(max((p.dead_air_s for p in points), default=0.0)))
    low, high = math.log2(points[0].calls) - 0.3, math.log2(points[-1].calls) + 0.3

    def x(calls: int) -> float:
        return LEFT + (math.log2(calls) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="14">Talking calls at once</text>',
        f'<text x="{LEFT}" y="36" fill="#555">{caption}</text>',
    ]
    for step in range(5):
        share = step / 4
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(share):.1f}" y2="{y(share):.1f}" '
            f'stroke="#e0e0e0"/><text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end" '
            f'fill="{BLUE}">{top_ms * share:.0f}</text><text x="{WIDTH - RIGHT + 6}" '
            f'y="{y(share) + 4:.1f}" fill="{RED}">{top_s * share:.1f}</text>'
        )
    at = y(limit_ms / top_ms)
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{BLUE}" '
        f'stroke-dasharray="2 4"/><text x="{LEFT + 4}" y="{at - 4:.1f}" fill="{BLUE}">'
        f"{limit_ms} ms</text>"
    )

    def line(values: list[tuple[int, float]], colour: str, dash: str) -> None:
        path = " ".join(f"{x(calls):.1f},{y(share):.1f}" for calls, share in values)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"{dash}/>')
        parts.extend(
            f'<circle cx="{x(calls):.1f}" cy="{y(share):.1f}" r="3" fill="{colour}"/>'
            for calls, share in values
        )

    line([(p.calls, p.p95_ms / top_ms) for p in points if p.p95_ms is not None], BLUE, "")
    dashed = ' stroke-dasharray="6 4"'
    line([(p.calls, p.p50_ms / top_ms) for p in points if p.p50_ms is not None], BLUE, dashed)
    line([(p.calls, p.dead_air_s / top_s) for p in points], RED, "")
    for p in points:
        parts.append(
            f'<text x="{x(p.calls):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f'{p.calls}</text><text x="{x(p.calls):.1f}" y="{HEIGHT - BOTTOM + 34}" '
            f'text-anchor="middle" fill="#777">n={p.turns}</text>'
        )
    parts.append(
        f'<text x="{LEFT}" y="{HEIGHT - 8}" fill="{BLUE}">response latency ms: line p95, dashed '
        f'p50</text><text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end" fill="{RED}">'
        "dead air, s a call</text>"
    )
    return "\n".join([*parts, "</svg>\n"])

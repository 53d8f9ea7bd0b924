"""Cost against size, as an SVG: time a query and recall over n, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
LOWEST_MS, HIGHEST_MS = 0.1, 1000.0


def draw(rows: Sequence[dict[str, Any]]) -> str:
    """One point a row: its n, p50_ms, p95_ms, recall_at_10, backend. Returns the file's text."""
    sizes = [row["n"] for row in rows]
    low, high = math.log10(min(sizes)) - 0.2, math.log10(max(sizes)) + 0.2

    def x(n: float) -> float:
        return LEFT + (math.log10(n) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(ms: float) -> float:
        span = math.log10(HIGHEST_MS / LOWEST_MS)
        share = math.log10(max(ms, LOWEST_MS) / LOWEST_MS) / span
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20">ms a query, one thread (line p95, dashed p50); recall@10</text>',
    ]
    for power in range(-1, 4):
        level = y(10.0**power)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}" '
            f'stroke="#ddd"/><text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">'
            f"{10.0**power:g}</text>"
        )
    for field, dash in (("p95_ms", ""), ("p50_ms", ' stroke-dasharray="5 4"')):
        points = " ".join(f"{x(row['n']):.1f},{y(row[field]):.1f}" for row in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#1565c0"{dash}/>')
    for row in rows:
        at, level = x(row["n"]), y(row["p95_ms"])
        parts.append(
            f'<circle cx="{at:.1f}" cy="{level:.1f}" r="4" fill="#1565c0"/>'
            f'<text x="{at:.1f}" y="{level - 10:.1f}" text-anchor="middle">'
            f"{row['recall_at_10']:.3f}</text>"
            f'<text x="{at:.1f}" y="{HEIGHT - 28}" text-anchor="middle">{row["n"]:,}</text>'
            f'<text x="{at:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{row["backend"]}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])

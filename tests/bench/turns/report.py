"""The table of a run: Markdown, JSON, and one picture (SVG)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

BOUND_MS = (350, 700)


@dataclass(frozen=True)
class Row:
    """One line of the table; `met` is None where no bound is set. `shown` is not in the table."""

    what: str
    n: int
    result: str
    bound: str = ""
    met: bool | None = None
    figures: dict[str, float] = field(default_factory=dict)
    shown: tuple[str, ...] = ()


def markdown(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The table, and what must be known to read it."""
    lines = ["| what | n | result | bound | met |", "|---|---|---|---|---|"]
    for row in rows:
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        lines.append(f"| {row.what} | {row.n} | {row.result} | {row.bound} | {met} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def details(rows: Sequence[Row]) -> str:
    """What went wrong in each row, sentence by sentence."""
    parts = [f"{row.what}:\n" + "\n".join(f"  {one}" for one in row.shown) for row in rows]
    return "\n".join(part for part, row in zip(parts, rows, strict=True) if row.shown) + "\n"


def write(
    folder: Path, rows: Sequence[Row], notes: Sequence[str], curves: dict[str, list[int]]
) -> None:
    """table.md, result.json, details.txt and delays.svg into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.md").write_text(markdown(rows, notes), "utf-8")
    (folder / "details.txt").write_text(details(rows), "utf-8")
    data = {"rows": [asdict(row) for row in rows], "notes": list(notes), "curves": curves}
    (folder / "result.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")
    (folder / "delays.svg").write_text(svg(curves), "utf-8")


# --- the picture ----------------------------------------------------------------------------------
WIDTH, HEIGHT, LEFT, TOP, MOST_MS = 640, 300, 50, 20, 1600
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df", "#9a6700")


def svg(curves: dict[str, list[int]]) -> str:
    """How many of the cases were done within so many ms, a curve a kind of delay."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" '
        f'height="{HEIGHT + TOP + 40 + 16 * len(curves)}" font-family="sans-serif" font-size="11">'
    ]
    for ms in range(0, MOST_MS + 1, 200):
        x = LEFT + WIDTH * ms / MOST_MS
        parts.append(f'<path d="M{x:.0f} {TOP}V{TOP + HEIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{TOP + HEIGHT + 14}">{ms} ms</text>')
    for share in range(0, 101, 25):
        y = TOP + HEIGHT * (1 - share / 100)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{LEFT + WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="8" y="{y + 4:.0f}">{share} %</text>')
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        if values:
            parts.append(f'<path d="{_steps(values)}" fill="none" stroke="{colour}"/>')
        y = TOP + HEIGHT + 34 + 16 * number
        label = escape(f"{name} (n {len(values)})")
        parts.append(f'<text x="{LEFT}" y="{y}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _steps(values: Sequence[int]) -> str:
    points = [f"M{LEFT} {TOP + HEIGHT}"]
    for number, value in enumerate(sorted(values), 1):
        x = LEFT + WIDTH * min(max(value, 0), MOST_MS) / MOST_MS
        points.append(f"H{x:.1f}V{TOP + HEIGHT * (1 - number / len(values)):.1f}")
    return "".join(points)

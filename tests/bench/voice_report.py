"""The report of bench_voice: one row a figure, and where times lie, as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

BARS = "▁▂▃▄▅▆▇█"
BINS = 24


@dataclass(frozen=True)
class Row:
    """`result` for people, `values` in their order of measurement for whoever plots them.

    `notes` name what a bound was missed by, such as the sentences that stopped in their midst.
    """

    what: str
    result: str
    n: int
    bound: str = ""
    passed: bool | None = None
    values: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def met(self) -> str:
        """For a table: met, missed, or nothing where there is no bound."""
        return "" if self.passed is None else "met" if self.passed else "MISSED"


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """p50, p95 and the worst."""
    if not values:
        return "none"
    p50, p95 = np.percentile(values, [50, 95])
    return f"p50 {p50:.0f} {unit}, p95 {p95:.0f}, worst {max(values):.0f}"


def show(rows: Sequence[Row], console: Console) -> None:
    """Print all figures with their bounds, and what missed one."""
    table = Table(title="the voice", header_style="bold")
    for name in ("what", "result", "bound", "", "n"):
        table.add_column(name, justify="right" if name == "n" else "left")
    for row in rows:
        table.add_row(row.what, row.result, row.bound, row.met, str(row.n))
    console.print(table)
    for row in rows:
        for note in row.notes:
            console.print(f"  {row.what}: {note}", markup=False)


def write(out: Path, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Write voice.md and voice.json into `out`."""
    lines = ["# The voice", "", *(f"- {note}" for note in notes), ""]
    lines += ["| what | result | bound | met | n |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.what} | {row.result} | {row.bound} | {row.met} | {row.n} |")
    lines += ["", *(f"- {row.what}: {note}" for row in rows for note in row.notes)]
    plots = [line for row in rows if len(row.values) > 1 for line in _plot(row)]
    out.mkdir(parents=True, exist_ok=True)
    (out / "voice.md").write_text("\n".join([*lines, *plots]) + "\n", "utf-8")
    data = {"notes": list(notes), "rows": [asdict(row) for row in rows]}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (out / "voice.json").write_text(text + "\n", "utf-8")


def _plot(row: Row) -> list[str]:
    """How often which value, from the smallest to the largest."""
    counts, edges = np.histogram(row.values, bins=BINS)
    scale = (len(BARS) - 1) / max(1, counts.max())
    bars = "".join(" " if not count else BARS[round(count * scale)] for count in counts)
    return ["", f"{row.what}:", "", f"    {edges[0]:.1f} |{bars}| {edges[-1]:.1f}"]

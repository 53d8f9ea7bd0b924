"""The tables of `make bench-ears`: sums over clips, as rich text, Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from tests.bench.term_recall import recalled

COLUMNS = ("set", "condition", "prompt", "after", "n", "CER", "pinyin", "terms", "recall",
           "CPU p50", "p95")  # fmt: skip
Names = dict[str, tuple[str, ...]]


@dataclass
class Tally:
    """Sums over the clips of one set, condition, prompt and after-treatment."""

    characters: ErrorCount = field(default_factory=ErrorCount)
    syllables: ErrorCount = field(default_factory=ErrorCount)
    terms: ErrorCount = field(default_factory=ErrorCount)
    cpu_s: list[float] = field(default_factory=list)

    def add(
        self, text: str, terms: tuple[str, ...], heard: str, cpu_s: float, names: Names
    ) -> None:
        """Count one clip: `text` and `terms` were said, `heard` was understood."""
        self.characters += character_errors(text, heard)
        self.syllables += syllable_errors(text, heard)
        missed = sum(not recalled(term, heard, names.get(term, ())) for term in terms)
        self.terms += ErrorCount(missed, len(terms))
        self.cpu_s.append(cpu_s)

    def cells(self) -> dict[str, float | int | None]:
        recall = 1 - self.terms.rate if self.terms.length else None
        return {
            "n": len(self.cpu_s),
            "CER": round(self.characters.rate, 4),
            "pinyin": round(self.syllables.rate, 4),
            "terms": self.terms.length,
            "recall": None if recall is None else round(recall, 4),
            "CPU p50": round(float(np.median(self.cpu_s)), 3),
            "p95": round(float(np.quantile(self.cpu_s, 0.95)), 3),
        }


Key = tuple[str, str, str, str]


def report(tallies: dict[Key, Tally], out: Path, console: Console) -> None:
    """Print the table and write ears.json and ears.md into `out`."""
    rows = [
        dict(zip(COLUMNS, key, strict=False)) | tally.cells()
        for key, tally in sorted(tallies.items())
    ]
    table = Table(title="the ears: 8 kHz A-law", header_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in COLUMNS[:4] else "right")
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for row in rows:
        cells = [_shown(row[name]) for name in COLUMNS]
        table.add_row(*cells)
        lines.append("| " + " | ".join(cells) + " |")
    console.print(table)
    out.mkdir(parents=True, exist_ok=True)
    (out / "ears.md").write_text("\n".join(lines) + "\n", "utf-8")
    (out / "ears.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    console.print(f"written: {out / 'ears.md'}, {out / 'ears.json'}")


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)

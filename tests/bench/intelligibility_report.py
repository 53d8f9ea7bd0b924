"""The tables of bench_intelligibility: error rates, mistaken units, worst sentences."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pypinyin import lazy_pinyin
from rich.console import Console
from rich.table import Table

from asr_models.metrics import ErrorCount, edit_distance
from tests.bench.transcripts import code_places, slips
from tests.bench.voice_lines import VoiceLine

BOUND = 0.10
WORST = 15
REPEATED = 20
NO_BOUND = "espeak"
COLUMNS = (
    "sentences", "voice", "ears", "n", "CER", "pinyin", "figures, letters", "other",
    "without an error",
)  # fmt: skip


@dataclass
class Tally:
    """Sums over the sentences of one voice and one way to listen."""

    everything: ErrorCount = field(default_factory=ErrorCount)
    syllables: ErrorCount = field(default_factory=ErrorCount)
    codes: ErrorCount = field(default_factory=ErrorCount)
    kinds: dict[str, ErrorCount] = field(default_factory=dict)
    said: Counter[str] = field(default_factory=Counter)
    mistaken: Counter[tuple[str, str]] = field(default_factory=Counter)
    all_mistaken: Counter[tuple[str, str]] = field(default_factory=Counter)
    sentences: list[tuple[float, int, VoiceLine, str]] = field(default_factory=list)

    def add(self, line: VoiceLine, text: str, said: str, written: str) -> None:
        """Count one sentence: `text` was written down, in one spelling with `said` `written`."""
        wrong = slips(said, written)
        code = code_places(said)
        count = ErrorCount(len(wrong), len(said))
        self.everything += count
        spoken = lazy_pinyin(said)
        self.syllables += ErrorCount(edit_distance(spoken, lazy_pinyin(written)), len(spoken))
        self.codes += ErrorCount(sum(slip.in_code for slip in wrong), len(code))
        self.kinds[line.kind] = self.kinds.get(line.kind, ErrorCount()) + count
        self.said.update(said[place] for place in code)
        self.all_mistaken.update((slip.said, slip.written) for slip in wrong)
        self.mistaken.update((slip.said, slip.written) for slip in wrong if slip.in_code)
        self.sentences.append((count.rate, count.errors, line, text))

    def row(self) -> dict[str, float | int]:
        other = ErrorCount(
            self.everything.errors - self.codes.errors, self.everything.length - self.codes.length
        )
        right = sum(not errors for _, errors, _, _ in self.sentences)
        return {
            "n": len(self.sentences),
            "CER": round(self.everything.rate, 4),
            "pinyin": round(self.syllables.rate, 4),
            "figures, letters": round(self.codes.rate, 4),
            "other": round(other.rate, 4),
            "without an error": round(right / max(len(self.sentences), 1), 4),
        }

    def units(self) -> list[tuple[str, int, int, str]]:
        """Figures and letters: (unit, times said, times lost, what for), worst first."""
        lost: Counter[str] = Counter()
        taken: dict[str, Counter[str]] = {}
        for (unit, written), times in self.mistaken.items():
            if unit:
                lost[unit] += times
                taken.setdefault(unit, Counter())[written or "–"] += times
        found = []
        for unit, times in lost.items():
            shown = " ".join(f"{other} {n}" for other, n in taken[unit].most_common(4))
            found.append((unit, self.said[unit], times, shown))
        return sorted(found, key=lambda each: (-each[2], each[0]))

    def repeated(self) -> list[tuple[str, int]]:
        """What went wrong in the same way more than once, most often first."""
        common = [each for each in self.all_mistaken.most_common(REPEATED) if each[1] > 1]
        return [(f"{said or '–'} → {written or '–'}", times) for (said, written), times in common]

    def worst(self) -> list[tuple[float, int, VoiceLine, str]]:
        ordered = sorted(self.sentences, key=lambda each: (-each[1], -each[0]))
        return [each for each in ordered[:WORST] if each[1]]


Tallies = dict[tuple[str, str, str], Tally]
"""By set of sentences, voice and way to listen."""


def report(tallies: Tallies, out: Path, console: Console, load: str) -> None:
    """Print the table; write intelligibility.md and intelligibility.json into `out`."""
    rows: list[dict[str, object]] = [
        {"sentences": sentences, "voice": voice, "ears": ears} | dict(tally.row())
        for (sentences, voice, ears), tally in tallies.items()
    ]
    table = Table(title="understood through A-law", header_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in COLUMNS[:3] else "right")
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in COLUMNS))
    console.print(table)
    kinds = [line for key, tally in tallies.items() for line in _by_kind(key, tally)]
    for line in kinds:
        console.print(line, markup=False)
    out.mkdir(parents=True, exist_ok=True)
    lines = ["# Understood through A-law", "", f"{load}.", ""]
    lines += markdown(COLUMNS, [[_shown(row[name]) for name in COLUMNS] for row in rows])
    lines += ["", *(f"- {line}" for line in kinds)]
    for key, tally in tallies.items():
        lines += ["", f"## {', '.join(key)}", "", *_details(tally)]
    (out / "intelligibility.md").write_text("\n".join(lines) + "\n", "utf-8")
    data = {"load": load, "rows": rows}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (out / "intelligibility.json").write_text(text + "\n", "utf-8")
    console.print(f"written: {out / 'intelligibility.md'}, {out / 'intelligibility.json'}")


def _by_kind(key: tuple[str, str, str], tally: Tally) -> list[str]:
    """A line on the whole and the kinds of sentences, against the bound where there is one."""
    whole = tally.everything
    bound = ""
    if key[1] != NO_BOUND and key[2] != "bare":
        bound = f", bound {BOUND:.2f}: {'met' if whole.rate <= BOUND else 'MISSED'}"
    kinds = ", ".join(f"{kind} {count.rate:.3f}" for kind, count in tally.kinds.items())
    counted = f"{whole.errors} errors in {whole.length} characters{bound}"
    return [f"{', '.join(key)}: CER {whole.rate:.4f} ({counted}); {kinds}"]


def _details(tally: Tally) -> list[str]:
    kinds = [[kind, f"{c.rate:.3f}", f"{c.errors} of {c.length}"] for kind, c in
             tally.kinds.items()]  # fmt: skip
    lines = markdown(("kind", "CER", "errors"), kinds)
    units = [[unit, str(n), str(lost), how] for unit, n, lost, how in tally.units()]
    lines += ["", *markdown(("figure, letter", "said", "lost", "taken for"), units)]
    again = [[how, str(times)] for how, times in tally.repeated()]
    lines += ["", *markdown(("said → written down", "times"), again)]
    worst = [[str(n), f"{rate:.2f}", line.text, text] for rate, n, line, text in tally.worst()]
    return [*lines, "", *markdown(("errors", "CER", "said", "written down"), worst)]


def markdown(columns: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """A table as lines."""
    return [
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows),
    ]


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)

"""What ``voicebot say --explain`` shows: how a text is read, cut and pronounced, and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from voicebot.cli.say import Timing
    from voicebot.speech.api import Clause
    from voicebot.speech.reading import Reader


def show_reading(console: Console, reader: Reader, text: str, clauses: Sequence[Clause]) -> None:
    """The normalised text, which rule read what, and each clause with its pinyin and phonemes."""
    from voicebot.speech.phonemes import Phonemes
    from voicebot.speech.pronunciation import pinyin
    from voicebot.speech.reading import plain

    phonemes = Phonemes()
    console.print(f"written   {plain(text)}", markup=False)
    console.print(f"said      {reader.read(text)}", markup=False)
    readings = _table("rule", "written", "said")
    for step in reader.explain(text):
        readings.add_row(step.rule, step.written, step.spoken)
    if readings.row_count:
        console.print(readings)
    for clause in clauses:
        said = reader.read_plain(clause.text)
        console.print(f"clause {clause.index + 1}  {clause.text}", markup=False)
        console.print(f"  said      {said}", markup=False)
        console.print(f"  pinyin    {pinyin(said)}", markup=False)
        console.print(f"  phonemes  {phonemes.of(said)}", markup=False)


def show_timings(
    console: Console, clauses: Sequence[Clause], timings: Sequence[Timing], loaded_s: float
) -> None:
    """What each clause cost. Real-time factor: wall seconds a second of sound."""
    table = _table("clause", "first sound s", "wall s", "CPU s", "sound s", "RTF", "pause ms")
    for clause, timing in zip(clauses, timings, strict=True):
        table.add_row(*_cells(str(clause.index + 1), timing), str(clause.pause_ms))
    whole = _whole(timings)
    if len(timings) > 1:
        table.add_row(*_cells("all", whole), str(sum(c.pause_ms for c in clauses[:-1])))
    console.print(table)
    console.print(
        f"RTF: wall seconds a second of sound; CPU of this process; "
        f"voice loaded in {loaded_s:.2f} s",
        markup=False,
    )


def _whole(timings: Sequence[Timing]) -> Timing:
    from voicebot.cli.say import Timing

    return Timing(
        timings[0].first_s,
        sum(timing.wall_s for timing in timings),
        sum(timing.cpu_s for timing in timings),
        sum(timing.sound_s for timing in timings),
    )


def _cells(name: str, timing: Timing) -> tuple[str, ...]:
    factor = f"{timing.wall_s / timing.sound_s:.2f}" if timing.sound_s else "-"
    seconds = (timing.first_s, timing.wall_s, timing.cpu_s, timing.sound_s)
    return (name, *(f"{each:.2f}" for each in seconds), factor)


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table

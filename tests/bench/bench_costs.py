"""What computing costs on this machine, as a table for `voicebot replay --fast --costs`.

    python -m tests.bench.bench_costs [--lines 40] [--out build/bench-costs]

Ears read the bank's callers: half a line quickly, then all of it finally, as in a call. The voice
says sentences that it has not said before (tests/bench/voice_lines.toml), clause by clause. Search
is asked what those callers say. One job at a time; over the length of the audio a straight line is
fitted by the median slope of all pairs (Theil-Sen), which a few disturbed jobs do not move.

Writes costs.toml and prints it beside the table that the bench uses.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from asr_models import StreamingRecognizer
from tests.bench.line_numbers import machine
from tests.bench.machine import machine_load
from tests.bench.voice_lines import voice_lines
from tests.bench.voice_parts import first_voice
from voicebot.app import App
from voicebot.replay.bank import load_bank
from voicebot.replay.costs import load_costs
from voicebot.replay.voicing import Voicing
from voicebot.settings import load_settings
from voicebot.speech.api import LINE_RATE
from voicebot.speech.speaker import OFFLINE_TIMEOUT_S, Speaker

BANK = Path(__file__).parents[2] / "audio_fixtures" / "bank"
Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Job:
    """A job's length in seconds of audio, and what it took."""

    audio_s: float
    took_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("build/bench-costs"))
    given = parser.parse_args()
    console = Console()
    load = machine_load(console)
    found, counts = measured(given.lines, console)
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / "costs.toml"
    about = f"# {machine()}; {load}; {counts}\n"
    file.write_text(about + toml(found), "utf-8")
    load_costs(file)  # it must be a table that the bench takes
    console.print(beside(found))
    console.print(f"{counts}; written to {file}: voicebot replay BANK --costs {file}")


def measured(lines: int, console: Console) -> tuple[dict[str, float], str]:
    """The table's figures, and of how many jobs they are."""
    settings = load_settings()
    app = App.build(settings, with_records=False)
    try:
        voicing = Voicing(settings, app.pack)
        said = (turn for script in load_bank([BANK]) for turn in voicing.turns(script))
        turns = list(itertools.islice((each for each in said if each.turn.say), lines))
        clips = [each.pcm for each in turns]
        ears = cast(StreamingRecognizer, app.recognizer)
        prompt = app.pack.info.asr_prompt
        quick, final = read_all(ears, prompt, clips, console)
        search = [_took_ms(partial(app.knowledge.search, each.turn.say)) for each in turns]
        speaker = Speaker(first_voice(settings, app.pack), terms=[t.term for t in app.pack.lexicon])
        first, rest = say_all(speaker, [line.text for line in voice_lines()][:lines], console)
    finally:
        app.close()
    quick_ms, quick_ms_per_s = line_through(quick)
    final_ms, final_ms_per_s = line_through(final)
    table = {
        "quick_ms": quick_ms,
        "quick_ms_per_s": quick_ms_per_s,
        "final_ms": final_ms,
        "final_ms_per_s": final_ms_per_s,
        "voice_first_ms": float(np.median(first)),
        # Short clauses come in one piece: of those alone nothing is learned of what comes after.
        "voice_ms_per_s": float(np.median([job.took_ms / job.audio_s for job in rest]))
        if rest
        else load_costs().voice_ms_per_s,
        "search": float(np.median(search)),
    }
    said_of = f"{len(first)} clauses said ({len(rest)} in pieces)"
    return table, f"{len(quick)} lines read, {said_of}, {len(search)} searches"


def read_all(
    ears: StreamingRecognizer, prompt: str, clips: Sequence[Pcm], console: Console
) -> tuple[list[Job], list[Job]]:
    """Quick and final readings. The first line pages the model in and is not counted."""
    quick, final = [], []
    for clip in track([clips[0], *clips], description="ears", console=console):
        stream = ears.stream(prompt=prompt)
        half = len(clip) // 2
        stream.accept(clip[:half])
        quick.append(Job(half / LINE_RATE, _took_ms(stream.partial)))
        stream.accept(clip[half:])
        final.append(Job(len(clip) / LINE_RATE, _took_ms(stream.final)))
    return quick[1:], final[1:]


def say_all(
    speaker: Speaker, texts: Sequence[str], console: Console
) -> tuple[list[float], list[Job]]:
    """To the first sound of each clause, and what the sound after it took."""
    speaker.warm_up()
    first: list[float] = []
    rest: list[Job] = []
    clauses = [clause for text in texts for clause in speaker.clauses(text)][: len(texts)]
    for clause in track(clauses, description="voice", console=console):
        begun_s = time.perf_counter()
        pieces = []
        for spoken in speaker.stream(clause, timeout_s=OFFLINE_TIMEOUT_S):
            pieces.append((time.perf_counter() - begun_s, len(spoken.pcm) / LINE_RATE))
        first.append(pieces[0][0] * 1000)
        after_s = sum(length_s for _, length_s in pieces[1:])
        if after_s > 0:
            rest.append(Job(after_s, (pieces[-1][0] - pieces[0][0]) * 1000))
    return first, rest


def line_through(jobs: Sequence[Job]) -> tuple[float, float]:
    """Milliseconds at no length, and per second of audio (never below 0)."""
    slopes = [
        (b.took_ms - a.took_ms) / (b.audio_s - a.audio_s)
        for a, b in itertools.combinations(jobs, 2)
        if abs(b.audio_s - a.audio_s) > 0.2
    ]
    slope = max(0.0, float(np.median(slopes))) if slopes else 0.0
    return float(np.median([job.took_ms - slope * job.audio_s for job in jobs])), slope


def toml(found: dict[str, float]) -> str:
    """The table as `--costs` takes it; what is not measured is as in the bench's own."""
    now = load_costs()
    flat = [f"{name} = {value:.0f}" for name, value in found.items() if name != "search"]
    stages = {**now.stages, "search": found["search"]}
    named = [f"{name} = {value:.0f}" for name, value in stages.items()]
    return "\n".join([*flat, f"other_ms = {now.other_ms:.0f}", "", "[stages]", *named, ""])


def beside(found: dict[str, float]) -> Table:
    """Measured beside what the bench uses."""
    now = load_costs()
    table = Table("what, ms", "the bench's table", "here", title="What computing costs")
    for name, value in found.items():
        used = now.stages["search"] if name == "search" else getattr(now, name)
        table.add_row(name, f"{used:.0f}", f"{value:.0f}")
    return table


def _took_ms(job: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    job()
    return (time.perf_counter() - begun_s) * 1000


if __name__ == "__main__":
    main()

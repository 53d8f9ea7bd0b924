"""A run of the bench: one call after the other, each kept as soon as it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from asr_models.wav import write_wav
from voicebot.errors import VoicebotError
from voicebot.replay.judge import Judge, no_call
from voicebot.replay.results import CallResult, Run, to_json
from voicebot.replay.script import BankError, Script
from voicebot.replay.voicing import Voicing

Tape = npt.NDArray[np.int16]


Outcome = tuple[CallResult, Tape | None]
"""A call from ring to end, judged; its tape is int16, (n, 2), or absent if it was not played."""


class Way(Protocol):
    """How calls are played: `--fast` or `--wire`."""

    name: str
    at_once: int

    def play(self, scripts: Sequence[Script], voicing: Voicing, judge: Judge) -> Iterator[Outcome]:
        """Play these, `at_once` at most. One that cannot be played is an error in its place."""


def tried(script: Script, play: Callable[[], Outcome]) -> Outcome:
    """What `play` gives, or that this call could not be played, and why."""
    try:
        return play()
    except VoicebotError as error:
        return no_call(script, str(error)), None


@dataclass(frozen=True)
class Timing:
    """How long it took, on this machine, this time: kept apart from the results."""

    wall_s: float
    audio_s: float
    cpu_s: float = 0.0

    @property
    def times_real_time(self) -> float:
        return self.audio_s / max(self.wall_s, 1e-6)


class Keeper:
    """Writes a run into a folder as it goes: ``run.json``, and each call's tape."""

    def __init__(self, folder: Path, way: str, settings: dict[str, Any], tapes: bool) -> None:
        self._folder, self._way, self._settings, self._tapes = folder, way, settings, tapes
        self._calls: list[CallResult] = []
        try:
            (folder / "calls").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BankError(f"{folder}: results cannot be kept there: {error}") from None

    def keep(self, result: CallResult, tape: Tape | None) -> None:
        """One call more."""
        self._calls.append(result)
        if self._tapes and tape is not None and len(tape):
            write_wav(self._folder / "calls" / f"{result.name}.wav", tape.T, encoding="alaw")
        self._write(complete=False)

    def finish(self) -> Run:
        """All calls were played."""
        return self._write(complete=True)

    def _write(self, *, complete: bool) -> Run:
        run = Run(self._way, tuple(self._calls), complete, self._settings)
        partial = self._folder / ".run.json"
        partial.write_text(to_json(run), "utf-8")
        partial.replace(self._folder / "run.json")
        return run


def play_all(
    scripts: Sequence[Script],
    way: Way,
    voicing: Voicing,
    judge: Judge,
    keeper: Keeper,
    told: Callable[[CallResult], None] = lambda result: None,
) -> tuple[Run, Timing]:
    """Play and keep every call. One that cannot be played is an error in its place, not the end."""
    started_s, cpu_s = time.perf_counter(), time.process_time()
    length_ms = 0
    for some in _groups(scripts, way.at_once):
        for result, tape in way.play(some, voicing, judge):
            keeper.keep(result, tape)
            length_ms += result.length_ms
            told(result)
    run = keeper.finish()
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    return run, Timing(wall_s, length_ms / 1000, cpu_s)


def _groups(scripts: Sequence[Script], size: int) -> Iterator[Sequence[Script]]:
    for first in range(0, len(scripts), size):
        yield scripts[first : first + size]

"""What the analyzer says of a tape, held against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.tapes.made import Truth
from voicebot.replay.tape_analyzer import TapeReport

# Two events are the same one if they are no further apart.
SAME_MS = 250


@dataclass
class Score:
    """Errors in ms, with sign, of what was found; and what was missed or invented."""

    latency: list[int] = field(default_factory=list)
    stop: list[int] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    noises: int = 0
    noises_discarded: int = 0

    def add(self, other: Score) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def score(report: TapeReport, truth: Truth) -> Score:
    """One tape's."""
    found = Score()
    responses = [(r.caller.end_ms, r.latency_ms) for r in report.turns.responses]
    _match("response", truth.latencies, responses, found.latency, found)
    stops = [(o.caller.start_ms, o.stopped_after_ms) for o in report.turns.interruptions]
    _match("interruption", truth.stops, stops, found.stop, found)
    _count("missed turn", truth.missed, len(report.turns.missed), found)
    _count("listener signal", truth.passive_over_bot, len(report.turns.backchannels), found)
    for name, sides in (
        ("caller", ([(c.start_ms, c.end_ms) for c in truth.caller], report.caller)),
        ("bot", ([(b.start_ms, b.end_ms) for b in truth.bot], report.bot)),
    ):
        true, heard = sides
        starts = _match(
            f"{name} sound", true, [(s.start_ms, s.end_ms) for s in heard], found.edges, found
        )
        found.edges += starts
    for noise in truth.noises:
        found.noises += 1
        found.noises_discarded += not any(
            s.start_ms < noise.end_ms and noise.start_ms < s.end_ms for s in report.caller
        )
    return found


def _match(
    what: str,
    true: Sequence[tuple[int, int]],
    heard: Sequence[tuple[int, int]],
    errors: list[int],
    score: Score,
) -> list[int]:
    """Pair by the first figure; `errors` gets the second's. Returns the first's errors."""
    left = list(heard)
    firsts: list[int] = []
    for at, value in true:
        near = min(left, key=lambda each: abs(each[0] - at), default=None)
        if near is None or abs(near[0] - at) > SAME_MS:
            score.lost.append(f"{what} at {at} ms")
            continue
        left.remove(near)
        firsts.append(near[0] - at)
        errors.append(near[1] - value)
    score.invented += [f"{what} at {at} ms" for at, _ in left]
    return firsts


def _count(what: str, true: int, heard: int, score: Score) -> None:
    score.lost += [what] * max(0, true - heard)
    score.invented += [what] * max(0, heard - true)

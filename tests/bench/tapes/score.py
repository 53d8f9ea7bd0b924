"""What the analyzer says of a tape, held against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.tapes.made import Truth
from voicebot.replay.tape import Sound
from voicebot.replay.tape_analyzer import TapeReport
from voicebot.replay.tape_turns import Label, Meant

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
    signals: int = 0
    signals_unheard: int = 0
    """Listener signals that only the levels found: they count as noises over the bot."""
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
    spoken = [c for c in truth.caller if c.meant is not Meant.BACKCHANNEL]
    signals = [c for c in truth.caller if c.meant is Meant.BACKCHANNEL]
    caller = [s for s in report.caller if not any(_same(s, each) for each in signals)]
    found.signals += len(signals)
    found.signals_unheard += sum(not any(_same(s, c) for s in report.caller) for c in signals)
    for name, sides in (
        ("caller", ([(c.start_ms, c.end_ms) for c in spoken], caller)),
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


def _same(sound: Sound, label: Label) -> bool:
    """Whether the sound is the labelled one."""
    return abs(sound.start_ms - label.start_ms) <= SAME_MS


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

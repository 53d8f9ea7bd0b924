"""Figures of one call or of many: percentiles, and rates that have enough events to be one.

Names follow EVA, tau-voice and Full-Duplex-Bench where they have one (docs/tape.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from voicebot.replay.tape_turns import BACKCHANNEL_YIELD_MS, NO_YIELD_MS, TurnTaking

FEWEST_EVENTS = 10
"""Below this a rate says more about chance than about the bot, and is not shown."""
EARLY_MS, LATE_MS = 200, 4000
"""EVA's turn-taking labels: earlier is early, from here on late, on time between."""


@dataclass(frozen=True)
class Times:
    """Some times in ms. p90 and p95 are None below `FEWEST_EVENTS`, all are None for none."""

    n: int
    p50_ms: int | None
    p90_ms: int | None
    p95_ms: int | None
    max_ms: int | None

    @classmethod
    def of(cls, values: Sequence[int]) -> Times:
        def at(share: float) -> int | None:
            return round(float(np.percentile(values, share)))

        if not values:
            return cls(0, None, None, None, None)
        enough = len(values) >= FEWEST_EVENTS
        return cls(
            len(values), at(50), at(90) if enough else None, at(95) if enough else None, max(values)
        )

    def __str__(self) -> str:
        parts = [
            f"{name} {value} ms"
            for name, value in (
                ("p50", self.p50_ms), ("p90", self.p90_ms), ("p95", self.p95_ms),
                ("max", self.max_ms),
            )
            if value is not None
        ]  # fmt: skip
        return f"{', '.join(parts) or 'none'} (n={self.n})"


@dataclass(frozen=True)
class Rate:
    """`events` of `of`; `value` is None where `of` is less than `FEWEST_EVENTS`."""

    events: int
    of: int

    @property
    def value(self) -> float | None:
        return self.events / self.of if self.of >= FEWEST_EVENTS else None

    def __str__(self) -> str:
        share = f"{self.value:.1%} " if self.value is not None else ""
        return f"{share}({self.events} of {self.of})"


@dataclass(frozen=True)
class Metrics:
    """What a table shows of one call or of a bank.

    - ``response_latency``: caller's last sound to the bot's first (EVA response speed, tau L_R).
    - ``on_time``: answered turns within EVA's 200 ms to 4 s.
    - ``response_rate``: turns that were answered (tau R_R); ``missed_turns`` are the others.
    - ``yield_latency``: an interruption's first sound to the bot's silence, where it yielded
      within 2 s (tau L_Y; Full-Duplex-Bench's stop latency); ``yield_rate`` tells how often
      (tau R_Y).
    - ``false_interruptions``: listener signals and noises within 1 s of which the bot fell silent
      (1 - tau's selectivity).
    - ``talk_over_rate``: the bot's onsets inside the caller's speech, of the caller's turns
      (tau I_A).
    - ``dead_air``: silences of more than 1.5 s in which the bot owed sound, and their sum.
    - ``overlap_share``: time in which both sounded, of the whole.
    - ``discarded``: stretches that one detector alone heard, and those that were echo.
    """

    calls: int
    audio_ms: int
    turns: int
    response_latency: Times
    on_time: Rate
    response_rate: Rate
    missed_turns: int
    yield_latency: Times
    yield_rate: Rate
    false_interruptions: Rate
    talk_over_rate: Rate
    dead_air: Times
    dead_air_total_ms: int
    overlap_ms: int
    overlap_share: float
    discarded: int
    discarded_ms: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; rates carry their value, None where there are too few events."""
        data = asdict(self)
        for name, value in vars(self).items():
            if isinstance(value, Rate):
                data[name] = {"value": value.value, "events": value.events, "of": value.of}
        return data


@dataclass(frozen=True)
class CallFigures:
    """What one call adds to the figures."""

    turns: TurnTaking
    audio_ms: int
    discarded_ms: tuple[int, ...]


def measure(calls: Iterable[CallFigures]) -> Metrics:
    """The figures of all calls together: events are pooled, not means of means."""
    all_calls = list(calls)
    each = [call.turns for call in all_calls]
    latencies = [r.latency_ms for t in each for r in t.responses]
    stops = [o.stopped_after_ms for t in each for o in t.interruptions]
    yields = [stop for stop in stops if stop <= NO_YIELD_MS]
    passive = [o.stopped_after_ms for t in each for o in t.backchannels]
    turns = sum(t.turns for t in each)
    missed = sum(len(t.missed) for t in each)
    dead = [silence.length_ms for t in each for silence in t.dead_air]
    audio_ms = sum(call.audio_ms for call in all_calls)
    overlap_ms = sum(length for t in each for length in t.overlaps_ms)
    discarded = [length for call in all_calls for length in call.discarded_ms]
    return Metrics(
        calls=len(all_calls),
        audio_ms=audio_ms,
        turns=turns,
        response_latency=Times.of(latencies),
        on_time=Rate(sum(EARLY_MS <= ms < LATE_MS for ms in latencies), len(latencies)),
        response_rate=Rate(turns - missed, turns),
        missed_turns=missed,
        yield_latency=Times.of(yields),
        yield_rate=Rate(len(yields), len(stops)),
        false_interruptions=Rate(
            sum(stop <= BACKCHANNEL_YIELD_MS for stop in passive), len(passive)
        ),
        talk_over_rate=Rate(sum(len(t.talk_overs) for t in each), turns),
        dead_air=Times.of(dead),
        dead_air_total_ms=sum(dead),
        overlap_ms=overlap_ms,
        overlap_share=overlap_ms / audio_ms if audio_ms else 0.0,
        discarded=len(discarded),
        discarded_ms=sum(discarded),
    )

"""A run in figures. What rests on fewer than `LEAST` events is not told as a rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.replay.own_clock import differences_ms
from voicebot.replay.results import CallResult, Run, TurnResult

LEAST = 10


@dataclass(frozen=True)
class Figure:
    """One line of the summary: a name, its value (None: too few), of how many, and its unit."""

    name: str
    value: float | None
    n: int
    unit: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"– (n = {self.n})"
        if self.unit == "%":
            return f"{self.value * 100:.1f} %"
        return f"{self.value:.0f} {self.unit}".strip()


def spoken(call: CallResult) -> list[TurnResult]:
    """The turns in which the caller says words."""
    return [turn for turn in call.turns if turn.length]


def missed(call: CallResult) -> list[TurnResult]:
    """Turns that ended in the bot's silence, and after which it said nothing in time."""
    return [t for t in spoken(call) if not t.over_bot and t.latency_ms is None]


def share(values: Sequence[float], percent: float) -> float | None:
    """A percentile; None of too few values."""
    return float(np.percentile(values, percent)) if len(values) >= LEAST else None


def figures(run: Run) -> list[Figure]:
    """What is told of a run, in this order."""
    waits = run.latencies_ms
    turns = [turn for call in run.calls for turn in spoken(call)]
    length = sum(turn.length for turn in turns)
    errors = sum(turn.errors for turn in turns)
    terms = sum(turn.terms for turn in turns)
    lost = sum(len(turn.terms_missed) for turn in turns)
    checks = [check for call in run.calls for check in call.checks]
    silent = sum(len(missed(call)) for call in run.calls)
    dead = sum(wait > 1500 for wait in waits)
    apart = differences_ms(run)
    return [
        Figure("calls", len(run.calls), len(run.calls)),
        Figure("calls in which all held", sum(c.ok for c in run.calls), len(run.calls)),
        Figure("checks that held", sum(c.ok for c in checks), len(checks)),
        Figure("response latency p50", share(waits, 50), len(waits), "ms"),
        Figure("response latency p90", share(waits, 90), len(waits), "ms"),
        Figure("response latency p95", share(waits, 95), len(waits), "ms"),
        Figure("tape less own clock p50", share(apart, 50), len(apart), "ms"),
        Figure("tape less own clock p95", share(apart, 95), len(apart), "ms"),
        Figure("waits over 1.5 s", _rate(dead, len(waits)), len(waits), "%"),
        Figure("missed turns", _rate(silent, len(turns)), len(turns), "%"),
        Figure("character error rate", _rate(errors, length), length, "%"),
        Figure("terms missed", _rate(lost, terms), terms, "%"),
    ]


def _rate(count: int, of: int) -> float | None:
    return count / of if of >= LEAST else None

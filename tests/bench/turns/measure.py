"""What is measured of each kind of call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.bench.turns.cases import Case
from tests.bench.turns.lab import Lab, Outcome, Until, Variant
from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    SpeculateNow,
    SpeechStarted,
    TurnEnded,
)

FLUSH_MS = 25
"""How long a line still plays after it was told to be silent (baresip: 2 to 25 ms)."""
LATE_ONSET_MS = 120
"""A turn that ends this soon after a pause was ended in it: nothing of the rest was heard yet."""

Make = Callable[[], Variant]
Tick = Callable[[], None]


def _ended_after(end_ms: int) -> Until:
    return lambda outcome, now_ms: now_ms > end_ms and outcome.ended_ms >= end_ms


def _passed(at_ms: int) -> Until:
    return lambda outcome, now_ms: now_ms > at_ms


def _settled(end_ms: int) -> Until:
    """The bot has stopped, or has gone on a while after the last sound."""

    def settled(outcome: Outcome, now_ms: int) -> bool:
        if outcome.stopped_ms is not None:
            return True
        return now_ms > end_ms + 1500 and outcome.is_settled

    return settled


@dataclass
class Finished:
    """Sentences said through: what the caller waits for after the last sound."""

    delays_ms: list[int] = field(default_factory=list)
    after_text_ms: list[int] = field(default_factory=list)
    split: int = 0
    missed: int = 0
    speculations: int = 0
    slow: list[str] = field(default_factory=list)
    n: int = 0


def finished(lab: Lab, cases: Iterable[Case], make: Make, tick: Tick) -> Finished:
    found = Finished()
    for case in cases:
        outcome = lab.run(case, make(), _ended_after(case.end_ms))
        ends = outcome.times(TurnEnded)
        found.n += 1
        found.split += len(ends) > 1
        found.missed += not ends
        found.speculations += len(outcome.times(SpeculateNow))
        if ends:
            delay_ms = ends[-1] - case.end_ms
            found.delays_ms.append(delay_ms)
            if outcome.heard_ms:
                found.after_text_ms.append(max(0, ends[-1] - outcome.heard_ms[-1]))
            if delay_ms > 700:
                found.slow.append(f"{case.text} ({delay_ms} ms, {' / '.join(outcome.texts[-2:])})")
        tick()
    return found


@dataclass
class Pauses:
    """Sentences with a pause in them: was the caller cut off in it?"""

    by_length: dict[int, list[bool]] = field(default_factory=dict)
    cut_at: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        return sum(map(len, self.by_length.values()))

    @property
    def cut(self) -> int:
        return sum(map(sum, self.by_length.values()))


def pauses(lab: Lab, cases: Iterable[tuple[int, Case]], make: Make, tick: Tick) -> Pauses:
    """`cases` with the length of their pause in ms."""
    found = Pauses()
    for length_ms, case in cases:
        assert case.pause is not None
        begin_ms, end_ms = case.pause
        outcome = lab.run(case, make(), _passed(end_ms + LATE_ONSET_MS))
        cut = [at for at in outcome.times(TurnEnded) if begin_ms < at <= end_ms + LATE_ONSET_MS]
        found.by_length.setdefault(length_ms, []).append(bool(cut))
        if cut:
            heard = outcome.texts[0] if outcome.texts else "-"
            found.cut_at.append(f"{case.text} ({length_ms} ms, at {cut[0] - begin_ms}: {heard})")
        tick()
    return found


@dataclass
class Overlaps:
    """Speech over the bot. `silent_ms`: from its onset to silence on the wire."""

    n: int = 0
    silent_ms: list[int] = field(default_factory=list)
    stopped: int = 0
    stops_ms: list[int] = field(default_factory=list)
    resumed: int = 0
    noticed: int = 0
    gaps_ms: list[int] = field(default_factory=list)
    left_hanging: int = 0
    early: int = 0
    wrong: list[str] = field(default_factory=list)


def overlaps(
    lab: Lab, cases: Sequence[Case], make: Make, tick: Tick, *, should_stop: bool
) -> Overlaps:
    found = Overlaps()
    for case in cases:
        outcome = lab.run(case, make(), _settled(case.end_ms))
        found.n += 1
        found.early += any(at <= case.onset_ms for at in outcome.times(BargeInSuspected))
        _one_overlap(found, case, outcome)
        if bool(outcome.stopped_ms) != should_stop:
            heard = zip(outcome.texts, outcome.confidences, strict=True)
            kinds = ", ".join(f"{text or '-'} {sure:.2f}" for text, sure in heard)
            found.wrong.append(f"{case.text} ({kinds or 'not noticed'})")
        tick()
    return found


def _one_overlap(found: Overlaps, case: Case, outcome: Outcome) -> None:
    suspected = [at for at in outcome.times(BargeInSuspected) if at > case.onset_ms]
    found.noticed += bool(suspected)
    found.silent_ms += [at - case.onset_ms + FLUSH_MS for at in suspected[:1]]
    if outcome.stopped_ms is not None:
        found.stopped += 1
        found.stops_ms.append(outcome.stopped_ms - case.onset_ms)
        return
    if not suspected:
        return
    back = outcome.times(BargeInDismissed)
    found.resumed += bool(back)
    found.left_hanging += not back and not outcome.times(SpeechStarted)
    found.gaps_ms.append(sum(end - begin for begin, end in outcome.gaps_ms))


@dataclass
class FalseTriggers:
    """Calls in which nobody speaks: what was taken for a caller."""

    n: int = 0
    held: int = 0
    stopped: int = 0
    turns: int = 0
    seconds: float = 0.0
    what: list[str] = field(default_factory=list)


def false_triggers(lab: Lab, cases: Iterable[Case], make: Make, tick: Tick) -> FalseTriggers:
    found = FalseTriggers()
    for case in cases:
        outcome = lab.run(case, make())
        found.n += 1
        found.seconds += len(case.caller) / 8000
        found.held += bool(outcome.times(BargeInSuspected))
        found.stopped += bool(outcome.times(BargeIn))
        turns = len(outcome.times(SpeechStarted))
        found.turns += turns
        if turns:
            found.what.append(case.text)
        tick()
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """Interpolated; 0 where there is nothing."""
    return float(np.percentile(values, share * 100)) if values else 0.0


def spread(values: Sequence[float]) -> str:
    """Median, 95th percentile and worst, in ms."""
    if not values:
        return "-"
    p50, p95 = quantile(values, 0.5), quantile(values, 0.95)
    return f"p50 {p50:.0f}, p95 {p95:.0f}, max {max(values):.0f} ms"

"""Two runs held against each other: which turns changed, for better or worse, and what is worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voicebot.replay.results import CallResult, Run, TurnResult, named
from voicebot.replay.summary import missed, spoken

SLOWER_MS = {"fast": 80, "wire": 200}
"""A median turn that is slower by more is a regression; on a wire machines differ by themselves."""
LEAST_PAIRS = 3
MORE_ERRORS = 0.02
LEAST_ERRORS = 3


@dataclass(frozen=True)
class Change:
    """One turn of a call that went differently; `verdict` is better, worse or changed."""

    call: str
    turn: int
    verdict: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Diff:
    """`regressions` are one line each; none: the new run is no worse."""

    changes: tuple[Change, ...]
    regressions: tuple[str, ...]
    before_ms: tuple[int, ...]
    after_ms: tuple[int, ...]


def compare(before: Run, after: Run) -> Diff:
    """What changed from `before` to `after`, call by call, by name."""
    old, new = named(before.calls), named(after.calls)
    both = [(old[name], new[name]) for name in old if name in new]
    changes = [change for pair in both for change in _changes(*pair)]
    regressions = [f"{name}: not played any more" for name in old if name not in new]
    regressions += [
        f"{c.call}, {f'turn {c.turn}' if c.turn else 'call'}: {c.what}: {c.after or 'no longer'}"
        for c in changes
        if c.verdict == "worse"
    ]
    regressions += _slower(both, SLOWER_MS.get(after.way, SLOWER_MS["wire"]))
    regressions += _deafer(both)
    return Diff(
        tuple(changes), tuple(regressions), tuple(before.latencies_ms), tuple(after.latencies_ms)
    )


def _changes(old: CallResult, new: CallResult) -> Iterator[Change]:
    if new.error and not old.error:
        yield Change(new.name, 0, "worse", "was played", "", new.error)
    if old.error and not new.error:
        yield Change(new.name, 0, "better", "could not be played", old.error, "")
    held = {(check.turn, check.what): check for check in old.checks}
    for check in new.checks:
        was = held.get((check.turn, check.what))
        if was is not None and was.ok != check.ok:
            verdict = "better" if check.ok else "worse"
            yield Change(new.name, check.turn, verdict, check.what, was.found, check.found)
    for a, b in zip(old.turns, new.turns, strict=False):
        yield from _turn(new.name, a, b)


def _turn(call: str, old: TurnResult, new: TurnResult) -> Iterator[Change]:
    if old.said != new.said:
        yield Change(call, new.number, "changed", "the script", old.said, new.said)
        return
    if old.heard != new.heard:
        verdict = "changed"
        if old.errors != new.errors:
            verdict = "better" if new.errors < old.errors else "changed"
        yield Change(call, new.number, verdict, "heard", old.heard, new.heard)
    if old.answers != new.answers or old.kinds != new.kinds:
        what = (" ".join((*t.answers, *t.kinds)) for t in (old, new))
        yield Change(call, new.number, "changed", "acts", *what)
    elif old.replies != new.replies:
        texts = ("".join(t.replies) for t in (old, new))
        yield Change(call, new.number, "changed", "words", *texts)


def _slower(both: list[tuple[CallResult, CallResult]], limit_ms: int) -> Iterator[str]:
    waits = [
        (a.latency_ms, b.latency_ms)
        for old, new in both
        for a, b in zip(old.turns, new.turns, strict=False)
        if a.latency_ms is not None and b.latency_ms is not None and a.said == b.said
    ]
    if len(waits) < LEAST_PAIRS:
        return
    old_ms, new_ms = np.array(waits).T
    slower = float(np.median(new_ms - old_ms))
    if slower > limit_ms:
        yield (
            f"response latency: the median of {len(waits)} turns came {slower:.0f} ms later "
            f"(p50 {np.median(old_ms):.0f} -> {np.median(new_ms):.0f} ms)"
        )
    tails = (float(np.percentile(each, 95)) for each in (old_ms, new_ms))
    was, now = tails
    if len(waits) >= 20 and now - was > 2 * limit_ms + 0.1 * was:
        yield f"response latency: p95 of {len(waits)} turns {was:.0f} -> {now:.0f} ms"


def _deafer(both: list[tuple[CallResult, CallResult]]) -> Iterator[str]:
    old_turns = [turn for old, _ in both for turn in spoken(old)]
    new_turns = [turn for _, new in both for turn in spoken(new)]
    errors = [sum(t.errors for t in turns) for turns in (old_turns, new_turns)]
    lengths = [sum(t.length for t in turns) for turns in (old_turns, new_turns)]
    rates = [e / max(n, 1) for e, n in zip(errors, lengths, strict=True)]
    if rates[1] - rates[0] > MORE_ERRORS and errors[1] - errors[0] >= LEAST_ERRORS:
        yield f"character error rate: {rates[0]:.1%} -> {rates[1]:.1%} of {lengths[1]} characters"
    lost = [sum(len(t.terms_missed) for t in turns) for turns in (old_turns, new_turns)]
    if lost[1] > lost[0] + 1:
        yield f"terms missed: {lost[0]} -> {lost[1]}"
    silent = [sum(len(missed(call)) for call in calls) for calls in zip(*both, strict=True)]
    if silent and silent[1] > silent[0]:
        yield f"missed turns: {silent[0]} -> {silent[1]}"

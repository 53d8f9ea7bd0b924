"""What a run of the bench found: frozen, JSON-ready, the same bytes for the same run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from voicebot.replay.script import BankError

FORMAT = 1


@dataclass(frozen=True)
class Check:
    """One thing that was expected: of turn `turn` (from 1; 0: of the call), and whether it held."""

    turn: int
    what: str
    ok: bool
    found: str = ""


@dataclass(frozen=True)
class TurnResult:
    """A caller's turn: what was said and when, what was heard, what was replied, how long it took.

    Times are ms of the call. `latency_ms` is read off the tape: from the caller's last sound to the
    bot's next one; None where the bot did not wait for its end, or said nothing.
    """

    number: int
    said: str
    start_ms: int
    end_ms: int
    heard: str = ""
    confidence: float | None = None
    errors: int = 0
    length: int = 0
    terms: int = 0
    terms_missed: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    latency_ms: int | None = None
    over_bot: bool = False
    late: str = ""
    stages: tuple[dict[str, Any], ...] = ()
    turn_confidence: float | None = None


@dataclass(frozen=True)
class CallResult:
    """One call. `error` says why there is no more of it. `length_ms` is that of the tape."""

    name: str
    kind: str
    end: str
    hung_up: str
    length_ms: int
    turns: tuple[TurnResult, ...] = ()
    checks: tuple[Check, ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    tape: dict[str, Any] = field(default_factory=dict)
    peaks: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was played, and all that was expected of it held."""
        return not self.error and all(check.ok for check in self.checks)


@dataclass(frozen=True)
class Run:
    """All calls. `complete` is False while it runs, or where it was cut short."""

    way: str
    calls: tuple[CallResult, ...]
    complete: bool = True
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def latencies_ms(self) -> list[int]:
        """Every turn's, in order."""
        every = (turn.latency_ms for call in self.calls for turn in call.turns)
        return [each for each in every if each is not None]


def to_json(run: Run) -> str:
    """The whole run as JSON, the same bytes for the same run."""
    tree = {"format": FORMAT, **asdict(run)}
    return json.dumps(tree, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_run(folder: Path) -> Run:
    """A run that was kept. Raises BankError, one line, where there is none that can be read."""
    file = folder / "run.json" if folder.is_dir() else folder
    try:
        tree = json.loads(file.read_text("utf-8"))
        if tree.pop("format") != FORMAT:
            raise BankError(f"{file}: of another version of the bench; replay it again")
        calls = tuple(_call(each) for each in tree.pop("calls"))
        return Run(calls=calls, **tree)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BankError(f"{file}: no run of `voicebot replay` can be read here: {error}") from None


def _call(tree: dict[str, Any]) -> CallResult:
    turns = tuple(_turn(each) for each in tree.pop("turns"))
    checks = tuple(Check(**each) for each in tree.pop("checks"))
    left, right = tree.pop("peaks")
    peaks = (tuple(left), tuple(right))
    return CallResult(
        turns=turns, checks=checks, events=tuple(tree.pop("events")), peaks=peaks, **tree
    )


def _turn(tree: dict[str, Any]) -> TurnResult:
    listed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in tree.items()}
    return TurnResult(**listed)


def named(calls: Iterable[CallResult]) -> dict[str, CallResult]:
    """By name."""
    return {call.name: call for call in calls}

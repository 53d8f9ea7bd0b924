"""A test caller's script: what it plays and what it waits for. Data only.

A JSON list of steps, each an object with one verb (docs/telephony.md)::

    [{"wait_reply": {"quiet_ms": 700}}, {"play": "question.wav"},
     {"play_over": "stop.wav", "after_speech_ms": 1200}, {"hangup": true}]
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telephony.errors import ScriptError


@dataclass(frozen=True)
class Play:
    """Play a wav to its end."""

    wav: Path


@dataclass(frozen=True)
class PlayOver:
    """Wait until the far end has been speaking for `after_speech_ms`, then play over it."""

    wav: Path
    after_speech_ms: int = 1000
    timeout_ms: int = 15_000


@dataclass(frozen=True)
class WaitReply:
    """Wait until the far end has spoken `min_ms` in all and then been quiet for `quiet_ms`."""

    min_ms: int = 200
    quiet_ms: int = 700
    timeout_ms: int = 15_000


@dataclass(frozen=True)
class Wait:
    """Say nothing for `wait_ms`."""

    wait_ms: int


@dataclass(frozen=True)
class Digits:
    """Press keys."""

    digits: str


@dataclass(frozen=True)
class Hang:
    """Hang up."""


@dataclass(frozen=True)
class WaitHangup:
    """Wait until the far end hangs up, at most `timeout_ms`."""

    timeout_ms: int


Step = Play | PlayOver | WaitReply | Wait | Digits | Hang | WaitHangup
_VERBS = ("play", "play_over", "wait_reply", "wait_ms", "digits", "hangup", "wait_hangup")


def load_script(path: Path) -> list[Step]:
    """Read a script; wav paths are relative to its folder. Raises ScriptError."""
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ScriptError(f"{path}: is not JSON: {error}") from None
    return parse_script(steps, path.parent)


def parse_script(steps: Any, folder: Path) -> list[Step]:
    """Check and type the steps of a script. Raises ScriptError that names the step."""
    if not isinstance(steps, list):
        raise ScriptError(f"script: a list of steps is expected, got {type(steps).__name__}")
    return [_step(number, step, folder) for number, step in enumerate(steps, 1)]


def _step(number: int, step: Any, folder: Path) -> Step:
    verbs = [verb for verb in _VERBS if isinstance(step, dict) and verb in step]
    if len(verbs) != 1:
        raise ScriptError(
            f"script: step {number}: one of {', '.join(_VERBS)} is expected, got {step!r}"
        )
    verb = verbs[0]
    value, rest = step[verb], {key: val for key, val in step.items() if key != verb}
    try:
        return _build(verb, value, rest, folder)
    except TypeError as error:
        raise ScriptError(f"script: step {number} ({verb}): {error}") from None


def _build(verb: str, value: Any, rest: dict[str, Any], folder: Path) -> Step:
    match verb:
        case "play":
            return Play(folder / value, **rest)
        case "play_over":
            return PlayOver(folder / value, **rest)
        case "wait_reply":
            return WaitReply(**(value if isinstance(value, dict) else {}), **rest)
        case "wait_ms":
            return Wait(_ms(value), **rest)
        case "digits":
            return Digits(str(value), **rest)
        case "wait_hangup":
            return WaitHangup(_ms(value), **rest)
        case _:
            return Hang(**rest)


def _ms(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"milliseconds are expected, got {value!r}")
    return value

"""How far the bot's own clock is from the tape: what its records and dashboards leave out.

The bot reckons a reply's latency from where it believes the caller's last sound to be to where it
hands its first sound to the line. The tape has what the caller said and heard.
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.replay.results import CallResult, Run, TurnResult


def differences_ms(run: Run) -> list[int]:
    """Latency on the tape less the bot's own, for each turn of which both know one."""
    return [
        turn.latency_ms - own_ms
        for call in run.calls
        for turn, until_ms in _turns(call)
        if turn.latency_ms is not None
        and (own_ms := _own_ms(call, turn.start_ms, until_ms)) is not None
    ]


def _turns(call: CallResult) -> Iterator[tuple[TurnResult, int]]:
    """Every turn, and where the next one begins."""
    starts = [turn.start_ms for turn in call.turns]
    yield from zip(call.turns, [*starts[1:], call.length_ms], strict=False)  # no turns, no end


def _own_ms(call: CallResult, start_ms: int, until_ms: int) -> int | None:
    """What the first reply of this stretch says of itself."""
    replies = (
        event["since_caller_ms"]
        for event in call.events
        if event["event"] == "bot_spoke" and start_ms <= event["at_ms"] < until_ms
    )
    return next((int(own_ms) for own_ms in replies if own_ms is not None), None)

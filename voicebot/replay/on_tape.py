"""What the tape analyzer makes of a call, kept so that many calls' figures can be pooled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.replay.caller import Done
from voicebot.replay.script import Script, Turn
from voicebot.replay.tape_analyzer import analyze
from voicebot.replay.tape_metrics import Rate, Times
from voicebot.replay.tape_turns import BACKCHANNEL_YIELD_MS, NO_YIELD_MS, Label, Meant


def read_tape_of(
    tape: npt.NDArray[np.int16], script: Script, done: Iterable[Done]
) -> dict[str, Any]:
    """The analyzer's events of one call, JSON-ready. It sees the sound alone; of the script it is
    told only which sounds over the bot are listener signals."""
    labels = [
        Label(each.start_ms, each.end_ms, _meant(turn))
        for each, turn in zip(done, script.turns, strict=False)
        if turn.say or turn.wav
    ]
    report = analyze(tape, 8000, labels=labels)
    turns = report.turns
    return {
        "audio_ms": report.duration_ms,
        "turns": turns.turns,
        "response_ms": [each.latency_ms for each in turns.responses],
        "missed": len(turns.missed),
        "yield_ms": [each.stopped_after_ms for each in turns.interruptions],
        "listener_ms": [each.stopped_after_ms for each in turns.backchannels],
        "talk_overs": len(turns.talk_overs),
        "dead_air_ms": [each.length_ms for each in turns.dead_air],
        "overlap_ms": sum(turns.overlaps_ms),
        "discarded": len(report.caller_discarded) + len(report.bot_discarded),
    }


def _meant(turn: Turn) -> Meant:
    if any(each.kind == "goes_on" for each in turn.expect):
        return Meant.BACKCHANNEL
    return Meant.TURN if turn.over_bot_ms is None else Meant.INTERRUPTION


def pooled(tapes: Iterable[Mapping[str, Any]]) -> dict[str, Times | Rate | int]:
    """The figures of many calls together, by name; definitions as in `tape_metrics.Metrics`."""
    all_tapes = [tape for tape in tapes if tape]

    def every(key: str) -> list[int]:
        return [value for tape in all_tapes for value in tape[key]]

    def total(key: str) -> int:
        return sum(int(tape[key]) for tape in all_tapes)

    stops, passive = every("yield_ms"), every("listener_ms")
    yields = [stop for stop in stops if stop <= NO_YIELD_MS]
    false = sum(stop <= BACKCHANNEL_YIELD_MS for stop in passive)
    return {
        "response latency": Times.of(every("response_ms")),
        "missed turns": Rate(total("missed"), total("turns")),
        "barge-in yield": Times.of(yields),
        "barge-ins yielded to": Rate(len(yields), len(stops)),
        "false interruptions": Rate(false, len(passive)),
        "talk-over": Rate(total("talk_overs"), total("turns")),
        "dead air over 1.5 s": Times.of(every("dead_air_ms")),
        "overlap, ms": total("overlap_ms"),
        "discarded: one detector alone": total("discarded"),
    }

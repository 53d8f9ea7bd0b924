"""A scripted call through the bot's own parts in virtual time, the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telephony import Call, DialResult, Endpoint, TransferOutcome
from telephony.api import FRAME_BYTES
from telephony.file_line import FileCall, FileEndpoint
from voicebot.replay.caller import Caller, Done, VoicedTurn
from voicebot.replay.effects import LineEffects
from voicebot.replay.modelled_time import ModelledScheduler
from voicebot.replay.script import Script
from voicebot.replay.virtual_call import VirtualCall
from voicebot.session.events import Observer, SessionEvent
from voicebot.session.reception import Session
from voicebot.turns.virtual_time import VirtualDeadlockError, run_virtual

SEAT_MS = 600_000
MakeSession = Callable[[Call, Observer, Endpoint], Session]


@dataclass(frozen=True)
class Played:
    """A call as it went: what the caller did, what the bot told of it, the stereo tape, (n, 2)."""

    script: Script
    done: tuple[Done, ...]
    hung_up: str
    events: tuple[SessionEvent, ...]
    tape: npt.NDArray[np.int16]
    error: str = ""


def play_fast(
    script: Script, turns: list[VoicedTurn], make: MakeSession, scheduler: ModelledScheduler
) -> Played:
    """One call. What goes wrong inside the bot is in `error`, with what there was until then."""
    random.seed(script.name)
    caller = Caller(turns, script.longest_s)
    call = VirtualCall(caller, LineEffects(script.effects, script.name), script.name)
    events: list[SessionEvent] = []

    async def ring() -> None:
        await make(call, events.append, _seats(script)).run()

    error = ""
    try:
        run_virtual(ring)
    except VirtualDeadlockError as stuck:
        error = f"the call hung: {stuck}"
    except Exception as failed:  # of the bot, whatever it is: the other calls are still played
        error = f"the bot failed: {type(failed).__name__}: {failed}"
    finally:
        scheduler.end_call()
    tape = np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)
    return Played(script, tuple(caller.done), caller.hung_up, tuple(events), tape, error)


def _seats(script: Script) -> FileEndpoint:
    if script.seat == "accepted":
        seat = FileCall(bytes(FRAME_BYTES), tail_ms=SEAT_MS)
        return FileEndpoint(dials=[DialResult(TransferOutcome.ACCEPTED, seat)])
    outcomes = {"busy": TransferOutcome.BUSY, "no_answer": TransferOutcome.NO_ANSWER}
    if script.seat in outcomes:
        return FileEndpoint(dials=[DialResult(outcomes[script.seat])] * 8)
    return FileEndpoint()

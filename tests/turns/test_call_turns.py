"""The parts of a live call together, on a scripted ear."""

from __future__ import annotations

import numpy as np
from turn_script import SETTINGS, ScriptedVad, numbered_frame

from voicebot.turns.call_turns import CallTurns
from voicebot.turns.events import BargeIn, SpeechStarted, TurnEvent
from voicebot.turns.turn_taker import TurnTaker

LOUD_BOT = np.full(8000, 6000, np.int16).tobytes()  # 1 s at -15 dBFS


def start() -> CallTurns:
    return CallTurns(TurnTaker(SETTINGS, ScriptedVad()))


def speak(call: CallTurns, frames: int, db: float) -> list[TurnEvent]:
    return [
        event for n in range(frames) for event in call.feed(numbered_frame(n, speech=True, db=db))
    ]


def test_a_soft_voice_under_a_loud_bot_is_taken_for_its_echo_at_first() -> None:
    call = start()
    call.played(LOUD_BOT)
    assert speak(call, 20, db=-30.0) == []


def test_a_voice_louder_than_any_echo_interrupts_even_at_the_calls_first_second() -> None:
    call = start()
    call.played(LOUD_BOT)
    kinds = [type(event) for event in speak(call, 20, db=-10.0)]
    assert kinds[1:] == [BargeIn, SpeechStarted]


def test_flushed_audio_is_no_longer_spoken() -> None:
    call = start()
    call.played(LOUD_BOT)
    call.flushed()
    events = speak(call, 20, db=-30.0)
    assert [type(event) for event in events] == [SpeechStarted]


def test_a_line_ahead_of_the_mirror_ends_the_bots_turn_in_time() -> None:
    call = start()
    call.played(LOUD_BOT)
    call.feed(numbered_frame(0, speech=False), line_queued_ms=0)
    for n in range(30):  # the echo of the last frame may still be on its way
        call.feed(numbered_frame(n, speech=False), line_queued_ms=0)
    assert [type(event) for event in speak(call, 20, db=-30.0)] == [SpeechStarted]

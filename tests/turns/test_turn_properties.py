"""What holds for every call, whatever is said when."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from turn_script import SETTINGS, Line

from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    NoInputElapsed,
    SpeculateNow,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnEndReason,
    TurnEvent,
)
from voicebot.turns.turn_taker import PREROLL_MS, SOUND_REACH_MS

QUICK = SETTINGS.model_copy(update={"max_turn_ms": 3000, "no_input_ms": 2000})
LONGEST_MS = PREROLL_MS + SOUND_REACH_MS + QUICK.max_turn_ms + 20
# (frames, caller speaks, bot speaks, echo expected)
STRETCHES = st.lists(
    st.tuples(
        st.integers(1, 60), st.booleans(), st.booleans(), st.sampled_from([None, -90.0, 0.0])
    ),
    max_size=25,
)

ALLOWED: dict[type[TurnEvent] | None, set[type[TurnEvent]]] = {
    None: {SpeechStarted, BargeInSuspected, NoInputElapsed},
    NoInputElapsed: {SpeechStarted, BargeInSuspected, NoInputElapsed},
    BargeInSuspected: {BargeIn, BargeInDismissed, SpeechStarted},
    BargeInDismissed: {BargeInSuspected, SpeechStarted, NoInputElapsed},
    BargeIn: {SpeechStarted},
    SpeechStarted: {SpeculateNow, TurnEnded},
    SpeculateNow: {SpeechResumed, TurnEnded},
    SpeechResumed: {SpeculateNow, TurnEnded},
    TurnEnded: {SpeechStarted, BargeInSuspected, NoInputElapsed},
}


def play(stretches: list[tuple[int, bool, bool, float | None]]) -> Line:
    """Feed the call frame by frame; note the utterance at each speculation and end."""
    line = Line(QUICK)
    for frames, speech, bot, echo in stretches:
        line.feed([speech] * frames, bot=bot, echo=echo)
    return line


@given(STRETCHES)
def test_events_always_alternate_and_time_never_goes_back(
    stretches: list[tuple[int, bool, bool, float | None]],
) -> None:
    events = play(stretches).events
    for before, event in pairwise([None, *events]):
        assert type(event) in ALLOWED[type(before) if before else None]
    times = [event.at_ms for event in events]
    assert times == sorted(times)


@given(STRETCHES)
def test_no_frame_of_speech_is_lost_doubled_or_out_of_order(
    stretches: list[tuple[int, bool, bool, float | None]],
) -> None:
    line = Line(QUICK)
    last_end = -1
    for frames, speech, bot, echo in stretches:
        for _ in range(frames):
            for event in line.feed([speech], bot=bot, echo=echo):
                if not isinstance(event, TurnEnded):
                    continue
                heard = line.frames_heard()
                assert heard == list(range(heard[0], heard[-1] + 1))
                assert heard[0] > last_end
                assert heard[0] * 20 <= event.speech_start_ms
                assert (heard[-1] + 1) * 20 >= event.speech_end_ms
                last_end = heard[-1]


@given(STRETCHES)
def test_an_utterance_is_never_longer_than_its_bound(
    stretches: list[tuple[int, bool, bool, float | None]],
) -> None:
    line = Line(QUICK)
    for frames, speech, bot, echo in stretches:
        for _ in range(frames):
            line.feed([speech], bot=bot, echo=echo)
            assert len(line.taker.utterance()) / 8 <= LONGEST_MS


@given(STRETCHES)
def test_a_kept_speculation_has_the_final_turns_very_samples(
    stretches: list[tuple[int, bool, bool, float | None]],
) -> None:
    line = Line(QUICK)
    speculated: bytes | None = None
    for frames, speech, bot, echo in stretches:
        for _ in range(frames):
            for event in line.feed([speech], bot=bot, echo=echo):
                now = line.taker.utterance().tobytes()
                if isinstance(event, SpeculateNow) and line.taker.in_turn:
                    speculated = now
                elif isinstance(event, SpeechResumed | SpeechStarted):
                    speculated = None
                elif isinstance(event, TurnEnded) and speculated is not None:
                    assert now == speculated


@given(STRETCHES)
def test_silence_always_ends_a_turn(
    stretches: list[tuple[int, bool, bool, float | None]],
) -> None:
    line = play(stretches)
    was_in_turn = line.taker.in_turn
    after = line.quiet(QUICK.endpoint_ms)
    assert not line.taker.in_turn
    ended = [event for event in after if isinstance(event, TurnEnded)]
    assert len(ended) >= was_in_turn
    assert all(event.reason in TurnEndReason for event in ended)

"""Who sounded when, and what the tape analyzer makes of it: pure, no audio."""

from __future__ import annotations

import pytest

from voicebot.replay.tape import Sound
from voicebot.replay.tape_metrics import CallFigures, Metrics, Rate, Times, measure
from voicebot.replay.tape_turns import Label, Meant, TurnTaking, read_turns


def sounds(*pairs: tuple[int, int]) -> list[Sound]:
    return [Sound(start, end) for start, end in pairs]


def figures(turns: TurnTaking, audio_ms: int = 60_000) -> Metrics:
    return measure([CallFigures(turns, audio_ms, ())])


def test_a_response_is_from_the_callers_last_sound_to_the_bots_first() -> None:
    turns = read_turns(sounds((1000, 2000), (2600, 3000)), sounds((4100, 5000)), 20_000)
    assert [r.latency_ms for r in turns.responses] == [1100]  # the caller's pause is no turn
    assert turns.turns == 1
    assert turns.missed == ()


def test_a_caller_left_without_an_answer_for_four_seconds_was_missed() -> None:
    caller = sounds((1000, 2000), (6100, 7000))
    turns = read_turns(caller, sounds((8000, 9000)), 20_000)
    assert turns.missed == (Sound(1000, 2000),)
    assert turns.turns == 2
    assert figures(turns).response_rate == Rate(1, 2)


def test_the_end_of_the_tape_is_no_missed_turn_but_a_long_silence_before_it_is() -> None:
    assert read_turns(sounds((1000, 2000)), [], 5000).turns == 0
    assert read_turns(sounds((1000, 2000)), [], 6001).missed == (Sound(1000, 2000),)


def test_an_interruption_is_timed_from_its_first_sound_to_the_bots_silence() -> None:
    turns = read_turns(sounds((2000, 4000)), sounds((1000, 2450), (5000, 6000)), 20_000)
    (cut,) = turns.interruptions
    assert cut.stopped_after_ms == 450
    assert [r.latency_ms for r in turns.responses] == [1000]
    assert figures(turns).yield_latency.p50_ms == 450


def test_a_bot_that_talks_on_for_two_seconds_has_not_yielded() -> None:
    turns = read_turns(sounds((2000, 4000)), sounds((1000, 4500)), 20_000)
    metrics = figures(turns)
    assert metrics.yield_latency.n == 0
    assert metrics.yield_rate == Rate(0, 1)


def test_a_short_sound_over_the_bot_is_a_listener_signal_and_stopping_at_it_is_false() -> None:
    stopped = read_turns(sounds((2000, 2400)), sounds((1000, 2700)), 20_000)
    went_on = read_turns(sounds((2000, 2400)), sounds((1000, 9000)), 20_000)
    assert figures(stopped).false_interruptions == Rate(1, 1)
    assert figures(went_on).false_interruptions == Rate(0, 1)
    assert not stopped.interruptions
    assert not stopped.responses


def test_what_a_script_says_goes_before_the_length() -> None:
    caller, bot = sounds((2000, 2400)), sounds((1000, 2700))
    label = Label(1990, 2420, Meant.INTERRUPTION)
    assert [o.caller for o in read_turns(caller, bot, 20_000, [label]).interruptions] == caller
    long = sounds((2000, 3500))
    label = Label(1990, 3520, Meant.BACKCHANNEL)
    turns = read_turns(long, sounds((1000, 9000)), 20_000, [label])
    assert [o.meant for o in turns.overlapped] == [Meant.BACKCHANNEL]
    assert turns.interruptions == ()


def test_a_bot_that_is_silent_at_once_has_yielded_where_a_script_says_so() -> None:
    caller, bot = sounds((2000, 3500)), sounds((1000, 2070), (4000, 5000))
    told = read_turns(caller, bot, 20_000, [Label(1990, 3520, Meant.INTERRUPTION)])
    assert [each.stopped_after_ms for each in told.interruptions] == [70]
    # Who is not told cannot say whether the bot had just ended.
    assert read_turns(caller, bot, 20_000).interruptions == ()


def test_a_turn_that_runs_into_the_bots_next_words_is_no_interruption() -> None:
    label = Label(1990, 3520, Meant.TURN)
    turns = read_turns(sounds((2000, 3500)), sounds((1900, 2700)), 20_000, [label])
    assert turns.overlapped == ()
    assert turns.missed == (Sound(2000, 3500),)


def test_a_labelled_signal_counts_though_no_detector_heard_it() -> None:
    turns = read_turns([], sounds((1000, 2500)), 20_000, [Label(2000, 2200, Meant.BACKCHANNEL)])
    assert figures(turns).false_interruptions == Rate(1, 1)


def test_a_noise_over_the_bot_may_stop_it_falsely_too() -> None:
    turns = read_turns([], sounds((1000, 2500)), 20_000, noises=sounds((2000, 2250), (2300, 2350)))
    assert [o.meant for o in turns.overlapped] == [Meant.NOISE]


def test_a_bot_that_begins_inside_the_callers_speech_talks_over_them() -> None:
    turns = read_turns(sounds((1000, 4000)), sounds((2500, 5000)), 20_000)
    assert turns.talk_overs == (Sound(2500, 5000),)
    assert turns.overlaps_ms == (1500,)
    assert turns.interruptions == ()


def test_dead_air_is_silence_in_which_the_bot_owes_sound() -> None:
    caller = sounds((1000, 2000), (20_000, 21_000))
    # A late answer, a filler with nothing behind it for 2 s, then the caller thinks for 9 s.
    bot = sounds((3600, 4200), (6200, 11_000), (22_000, 23_000))
    turns = read_turns(caller, bot, 24_000)
    assert [(s.start_ms, s.end_ms) for s in turns.dead_air] == [(2000, 3600), (4200, 6200)]


def test_a_bot_that_asks_again_after_a_callers_long_silence_makes_no_dead_air() -> None:
    assert read_turns([], sounds((500, 3000), (11_000, 12_000)), 20_000).dead_air == ()


def test_rates_and_tails_of_fewer_than_ten_events_are_not_shown() -> None:
    assert Rate(3, 9).value is None
    assert str(Rate(3, 9)) == "(3 of 9)"
    assert Rate(3, 10).value == pytest.approx(0.3)
    nine, ten = Times.of(list(range(9))), Times.of([100 * n for n in range(10)])
    assert (nine.p50_ms, nine.p90_ms, nine.p95_ms) == (4, None, None)
    assert (ten.p50_ms, ten.p90_ms, ten.p95_ms, ten.max_ms) == (450, 810, 855, 900)
    assert Times.of([]) == Times(0, None, None, None, None)


def test_calls_are_pooled_by_event_not_averaged_by_call() -> None:
    quick = read_turns(sounds((1000, 2000)), sounds((2500, 3000)), 10_000)
    slow = read_turns(
        sounds((1000, 2000), (6000, 7000)), sounds((4000, 5000), (9000, 9500)), 10_000
    )
    both = measure([CallFigures(quick, 10_000, (100,)), CallFigures(slow, 10_000, ())])
    assert both.response_latency.p50_ms == 2000  # of 500, 2000, 2000
    assert (both.calls, both.turns, both.discarded, both.discarded_ms) == (2, 3, 1, 100)
    assert both.to_dict()["response_rate"] == {"value": None, "events": 3, "of": 3}

"""Who may interrupt the bot, on a scripted ear with a scripted echo estimate."""

from __future__ import annotations

from turn_script import Line

from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    SpeechStarted,
    TurnEnded,
    TurnEndReason,
)


def test_a_caller_over_the_bot_ducks_it_then_stops_it() -> None:
    line = Line()
    line.quiet(2000, bot=True)
    line.say(400, bot=True)
    assert line.events == [
        BargeInSuspected(at_ms=2120, onset_ms=2000),
        BargeIn(at_ms=2260, onset_ms=2000),
        SpeechStarted(at_ms=2260, speech_start_ms=2000),
    ]


def test_the_interruption_is_a_normal_turn_with_its_onset() -> None:
    line = Line()
    line.quiet(2000, bot=True)
    line.say(400, bot=True)
    line.say(600)
    line.quiet(480)
    assert line.events[-1] == TurnEnded(3480, 2000, 3000, TurnEndReason.SILENCE)
    assert line.frames_heard() == list(range(100 - 15, 150 + 8))


def test_the_bots_own_echo_never_stops_it() -> None:
    line = Line()
    line.say(10_000, bot=True, db=-30.0, echo=-32.0)
    assert line.events == []
    line.say(300, bot=True, db=-30.0, echo=-36.0)
    assert isinstance(line.events[1], BargeIn)


def test_an_echo_tail_after_the_bot_is_not_the_callers_turn() -> None:
    line = Line()
    line.say(2000, bot=True, db=-30.0, echo=-30.0)
    line.say(300, bot=False, db=-30.0, echo=-30.0)
    assert line.events == []
    line.say(200)
    assert line.events == [SpeechStarted(at_ms=2400, speech_start_ms=2300)]


def test_a_short_sound_ducks_the_bot_and_gives_it_back() -> None:
    line = Line()
    line.say(160, bot=True)
    line.quiet(400, bot=True)
    assert line.events == [BargeInSuspected(120, 0), BargeInDismissed(at_ms=380)]


def test_a_suspicion_that_outlasts_the_bot_becomes_a_plain_turn() -> None:
    line = Line()
    line.say(160, bot=True)
    line.say(100)
    assert line.events == [BargeInSuspected(120, 0), SpeechStarted(180, 0)]


def test_soft_syllables_inside_an_interruption_are_forgiven() -> None:
    line = Line()
    for _ in range(4):
        line.say(80, bot=True)
        line.quiet(120, bot=True)
    kinds = [type(event) for event in line.events]
    assert kinds == [BargeInSuspected, BargeIn, SpeechStarted]


def test_a_word_that_begins_with_a_fricative_ducks_the_bot_as_soon() -> None:
    """The detector takes the first sound of 是 or 重 for none, and says speech 80 ms later."""
    line = Line()
    line.quiet(2000, bot=True)
    line.murmur(80, bot=True)
    line.say(400, bot=True)
    assert line.events == [
        BargeInSuspected(at_ms=2120, onset_ms=2080),
        BargeIn(at_ms=2340, onset_ms=2080),
        SpeechStarted(at_ms=2340, speech_start_ms=2080),
    ]


def test_a_sound_that_is_never_speech_leaves_the_bot_alone() -> None:
    line = Line()
    line.murmur(1000, bot=True)
    line.say(20, bot=True)
    line.quiet(400, bot=True)
    assert line.events == []


def test_what_may_be_echo_before_the_speech_counts_for_nothing() -> None:
    line = Line()
    line.quiet(2000, bot=True)
    line.murmur(80, bot=True, db=-30.0, echo=-32.0)
    line.say(100, bot=True, db=-20.0, echo=-32.0)
    assert line.events == []

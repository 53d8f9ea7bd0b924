"""What the turn-taker makes of a call, on a scripted ear."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from turn_script import SETTINGS, Line

from voicebot.turns.endpoint import ExpectedAnswer, TurnSoFar
from voicebot.turns.events import (
    NoInputElapsed,
    SpeculateNow,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnEndReason,
)
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector


def test_a_sentence_is_started_speculated_on_and_ended() -> None:
    line = Line()
    line.quiet(1000)
    line.say(800)
    line.quiet(1000)
    assert line.events == [
        SpeechStarted(at_ms=1100, speech_start_ms=1000),
        SpeculateNow(at_ms=1960, speech_end_ms=1800),
        TurnEnded(2280, speech_start_ms=1000, speech_end_ms=1800, reason=TurnEndReason.SILENCE),
    ]


def test_the_first_syllable_is_kept_with_300_ms_before_it() -> None:
    line = Line()
    line.quiet(1000)
    line.say(800)
    assert line.frames_heard() == list(range(50 - 15, 90))


def test_a_first_syllable_the_detector_was_slow_on_is_kept_too() -> None:
    line = Line()
    line.quiet(1000)
    line.murmur(200)
    line.say(200)
    assert line.events == [SpeechStarted(at_ms=1300, speech_start_ms=1200)]
    assert line.frames_heard()[0] == 50 - 15
    line.quiet(2000)
    line.murmur(3000)
    line.say(200)
    assert line.frames_heard()[0] == line.index - 10 - 15 - 15


def test_the_final_audio_is_exactly_what_was_speculated_on() -> None:
    line = Line()
    line.quiet(400)
    line.say(600)
    assert isinstance(line.quiet(160)[-1], SpeculateNow)
    speculated = line.frames_heard()
    assert isinstance(line.quiet(320)[-1], TurnEnded)
    assert line.frames_heard() == speculated


def test_a_pause_at_a_comma_voids_the_speculation_and_keeps_one_turn() -> None:
    line = Line()
    line.say(600)
    line.quiet(300)
    assert line.say(400) == [SpeechResumed(at_ms=960)]
    line.quiet(480)
    kinds = [type(event) for event in line.events]
    assert kinds == [SpeechStarted, SpeculateNow, SpeechResumed, SpeculateNow, TurnEnded]
    assert line.frames_heard() == list(range(0, 30 + 15 + 20 + 8))


def test_a_click_in_the_pause_neither_resumes_nor_delays_the_end() -> None:
    line = Line()
    line.say(600)
    line.quiet(300)
    assert line.say(20) == []
    assert line.quiet(160) == [TurnEnded(1080, 0, 600, TurnEndReason.SILENCE)]


def test_speech_at_the_endpoint_holds_the_end_until_it_is_judged() -> None:
    line = Line()
    line.say(600)
    line.quiet(460)
    assert line.say(100) == [SpeechResumed(at_ms=600 + 460 + 60)]


def test_a_sound_at_the_endpoint_holds_the_end_until_the_detector_knows_it() -> None:
    line = Line(SETTINGS.model_copy(update={"endpoint_ms": 480}))
    line.say(1000)
    line.quiet(440)
    assert not [e for e in line.murmur(100) if isinstance(e, TurnEnded)], "it may be speech"
    assert not [e for e in line.say(400) if isinstance(e, TurnEnded)], "and was"


def test_a_sound_that_stays_no_speech_ends_the_turn_all_the_same() -> None:
    line = Line(SETTINGS.model_copy(update={"endpoint_ms": 480}))
    line.say(1000)
    line.quiet(440)
    ends = [e.at_ms for e in line.murmur(600) if isinstance(e, TurnEnded)]
    assert ends == [1580], "120 ms after the sound began"


def test_what_is_forgotten_ends_no_turn_and_is_in_no_other() -> None:
    line = Line()
    line.say(600)
    line.taker.forget()
    assert not line.taker.in_turn and not line.quiet(3000)
    line.say(300)
    line.taker.forget()
    line.say(300)
    assert line.frames_heard()[0] == line.index - 15, "not what was said before"


def test_clicks_and_coughs_never_add_up_to_a_turn() -> None:
    line = Line()
    for _ in range(200):
        line.say(60)
        line.quiet(140)
    assert [event for event in line.events if not isinstance(event, NoInputElapsed)] == []


def test_a_monologue_is_cut_and_goes_on_without_losing_a_frame() -> None:
    line = Line(SETTINGS.model_copy(update={"max_turn_ms": 2000}))
    line.say(2000)
    assert line.events[-1] == TurnEnded(2000, 0, 2000, TurnEndReason.MAX_LENGTH)
    assert line.frames_heard() == list(range(100))
    line.say(500)
    assert line.events[-1] == SpeechStarted(at_ms=2100, speech_start_ms=2000)
    assert line.frames_heard() == list(range(100, 125))


def test_no_input_counts_only_the_time_when_neither_speaks() -> None:
    line = Line()
    line.quiet(7000)
    line.quiet(3000, bot=True)
    assert line.events == []
    line.quiet(7980)
    assert line.events == []
    assert line.quiet(20) == [NoInputElapsed(at_ms=18_000)]
    line.say(500)
    line.quiet(7900)
    assert not isinstance(line.events[-1], NoInputElapsed)


@dataclass
class PatientWithNumbers:
    """Waits longer while a number is being read out."""

    asked: list[TurnSoFar]
    pauses: list[tuple[int, bool]] = field(default_factory=list)

    def needed_silence_ms(self, turn: TurnSoFar) -> int:
        self.asked.append(turn)
        return 1200 if turn.expected is ExpectedAnswer.NUMBER else 300

    def caller_paused(self, pause_ms: int, *, cut: bool = False) -> None:
        self.pauses.append((pause_ms, cut))


def test_another_endpoint_strategy_sees_text_and_expected_answer() -> None:
    strategy = PatientWithNumbers([])
    line = Line(endpoint=strategy)
    line.taker.expect(ExpectedAnswer.NUMBER)
    line.say(600)
    line.quiet(200)
    line.taker.heard("三七二")
    line.quiet(1000)
    assert line.events[-1] == TurnEnded(1800, 0, 600, TurnEndReason.SILENCE)
    assert strategy.asked[-1] == TurnSoFar(600, 1200, "三七二", ExpectedAnswer.NUMBER)
    line.taker.expect(ExpectedAnswer.OPEN)
    line.say(600)
    line.quiet(300)
    assert line.events[-1] == TurnEnded(2700, 1800, 2400, TurnEndReason.SILENCE)
    assert strategy.asked[-1].text == ""


def test_a_text_is_void_once_the_caller_goes_on() -> None:
    strategy = PatientWithNumbers([])
    line = Line(endpoint=strategy)
    line.taker.expect(ExpectedAnswer.NUMBER)
    line.say(600)
    line.quiet(200)
    line.taker.heard("三七二", speech_end_ms=600)
    line.quiet(200)
    line.say(400)
    line.quiet(200)
    assert strategy.asked[-1] == TurnSoFar(1400, 200, "", ExpectedAnswer.NUMBER, "三七二")
    line.taker.heard("三七", speech_end_ms=600)  # a decode of the first stretch comes too late
    line.quiet(20)
    assert strategy.asked[-1].text == ""
    line.taker.heard("三七二五", speech_end_ms=1400)
    line.quiet(20)
    assert strategy.asked[-1].text == "三七二五"


def test_an_endpoint_learns_pauses_and_cut_offs() -> None:
    strategy = PatientWithNumbers([])
    line = Line(endpoint=strategy)
    line.say(600)
    line.quiet(100)  # a plosive's closure, no pause
    line.say(300)
    line.quiet(260)
    line.say(300)
    line.quiet(400)  # the turn ends here, wrongly
    line.say(300)
    line.quiet(300)
    assert strategy.pauses == [(260, False), (400, True)]


def test_speech_after_the_bots_is_no_cut_off() -> None:
    strategy = PatientWithNumbers([])
    line = Line(endpoint=strategy)
    line.say(600)
    line.quiet(300)
    line.quiet(400, bot=True)
    line.quiet(100)
    line.say(300)
    line.quiet(3000)
    line.say(300)
    assert strategy.pauses == []


def test_an_endpoint_shorter_than_the_speculation_still_speculates_first() -> None:
    line = Line(SETTINGS.model_copy(update={"speculate_ms": 900}))
    line.say(600)
    line.quiet(480)
    assert [type(event) for event in line.events[-2:]] == [SpeculateNow, TurnEnded]


def test_a_frame_of_another_length_is_refused() -> None:
    taker = TurnTaker(SETTINGS, SpeechDetector(lambda window: 0.0))
    with pytest.raises(ValueError, match=r"320 bytes .* got 160"):
        taker.feed(bytes(160), bot_speaking=False)

"""Speech over the bot, decided by what it says: ducked at once, then stopped or brought back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turn_script import SETTINGS, Line

from voicebot.turns.content_barge_in import ContentBargeIn, OverlapRules, Verdict
from voicebot.turns.endpoint import ExpectedAnswer
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
from voicebot.turns.listener_signal import Overlap
from voicebot.turns.own_words import without_own_words
from voicebot.turns.spoken_text import bare


def overlapped(text: str, *, speech_ms: int = 400) -> Line:
    """A call in which the caller says `text` over the bot; its recognition takes 400 ms."""
    line = Line(content=ContentBargeIn())
    line.quiet(2000, bot=True)
    line.say(speech_ms, bot=True)
    line.quiet(400, bot=True)
    assert line.events == [BargeInSuspected(2120, 2000), SpeculateNow(2560, 2400)]
    line.taker.heard(text, speech_end_ms=2400)
    line.quiet(20, bot=True)
    return line


@pytest.mark.parametrize("text", ["嗯嗯", "对", "好的好的", "是的", "啊", ""])
def test_a_listener_ducks_the_bot_and_gives_it_back(text: str) -> None:
    line = overlapped(text)
    assert line.events[-1] == BargeInDismissed(2820)
    assert not line.taker.in_turn


@pytest.mark.parametrize("text", ["等一下", "转人工", "不是", "不是硬盘的问题", "你听我说"])
def test_words_that_mean_it_stop_the_bot(text: str) -> None:
    line = overlapped(text)
    assert line.events[-2:] == [BargeIn(2820, 2000), SpeechStarted(2820, 2000)]
    assert line.taker.in_turn
    line.quiet(300)
    assert line.events[-1] == TurnEnded(2880, 2000, 2400, TurnEndReason.SILENCE)


def test_the_overlap_was_recognized_once_and_its_turn_has_the_same_audio() -> None:
    line = Line(content=ContentBargeIn())
    line.quiet(2000, bot=True)
    line.say(400, bot=True)
    line.quiet(160, bot=True)
    speculated = line.frames_heard()
    line.taker.heard("等一下")
    line.quiet(400, bot=True)
    assert [type(e) for e in line.events[1:]] == [SpeculateNow, BargeIn, SpeechStarted, TurnEnded]
    assert line.frames_heard() == speculated


def test_long_speech_stops_the_bot_without_a_text() -> None:
    line = Line(content=ContentBargeIn())
    line.say(3000, bot=True)
    assert line.events[-2:] == [BargeIn(1000, 0), SpeechStarted(1000, 0)]


def test_a_caller_as_loud_as_ever_needs_less() -> None:
    line = Line(content=ContentBargeIn())
    line.say(2000)
    line.quiet(1000)
    line.events.clear()
    line.say(1200, bot=True)
    assert line.events[1] == BargeIn(3000 + 800, 3000)
    line.quiet(1000)
    line.events.clear()
    line.say(1200, bot=True, db=-30.0)
    assert line.events[1] == BargeIn(5200 + 1000, 5200)


def test_a_late_text_does_not_leave_the_bot_ducked_for_ever() -> None:
    line = Line(content=ContentBargeIn())
    line.say(400, bot=True)
    line.quiet(3000, bot=True)
    assert line.events[-1] == BargeInDismissed(400 + OverlapRules().give_up_ms)


def test_an_overlap_that_goes_on_is_judged_by_all_of_it() -> None:
    line = Line(content=ContentBargeIn())
    line.say(300, bot=True)
    line.quiet(200, bot=True)
    line.say(300, bot=True)
    line.quiet(160, bot=True)
    line.taker.heard("嗯", speech_end_ms=300)  # the first stretch: comes too late to count
    line.quiet(20, bot=True)
    assert [type(e) for e in line.events] == [
        BargeInSuspected, SpeculateNow, SpeechResumed, SpeculateNow,
    ]  # fmt: skip
    line.taker.heard("嗯等一下", speech_end_ms=800)
    line.quiet(20, bot=True)
    assert isinstance(line.events[-1], SpeechStarted)


def test_a_bot_that_ends_first_leaves_a_plain_turn() -> None:
    line = Line(content=ContentBargeIn())
    line.say(400, bot=True)
    line.quiet(200, bot=False)
    line.taker.heard("嗯")
    line.quiet(300)
    kinds = [type(event) for event in line.events]
    assert BargeIn not in kinds
    assert kinds[-1] is TurnEnded


def test_a_yes_to_a_question_just_heard_is_taken() -> None:
    assert ContentBargeIn().heard("对") is Verdict.RESUME
    content = ContentBargeIn()
    assert content.heard("对", ExpectedAnswer.YES_NO) is Verdict.STOP
    assert content.last is Overlap.ANSWER


def test_figures_that_were_asked_for_stop_the_bot_however_unsure_the_ears_are() -> None:
    content = ContentBargeIn()
    asked = content.heard("805", ExpectedAnswer.NUMBER, confidence=0.1)
    assert (asked, content.heard("805", confidence=0.1)) == (Verdict.STOP, Verdict.RESUME)


def test_the_bots_own_words_in_the_text_are_not_the_callers() -> None:
    content = ContentBargeIn()
    bot = "原因是没有加载阵列卡驱动，您先进阵列卡界面"
    assert content.heard("嗯阵列卡驱动", bot_text=bot) is Verdict.RESUME
    assert content.heard("针列卡区动", bot_text=bot) is Verdict.RESUME  # by its sound
    assert content.heard("阵列卡驱动我装过了", bot_text=bot) is Verdict.STOP
    assert content.heard("嗯阵列卡驱动") is Verdict.STOP


@given(st.text(max_size=20), st.text(max_size=20))
def test_nothing_but_own_words_is_taken_out(heard: str, spoken: str) -> None:
    assert without_own_words(heard, "") == bare(heard)
    assert without_own_words(heard, heard) in ("", bare(heard))
    assert set(without_own_words(heard, spoken)) <= set(bare(heard))


def test_a_short_sound_is_not_even_recognized() -> None:
    line = Line(content=ContentBargeIn())
    line.say(160, bot=True)
    line.quiet(400, bot=True)
    assert line.events == [BargeInSuspected(120, 0), BargeInDismissed(380)]


def test_contradicting_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="loud_certain_ms <= certain_ms, got 900 and 800"):
        OverlapRules(certain_ms=800, loud_certain_ms=900)


ALLOWED: dict[type[TurnEvent] | None, set[type[TurnEvent]]] = {
    None: {SpeechStarted, BargeInSuspected, NoInputElapsed},
    NoInputElapsed: {SpeechStarted, BargeInSuspected, NoInputElapsed},
    BargeInSuspected: {SpeculateNow, BargeIn, BargeInDismissed, SpeechStarted},
    BargeInDismissed: {BargeInSuspected, SpeechStarted, NoInputElapsed},
    BargeIn: {SpeechStarted},
    SpeechStarted: {SpeculateNow, SpeechResumed, TurnEnded},
    SpeculateNow: {SpeechResumed, TurnEnded, BargeIn, BargeInDismissed, SpeechStarted},
    SpeechResumed: {SpeculateNow, TurnEnded, BargeIn, BargeInDismissed, SpeechStarted},
    TurnEnded: {SpeechStarted, BargeInSuspected, NoInputElapsed},
}
STRETCHES = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, "", "嗯", "等一下", "对对对", "我的硬盘坏了"]),
    ),
    max_size=25,
)


@given(STRETCHES)
def test_whatever_is_said_when_each_duck_is_settled_and_events_alternate(
    stretches: list[tuple[int, bool, bool, str | None]],
) -> None:
    line = Line(SETTINGS.model_copy(update={"no_input_ms": 2000}), content=ContentBargeIn())
    for frames, speech, bot, text in stretches:
        line.feed([speech] * frames, bot=bot, echo=None)
        if text is not None:
            line.taker.heard(text)
    line.quiet(3000, bot=True)
    line.quiet(3000)
    events = [event for event in line.events if not isinstance(event, NoInputElapsed)]
    for before, event in pairwise([None, *events]):
        assert type(event) in ALLOWED[type(before) if before else None]
    settled = sum(isinstance(e, BargeInDismissed | SpeechStarted) for e in events)
    assert settled >= sum(isinstance(e, BargeInSuspected) for e in events)
    assert not line.taker.in_turn
    times = [event.at_ms for event in line.events]
    assert times == sorted(times)

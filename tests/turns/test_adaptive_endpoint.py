"""How long the bot waits: by what was said, by what was asked, by how the caller pauses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turn_script import Line

from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint, Ground, Patience
from voicebot.turns.endpoint import ExpectedAnswer, TurnSoFar
from voicebot.turns.events import SpeculateNow, TurnEnded
from voicebot.turns.pauses import USUAL_PAUSES_MS, PauseStatistics

PATIENCE = Patience()


def needed(
    text: str = "",
    expected: ExpectedAnswer = ExpectedAnswer.OPEN,
    endpoint: AdaptiveEndpoint | None = None,
    earlier_text: str = "",
) -> int:
    turn = TurnSoFar(1500, 100, text, expected, earlier_text)
    return (endpoint or AdaptiveEndpoint()).needed_silence_ms(turn)


@pytest.mark.parametrize("text", ["硬盘坏了怎么办", "已经重启过了", "好的谢谢", "保修多久"])
def test_a_whole_sentence_is_answered_soon(text: str) -> None:
    assert needed(text) <= 320


@pytest.mark.parametrize("text", ["就是说", "我们那个", "因为", "我想问一下", "如果硬盘坏了的话"])
def test_an_open_sentence_is_waited_for(text: str) -> None:
    assert needed(text) >= 1000


def test_without_a_text_a_usual_pause_is_waited_out() -> None:
    endpoint = AdaptiveEndpoint()
    assert needed(endpoint=endpoint) == PATIENCE.unheard_ms
    assert endpoint.last is not None
    assert endpoint.last.ground is Ground.NO_TEXT_YET


def test_a_yes_is_enough_where_a_yes_was_asked_for() -> None:
    assert needed("是的", ExpectedAnswer.YES_NO) == PATIENCE.min_ms
    assert needed("", ExpectedAnswer.YES_NO) < needed("")
    assert needed("是的但是", ExpectedAnswer.YES_NO) >= 1000


def test_dictated_digits_are_waited_for_until_they_are_said_to_be_over() -> None:
    number = ExpectedAnswer.NUMBER
    assert needed("三七二", number) == PATIENCE.number_ms
    assert needed("", number) == PATIENCE.number_ms
    assert needed("型号是nf五二八零") == PATIENCE.number_ms
    assert needed("", ExpectedAnswer.OPEN, earlier_text="序列号二一九幺") == PATIENCE.number_ms
    assert needed("三七二好了", number) <= 320
    assert needed("我不知道", number) <= 320
    assert needed("我不知道在哪里看", number) <= PATIENCE.unsure_ms


def test_a_slow_caller_gets_more_time_and_a_quick_one_less() -> None:
    slow, quick = AdaptiveEndpoint(), AdaptiveEndpoint()
    for _ in range(20):
        slow.caller_paused(800)
        quick.caller_paused(180)
    assert needed("", endpoint=slow) > PATIENCE.unheard_ms * 1.4
    assert needed("", endpoint=quick) < PATIENCE.unheard_ms
    assert needed("我们那个", endpoint=slow) > needed("我们那个", endpoint=quick)
    assert needed("保修多久", endpoint=slow) == needed("保修多久", endpoint=quick)


def test_one_cut_off_makes_it_more_careful_at_once() -> None:
    endpoint = AdaptiveEndpoint()
    endpoint.caller_paused(900, cut=True)
    assert needed("", endpoint=endpoint) > PATIENCE.unheard_ms * 1.2


@given(
    st.text(alphabet="我的硬盘坏了吗因为三七二好完一下就是说ab1 ，", max_size=12),
    st.sampled_from(ExpectedAnswer),
    st.lists(st.integers(0, 30_000), max_size=30),
)
def test_the_wait_is_always_within_its_bounds(
    text: str, expected: ExpectedAnswer, pauses: list[int]
) -> None:
    endpoint = AdaptiveEndpoint()
    for pause in pauses:
        endpoint.caller_paused(pause)
    assert PATIENCE.min_ms <= needed(text, expected, endpoint) <= PATIENCE.max_ms


def test_contradicting_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"min_ms <= whole_ms .* got 400, 280, 760"):
        Patience(min_ms=400)


def test_what_the_ears_doubt_makes_a_sentence_neither_whole_nor_open() -> None:
    def wait_ms(confidence: float) -> int:
        turn = TurnSoFar(1000, 300, "你没能碰啊", confidence=confidence)
        return AdaptiveEndpoint().needed_silence_ms(turn)

    assert wait_ms(0.9) == wait_ms(0.5) == PATIENCE.whole_ms
    assert PATIENCE.whole_ms < wait_ms(0.2) < wait_ms(0.01) <= PATIENCE.unsure_ms
    open_turn = TurnSoFar(1000, 300, "我们那个", confidence=0.01)
    assert AdaptiveEndpoint().needed_silence_ms(open_turn) == PATIENCE.unsure_ms


@given(st.lists(st.integers(0, 5000), max_size=60), st.floats(0, 1))
def test_a_quantile_lies_within_what_was_seen(pauses: list[int], share: float) -> None:
    statistics = PauseStatistics()
    for pause in pauses:
        statistics.add(pause)
    seen = [*USUAL_PAUSES_MS, *pauses[-24:]]
    assert min(seen) <= statistics.quantile_ms(share) <= max(seen)


def test_what_was_assumed_fades_as_pauses_are_seen() -> None:
    statistics = PauseStatistics()
    for _ in range(24):
        statistics.add(1000)
    assert statistics.quantile_ms(0.0) == 1000
    assert len(statistics) == 24


def test_no_usual_pauses_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        PauseStatistics(())


# --- in a turn ------------------------------------------------------------------------------------
def test_a_turn_ends_as_soon_as_its_text_says_that_it_is_whole() -> None:
    line = Line(endpoint=AdaptiveEndpoint())
    line.say(1000)
    line.quiet(400)
    assert isinstance(line.events[-1], SpeculateNow)
    line.taker.heard("硬盘坏了怎么办", speech_end_ms=1000)
    line.quiet(20)
    assert isinstance(line.events[-1], TurnEnded)
    assert line.events[-1].at_ms == 1420


def test_a_pause_after_a_connective_is_no_end() -> None:
    line = Line(endpoint=AdaptiveEndpoint())
    line.say(1000)
    line.quiet(400)
    line.taker.heard("我们的服务器因为")
    line.quiet(500)
    line.say(1000)
    line.quiet(400)
    line.taker.heard("我们的服务器因为停电坏了怎么办")
    line.quiet(100)
    ends = [event for event in line.events if isinstance(event, TurnEnded)]
    assert [end.at_ms for end in ends] == [3320]

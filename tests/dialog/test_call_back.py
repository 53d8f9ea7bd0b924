"""Nobody takes the call: whether, when and on which number somebody calls back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.server_pack import server_pack
from voicebot.dialog.events import (
    Action,
    BookCallBack,
    Handoff,
    HandoffEnded,
    Heard,
    Paused,
    Say,
)
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import Awaiting, DialogState, Phase
from voicebot.handoff import OfficeHours
from voicebot.handoff.call_back_time import CallBackTimes
from voicebot.settings import OfficeHoursSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_8_PM = datetime(2026, 11, 23, 20, 0, tzinfo=SHANGHAI)
HOURS = OfficeHours(OfficeHoursSettings(week={"mon-fri": "09:00-18:00"}))


class Caller:
    """A caller whose hand-off has just ended so; they talk with the demo company's dialog."""

    def __init__(self, outcome: str = "no_seat", *, own_number: bool = True) -> None:
        times = CallBackTimes(HOURS)
        self.dialog = Dialog(server_pack(), answer_risk=0.5, call_back_times=times)
        self.state, _ = self.dialog.start()
        asked = self.say("转人工")
        assert any(isinstance(action, Handoff) for action in asked)
        ended = HandoffEnded(
            outcome, True, own_number, MONDAY_8_PM.isoformat(), times.opens(MONDAY_8_PM)
        )
        self.state, self.told = self.dialog.step(self.state, ended)

    def say(self, text: str) -> tuple[Action, ...]:
        self.state, self.told = self.dialog.step(self.state, Heard(text))
        return self.told

    def pause(self) -> tuple[Action, ...]:
        self.state, self.told = self.dialog.step(self.state, Paused(3000))
        return self.told

    @property
    def heard(self) -> str:
        return "".join(action.text for action in self.told if isinstance(action, Say))

    @property
    def booked(self) -> BookCallBack | None:
        return next((each for each in self.told if isinstance(each, BookCallBack)), None)


def test_at_night_the_caller_hears_when_somebody_is_there_and_books_a_call() -> None:
    caller = Caller("closed")
    assert "明天上午9点上班" in caller.heard and "回电" in caller.heard
    caller.say("好的")
    assert "什么时候" in caller.heard
    caller.say("明天下午三点吧")
    assert "这个号码" in caller.heard
    caller.say("可以")
    booked = caller.booked
    assert booked is not None
    assert (booked.number, booked.wish) == ("", "明天下午3点")
    assert booked.due_from == "2026-11-24T15:00:00+08:00"
    assert "明天下午3点" in caller.heard and "还有" in caller.heard
    assert caller.state.phase is Phase.TALKING and caller.state.call_back is None


def test_a_yes_with_a_time_in_it_is_not_asked_for_the_time_again() -> None:
    caller = Caller()
    caller.say("好，明天上午给我打")
    assert caller.state.awaiting is Awaiting.CALL_BACK_NUMBER
    caller.say("行")
    assert caller.booked is not None and caller.booked.wish == "明天上午"


def test_a_time_at_which_nobody_works_is_moved_and_said_so() -> None:
    caller = Caller()
    caller.say("要的")
    caller.say("周六上午十点")
    assert "没有人上班" in caller.heard and "下周一" in caller.heard
    caller.say("可以的")
    assert caller.booked is not None
    assert caller.booked.due_from == "2026-11-30T09:00:00+08:00"


@pytest.mark.parametrize("words", ["尽快", "什么时候都行", "随时"])
def test_as_soon_as_possible_is_when_somebody_is_there_again(words: str) -> None:
    caller = Caller()
    caller.say("好")
    caller.say(words)
    caller.say("可以")
    assert caller.booked is not None
    assert caller.booked.due_from == "2026-11-24T09:00:00+08:00"


def test_another_number_is_dictated_and_read_back() -> None:
    caller = Caller()
    caller.say("好的，明天上午")
    caller.say("不是，换一个号码")
    assert "号码" in caller.heard and caller.booked is None
    caller.say("幺三九，零零幺三，九零零幺")
    if caller.booked is None and "对吗" not in caller.heard and "对不对" not in caller.heard:
        caller.pause()
    assert "幺 三 九" in caller.heard
    caller.say("对")
    assert caller.booked is not None and caller.booked.number == "13900139001"
    assert caller.state.scene is None


def test_a_withheld_number_is_asked_for_at_once() -> None:
    caller = Caller(own_number=False)
    caller.say("好的，明天上午")
    assert caller.state.scene is not None and caller.state.scene.scene == "call_back"
    caller.say("算了，不用了")
    assert caller.state.scene is None and caller.state.call_back is None
    assert caller.booked is None


def test_a_number_that_does_not_get_across_leaves_the_calling_one() -> None:
    caller = Caller()
    caller.say("好的，明天上午")
    caller.say("换一个")
    for _ in range(12):
        if caller.booked is not None:
            break
        caller.say("一二三")
        if caller.booked is None:
            caller.pause()
        if caller.booked is None:
            caller.say("不对")
    assert caller.booked is not None and caller.booked.number == ""
    assert "现在用的这个号码" in caller.heard


def test_who_wants_none_is_not_asked_again_and_may_go_on() -> None:
    caller = Caller()
    caller.say("不用了")
    assert caller.booked is None and caller.state.call_back is None
    assert caller.state.awaiting is not Awaiting.CALL_BACK
    assert caller.state.phase is Phase.TALKING


def test_who_asked_for_it_by_key_is_asked_when() -> None:
    caller = Caller("call_back")
    assert "什么时候" in caller.heard


def test_a_time_that_is_not_understood_twice_is_as_soon_as_possible() -> None:
    caller = Caller()
    caller.say("好")
    caller.say("嗯嗯这个嘛")
    caller.say("哎呀不好说")
    assert caller.state.awaiting is Awaiting.CALL_BACK_NUMBER


def test_without_an_offer_a_failed_hand_off_is_told_as_before() -> None:
    caller = Caller()
    state, actions = caller.dialog.step(DialogState(phase=Phase.HANDING_OFF), HandoffEnded("busy"))
    assert len(actions) == 1 and state.call_back is None


def test_the_state_with_a_call_back_survives_its_plain_form() -> None:
    caller = Caller()
    caller.say("好的，明天上午")
    assert DialogState.from_dict(caller.state.to_dict()) == caller.state

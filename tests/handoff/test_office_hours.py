"""When somebody is there: weeks, lunch, holidays, working Saturdays, zones; and call-backs then."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from voicebot.dialog.time_words import wished_time
from voicebot.handoff import OfficeHours
from voicebot.handoff.call_back_time import CallBackTimes
from voicebot.settings import OfficeHoursSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(
    OfficeHoursSettings(
        week={"mon-fri": "09:00-12:00 13:30-18:00", "sat": "10:00-12:00"},
        holidays=("2026-10-01..2026-10-07", "2027-01-01"),
        special={"2026-10-10": "09:00-18:00", "2026-10-12": ""},
    )
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 08:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 12:00", False),  # lunch
        ("2026-11-23 13:30", True),
        ("2026-11-23 18:00", False),
        ("2026-11-22 10:00", False),  # Sunday
        ("2026-10-05 10:00", False),  # National Day
        ("2026-10-10 15:00", True),  # a working Saturday
        ("2026-10-12 10:00", False),  # a Monday off instead
    ],
)
def test_the_hours_of_the_settings_hold(moment: str, is_open: bool) -> None:
    assert HOURS.open_at(at(moment)) is is_open


def test_another_zones_clock_is_read_right() -> None:
    assert HOURS.open_at(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    assert not HOURS.open_at(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:00"),
        ("2026-11-23 12:30", "2026-11-23 13:30"),
        ("2026-11-21 12:30", "2026-11-23 09:00"),  # Saturday noon
        ("2026-09-30 19:00", "2026-10-08 09:00"),
    ],
)
def test_the_next_opening_is_found_over_nights_weekends_and_holidays(
    moment: str, opens: str
) -> None:
    assert HOURS.next_open(at(moment)) == at(opens)


def test_without_a_week_it_is_always_open_and_a_closed_one_never() -> None:
    always = OfficeHours(OfficeHoursSettings())
    assert always.open_at(at("2026-11-22 03:00"))
    never = OfficeHours(OfficeHoursSettings(week={"mon": ""}))
    assert never.next_open(at("2026-11-22 03:00")) is None


# --- when a caller can be called back --------------------------------------------------------
NIGHT = at("2026-11-25 19:40")  # a Wednesday


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("明天上午", "2026-11-26 09:00", "2026-11-26 12:00"),
        ("明天下午三点半", "2026-11-26 15:30", "2026-11-26 16:30"),
        ("后天", "2026-11-27 09:00", "2026-11-27 18:00"),
        ("周五吧", "2026-11-27 09:00", "2026-11-27 18:00"),
        ("下周一上午九点", "2026-11-30 09:00", "2026-11-30 10:00"),
        ("三点", "2026-11-26 15:00", "2026-11-26 16:00"),
        ("今晚八点", "2026-11-25 20:00", "2026-11-25 21:00"),
        ("半小时后", "2026-11-25 20:10", "2026-11-25 21:10"),
        ("两个小时以后", "2026-11-25 21:40", "2026-11-25 22:40"),
        ("明早九点一刻", "2026-11-26 09:15", "2026-11-26 10:15"),
        ("15:30", "2026-11-26 15:30", "2026-11-26 16:30"),
        ("一会儿", "2026-11-25 20:10", "2026-11-25 21:10"),
    ],
)
def test_what_callers_say_of_a_time_is_understood(text: str, start: str, end: str) -> None:
    window = wished_time(text, NIGHT)
    assert window is not None
    assert (window.start, window.end) == (at(start), at(end))


@pytest.mark.parametrize("text", ["我的服务器坏了", "好的", "两块硬盘", ""])
def test_what_says_nothing_of_a_time_gives_none(text: str) -> None:
    assert wished_time(text, NIGHT) is None


@pytest.mark.parametrize(
    ("text", "said", "due", "moved"),
    [
        ("明天上午", "明天上午", "2026-11-26 09:00", False),
        ("明天下午三点半", "明天下午3点半", "2026-11-26 15:30", False),
        ("今晚九点", "明天上午9点", "2026-11-26 09:00", True),
        ("周日上午十点", "下周一上午9点", "2026-11-30 09:00", True),
        ("明天中午十二点半", "明天中午1点半", "2026-11-26 13:30", True),
        ("尽快", "明天上午", "2026-11-26 09:00", False),
    ],
)
def test_a_call_back_is_within_office_hours(text: str, said: str, due: str, moved: bool) -> None:
    when = CallBackTimes(HOURS)(text, NIGHT)
    assert when is not None
    assert (when.said, when.due_from, when.moved) == (said, at(due), moved)
    assert when.due_to > when.due_from


def test_it_is_said_when_somebody_is_there_again() -> None:
    times = CallBackTimes(HOURS)
    assert times.opens(NIGHT) == "明天上午9点"
    assert times.opens(at("2026-11-21 12:30")) == "后天上午9点"
    assert times.opens(at("2026-09-30 19:00")) == "下周四上午9点"
    assert times.opens(at("2026-11-23 12:30")) == "今天中午1点半"
    assert times.opens(at("2026-11-23 10:00")) == ""

"""When somebody wants to be called, as they say it and as it is said to them. Pure.

Times are of the company's zone: `now` carries it, and so does all that comes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from voicebot.dialog.numbers import numbers_in

_ASAP = re.compile(r"尽快|马上|立刻|越快越好|现在|随时|都行|都可以|都方便|有空|随便|看你们|上班")
_DAYS = (("大后天", 3), ("后天", 2), ("明", 1), ("今", 0))
_DAY = re.compile(r"大后天|后天|明[天早晚日]|今[天晚早日]")
_WEEKDAY = re.compile(r"(下个?)?(?:周|星期|礼拜)([一二三四五六日天])")
_WEEKDAYS = "一二三四五六日"
# The part of the day, from which hour to which.
_PARTS = (
    (re.compile(r"一大早|早上|清早|早晨|明早|今早"), 8, 10),
    (re.compile(r"上午"), 9, 12),
    (re.compile(r"中午"), 12, 14),
    (re.compile(r"下午"), 14, 18),
    (re.compile(r"傍晚"), 17, 19),
    (re.compile(r"晚上|今晚|明晚|夜里"), 18, 21),
)
_DAY_HOURS = (9, 18)
_FIGURE = r"\d{1,2}|[零一二两三四五六七八九十]{1,3}"
_CLOCK = re.compile(rf"({_FIGURE})\s*(?:点钟?|时|[:：](?=\d))\s*(半|一刻|三刻|(?:{_FIGURE})分?)?")
_IN = re.compile(rf"(半|{_FIGURE}|几)个?(小时|钟头|分钟)(?:以后|之后|后)")
_SOON = re.compile(r"一会儿?|待会儿?|等会儿?|过会儿?|晚点|晚些")
_MINUTES = {"": 0, "半": 30, "一刻": 15, "三刻": 45}
_SOON_S = timedelta(minutes=30)
_HOUR = timedelta(hours=1)
_AFTERNOON_UNTIL = 7  # 三点 alone is in the afternoon: nobody is called back at night


@dataclass(frozen=True)
class Window:
    """From when to when somebody wants to be called; `exact`: they named the hour."""

    start: datetime
    end: datetime
    exact: bool = False


def wished_time(text: str, now: datetime) -> Window | None:
    """What `text` says of when to call; None if it says nothing of it."""
    if (span := _relative(text)) is not None:
        start = now + span
        return Window(start, start + _HOUR, exact=True)
    day = _day(text, now)
    part = next(((first, last) for words, first, last in _PARTS if words.search(text)), None)
    clock = _clock(text, part)
    if clock is not None:
        start = _at(day or now, *clock)
        if day is None and start <= now:
            start += timedelta(days=1)
        return Window(start, start + _HOUR, exact=True)
    if day is not None or part is not None:
        first, last = part or _DAY_HOURS
        start, end = _at(day or now, first, 0), _at(day or now, last, 0)
        if day is None and end <= now:
            start, end = start + timedelta(days=1), end + timedelta(days=1)
        return Window(start, end)
    if _SOON.search(text):
        return Window(now + _SOON_S, now + _SOON_S + _HOUR)
    return Window(now, now + timedelta(days=1)) if _ASAP.search(text) else None


def spoken_moment(moment: datetime, now: datetime) -> str:
    """A moment as one says it today: 明天上午九点, 下周一上午九点半, 十二月三号上午九点."""
    return f"{_spoken_day(moment, now)}{_spoken_clock(moment)}"


def spoken_window(window: Window, now: datetime) -> str:
    """A window as one says it: with the hour where it was named, else with the part of the day."""
    if window.exact:
        return spoken_moment(window.start, now)
    day = _spoken_day(window.start, now)
    if (window.end - window.start) > timedelta(hours=4):
        return day
    return day + _part_of(window.start.hour)


def _relative(text: str) -> timedelta | None:
    match = _IN.search(text)
    if match is None:
        return None
    figure, unit = match.groups()
    amount = 0.5 if figure == "半" else 2.0 if figure == "几" else float(_number(figure))
    return timedelta(minutes=amount * (1 if unit == "分钟" else 60))


def _day(text: str, now: datetime) -> datetime | None:
    if match := _WEEKDAY.search(text):
        ahead = (_WEEKDAYS.index(match[2].replace("天", "日")) - now.weekday()) % 7
        if match[1]:  # 下周三 is the Wednesday of the week that begins on the next Monday
            ahead = 7 - now.weekday() + _WEEKDAYS.index(match[2].replace("天", "日"))
        return now + timedelta(days=ahead)
    if match := _DAY.search(text):
        ahead = next(days for word, days in _DAYS if match[0].startswith(word))
        return now + timedelta(days=ahead)
    return None


def _clock(text: str, part: tuple[int, int] | None) -> tuple[int, int] | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour, said = _number(match[1]), (match[2] or "").removesuffix("分")
    minute = _MINUTES[said] if said in _MINUTES else _number(said)
    late = part[0] >= 12 if part else hour <= _AFTERNOON_UNTIL
    if hour < 12 and late and not (part and part[0] == 12 and hour == 11):
        hour += 12
    return (hour, minute) if hour < 24 and minute < 60 else None


def _number(figure: str) -> int:
    return next(iter(numbers_in(figure)), 0)


def _at(day: datetime, hour: int, minute: int) -> datetime:
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _spoken_day(moment: datetime, now: datetime) -> str:
    ahead = (moment.date() - now.date()).days
    if 0 <= ahead <= 2:
        return ("今天", "明天", "后天")[ahead]
    weeks = (moment.date() - (now.date() - timedelta(days=now.weekday()))).days // 7
    if 0 <= weeks <= 1:
        return ("周", "下周")[weeks] + _WEEKDAYS[moment.weekday()]
    return f"{moment.month}月{moment.day}号"


def _spoken_clock(moment: datetime) -> str:
    hour = moment.hour if moment.hour <= 12 else moment.hour - 12
    minutes = "" if not moment.minute else "半" if moment.minute == 30 else f"{moment.minute}分"
    return f"{_part_of(moment.hour)}{hour}点{minutes}"


def _part_of(hour: int) -> str:
    if hour < 6:
        return "凌晨"
    if hour < 12:
        return "上午"
    if hour < 14:
        return "中午"
    return "下午" if hour < 18 else "晚上"

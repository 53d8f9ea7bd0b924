"""How a caller reaches a human: seats, waiting, office hours, what is done when nobody is free."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from voicebot.settings.section import Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_LONGEST_HOLIDAY_DAYS = 366
Spans = tuple[tuple[int, int], ...]
"""From and to, in minutes of the day, in order; to is at most 1440."""


def read_spans(text: str) -> Spans:
    """``"08:30-12:00 13:30-18:00"`` as minutes of the day; empty text is closed.

    Raises ValueError.
    """
    spans: list[tuple[int, int]] = []
    for part in text.split():
        match = _SPAN.fullmatch(part)
        if match is None:
            raise ValueError(f"hours like 09:00-18:00 are expected, got {part!r}")
        from_h, from_m, to_h, to_m = map(int, match.groups())
        start, end = 60 * from_h + from_m, 60 * to_h + to_m
        if from_m > 59 or to_m > 59 or not start < end <= MINUTES_A_DAY:
            raise ValueError(
                f"hours within one day are expected, the end after the start (24:00 at most; a "
                f"night is two parts on two days), got {part!r}"
            )
        if spans and start < spans[-1][1]:
            raise ValueError(f"hours in order are expected, without overlap; got {text!r}")
        spans.append((start, end))
    return tuple(spans)


def read_days(text: str) -> tuple[int, ...]:
    """``mon-fri`` or ``sat`` or ``mon,wed`` as weekdays, Monday 0. Raises ValueError."""
    found: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = (each.strip() for each in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f"days like mon-fri or sat are expected, got {text!r}")
        start, end = DAYS.index(first), DAYS.index(last if dash else first)
        if end < start:
            raise ValueError(f"days from the week's first to its last are expected, got {text!r}")
        found += range(start, end + 1)
    return tuple(found)


def read_dates(text: str) -> tuple[date, ...]:
    """``2026-10-01`` or ``2026-10-01..2026-10-07``. Raises ValueError."""
    first, dots, last = text.partition("..")
    try:
        start = date.fromisoformat(first.strip())
        end = date.fromisoformat(last.strip()) if dots else start
    except ValueError:
        raise ValueError(
            f"a date like 2026-10-01, or 2026-10-01..2026-10-07, is expected, got {text!r}"
        ) from None
    days = (end - start).days
    if not 0 <= days < _LONGEST_HOLIDAY_DAYS:
        raise ValueError(f"the last day after the first, within a year, is expected, got {text!r}")
    return tuple(start + timedelta(nth) for nth in range(days + 1))


class SeatSettings(Section):
    """A human seat that calls may be handed to."""

    name: str = Field(min_length=1, max_length=64, description="shown in records, e.g. 二线01")
    uri: str = Field(description="where to ring, e.g. sip:2001@10.0.0.5")
    skills: tuple[str, ...] = Field((), description="groups it belongs to, e.g. 存储组")
    product_lines: tuple[str, ...] = Field(
        (), description="models it knows, e.g. YS2200, or YL* for all that begin so; empty: all"
    )


class OverflowSettings(Section):
    """What is done for a caller who has waited for so long. Rules apply in the order of time."""

    after_s: float = Field(ge=0, description="waited so long; 0: at once where no seat is free")
    to: Literal["group", "number", "call_back"] = Field(
        description="group: seats with another skill may take it too; number: that number is rung; "
        "call_back: the bot offers to book a call back"
    )
    group: str = Field("", description="with to = 'group': the skill; '*': any seat")
    uri: str = Field("", description="with to = 'number': where to ring, e.g. sip:0108888@10.0.0.5")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.to == "group") != bool(self.group):
            raise ValueError(f"to = {self.to!r}: group is expected with to = 'group', and only so")
        if (self.to == "number") != bool(self.uri):
            raise ValueError(f"to = {self.to!r}: uri is expected with to = 'number', and only so")
        return self


class OfficeHoursSettings(Section):
    """When seats are there at all. An empty week is always open."""

    time_zone: str = Field("Asia/Shanghai", description="IANA name")
    week: dict[str, str] = Field(
        default_factory=dict,
        description="days to hours, e.g. mon-fri = '09:00-12:00 13:30-18:00'; others are closed",
    )
    holidays: tuple[str, ...] = Field(
        (), description="closed: '2026-10-01' or '2026-10-01..2026-10-07'"
    )
    special: dict[str, str] = Field(
        default_factory=dict,
        description="hours of single dates, above week and holidays: '2026-10-10' = '09:00-18:00' "
        "(a working Saturday); empty: closed",
    )

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("the name of a time zone like Asia/Shanghai is expected") from None
        return name

    @field_validator("week")
    @classmethod
    def _a_week(cls, week: dict[str, str]) -> dict[str, str]:
        seen: set[int] = set()
        for days, hours in week.items():
            read_spans(hours)
            named = read_days(days)
            if seen.intersection(named):
                raise ValueError(f"each day once is expected; {days!r} names one again")
            seen.update(named)
        return week

    @field_validator("holidays")
    @classmethod
    def _dates(cls, holidays: tuple[str, ...]) -> tuple[str, ...]:
        for text in holidays:
            read_dates(text)
        return holidays

    @field_validator("special")
    @classmethod
    def _special_dates(cls, special: dict[str, str]) -> dict[str, str]:
        for day, hours in special.items():
            if len(read_dates(day)) != 1:
                raise ValueError(f"a single date is expected, got {day!r}")
            read_spans(hours)
        return special


class HandoffSettings(Section):
    """How a caller reaches a human."""

    most_risk: float = Field(
        0.8,
        ge=0,
        le=1,
        description="an answer that is wrong more likely than this is not given: the bot says "
        "that it is not sure and offers a human",
    )
    mode: Literal["bridge", "refer", "attended"] = Field(
        "bridge",
        description="bridge: the bot stays in the path; refer: the PBX takes over; attended: "
        "the bot rings the seat first, then the PBX joins both",
    )
    ring_timeout_s: float = Field(20.0, gt=0)
    seats: tuple[SeatSettings, ...] = ()
    start_away: bool = Field(
        False, description="a seat that was never heard of is away until it says that it is ready"
    )
    only_skilled: bool = Field(
        False,
        description="a call goes to seats with its skill and product line only (others by "
        "overflow); false: to others where no such seat is free",
    )
    wrap_up_s: float = Field(
        30.0, ge=0, description="a seat's time after a talk, before the next call; 0: none"
    )
    away_after_no_answer: bool = Field(
        False, description="a seat that lets it ring out is away until it says that it is ready"
    )
    max_wait_s: float = Field(
        300.0, ge=0, description="a caller waits at most so long for a seat; 0: nobody waits"
    )
    max_waiting: int = Field(20, ge=0, description="more do not wait, but are told so")
    announce_every_s: float = Field(
        30.0, ge=10, description="how often a waiting caller is told how it stands"
    )
    retry_busy_s: float = Field(
        15.0, gt=0, description="a seat whose telephone was busy is rung again after so long"
    )
    overflow: tuple[OverflowSettings, ...] = ()
    office_hours: OfficeHoursSettings = OfficeHoursSettings()  # type: ignore[call-arg]
    call_back: bool = Field(
        True, description="offer to book a call back where nobody takes the call"
    )
    call_back_digit: str = Field(
        "1",
        pattern=r"^[0-9*#]?$",
        description="the key by which a waiting caller asks for it; empty: none",
    )

    @model_validator(mode="after")
    def _seats_apart(self) -> Self:
        names = [seat.name for seat in self.seats]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"seats: each needs a name of its own; twice: {twice[0]!r}")
        return self

    @model_validator(mode="after")
    def _groups_are_there(self) -> Self:
        skills = {skill for seat in self.seats for skill in seat.skills}
        for rule in self.overflow:
            if rule.to == "group" and rule.group != "*" and rule.group not in skills:
                known = ", ".join(sorted(skills)) or "none"
                raise ValueError(
                    f"overflow: no seat has the skill {rule.group!r}; the seats' skills: {known}"
                )
        return self

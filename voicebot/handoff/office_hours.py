"""When seats are there at all. Pure: the moment is an argument."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voicebot.settings.handoff import (
    MINUTES_A_DAY,
    OfficeHoursSettings,
    Spans,
    read_dates,
    read_days,
    read_spans,
)

ALL_DAY: Spans = ((0, MINUTES_A_DAY),)
_LOOK_AHEAD_DAYS = 400


class OfficeHours:
    """The hours of the settings, in their time zone."""

    def __init__(self, settings: OfficeHoursSettings) -> None:
        self.zone = ZoneInfo(settings.time_zone)
        self._week: dict[int, Spans] = {}
        for days, hours in settings.week.items():
            self._week.update(dict.fromkeys(read_days(days), read_spans(hours)))
        self._holidays = {day for text in settings.holidays for day in read_dates(text)}
        self._special = {
            read_dates(day)[0]: read_spans(hours) for day, hours in settings.special.items()
        }

    def spans(self, day: date) -> Spans:
        """The open parts of a day, in minutes of it."""
        if day in self._special:
            return self._special[day]
        if day in self._holidays:
            return ()
        return self._week.get(day.weekday(), ()) if self._week else ALL_DAY

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there at that moment (with its zone)."""
        local = moment.astimezone(self.zone)
        minute = 60 * local.hour + local.minute
        return any(start <= minute < end for start, end in self.spans(local.date()))

    def next_open(self, moment: datetime) -> datetime | None:
        """The first moment at or after `moment` at which it is open; None if never again."""
        if self.open_at(moment):
            return moment
        local = moment.astimezone(self.zone)
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = local.date() + timedelta(ahead)
            for start, _ in self.spans(day):
                opens = self._at(day, start)
                if opens >= moment:
                    return opens
        return None

    def closes(self, moment: datetime) -> datetime | None:
        """The end of the open time that `moment` lies in; None if it is closed then."""
        local = moment.astimezone(self.zone)
        minute = 60 * local.hour + local.minute
        for start, end in self.spans(local.date()):
            if start <= minute < end:
                return self._at(local.date(), end)
        return None

    def _at(self, day: date, minute: int) -> datetime:
        day += timedelta(minute // MINUTES_A_DAY)
        minute %= MINUTES_A_DAY
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.zone)

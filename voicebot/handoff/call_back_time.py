"""When a caller can be called back: as they wish, within office hours. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from voicebot.dialog.call_back import CallBackTime
from voicebot.dialog.time_words import Window, spoken_moment, spoken_window, wished_time
from voicebot.handoff.office_hours import OfficeHours

_SOON = timedelta(hours=1)
_A_DAY = timedelta(days=1)


class CallBackTimes:
    """Finds the time for a call-back; the office hours say when there is anybody to make it."""

    def __init__(self, hours: OfficeHours) -> None:
        self._hours = hours

    def __call__(self, text: str, now: datetime) -> CallBackTime | None:
        """What `text` wishes; None if it says nothing of a time.

        A wish outside office hours is moved to the next opening (`moved`), and one that has begun
        already to now. Where it never opens again the wish stands as it is.
        """
        now = now.astimezone(self._hours.zone)
        wish = wished_time(text, now)
        if wish is None:
            return None
        start = max(wish.start, now)
        opens = self._hours.next_open(start)
        if opens is None:
            return CallBackTime(spoken_window(wish, now), start, wish.end)
        closes = self._hours.closes(opens) or opens + _A_DAY
        if opens >= wish.end:
            said = spoken_moment(opens, now) if wish.exact else _part(opens, now)
            return CallBackTime(said, opens, closes, moved=True)
        if wish.end - wish.start >= _A_DAY:  # as soon as possible
            said = "尽快" if opens - now < _SOON else _part(opens, now)
            return CallBackTime(said, opens, closes)
        moved = wish.exact and opens > start
        shown = Window(opens, min(wish.end, closes), wish.exact)
        return CallBackTime(spoken_window(shown, now), shown.start, shown.end, moved=moved)

    def opens(self, now: datetime) -> str:
        """When somebody is there again, as one says it; empty if that is now, or never."""
        now = now.astimezone(self._hours.zone)
        opens = self._hours.next_open(now)
        return "" if opens is None or opens == now else spoken_moment(opens, now)


def _part(moment: datetime, now: datetime) -> str:
    return spoken_window(Window(moment, moment + _SOON), now)

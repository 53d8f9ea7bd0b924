"""报表: what the hotline did in a range of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from voicebot.console.doors import Doors
from voicebot.console.forms import day, day_after, number
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.records.report import report

RANGES = (("1", "今天"), ("7", "7 天"), ("30", "30 天"), ("90", "90 天"))


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the route."""

    @doors.get("/report", Right.REPORT)
    async def shown(
        request: Request, days: str = "7", since: str = "", until: str = ""
    ) -> Response:
        """The figures of some days."""
        start, end = _range(days, since, until)
        made = await house.ask(report, house.records, start, end, house.solved_texts)
        last = (end - timedelta(seconds=1)).astimezone()
        values = {"days": "" if day(since) else days, "since": f"{start.astimezone():%Y-%m-%d}"}
        values |= {"until": f"{last:%Y-%m-%d}"}
        return HTMLResponse(pages.page(request, "report.html", made=made, ranges=RANGES, **values))


def _range(days: str, since: str, until: str) -> tuple[datetime, datetime]:
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = (today + timedelta(days=1)).astimezone(UTC)
    start, end = day(since), day_after(until) or tomorrow
    if start is None:
        count = number(days, 3) or 7
        start = (today - timedelta(days=max(1, count) - 1)).astimezone(UTC)
    return start, max(end, start + timedelta(days=1))

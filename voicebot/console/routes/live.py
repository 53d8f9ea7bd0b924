"""实时通话: the calls of this moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from voicebot.console.doors import Doors
from voicebot.console.following import GATHER_S, KEEP_ALIVE_S, follow
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.console.shared import Shared, Version
from voicebot.console.stream import message
from voicebot.records.views import CallRow


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""
    now = Version(lambda: _now(house, pages), lambda: house.live.version, time.monotonic, GATHER_S)
    latest = Shared(house.latest)

    @doors.get("/live", Right.WATCH)
    async def live(request: Request) -> Response:
        """The page."""
        rows = await latest()
        calls, load = house.live.calls(), house.live.load()
        shown = pages.page(request, "live.html", now=calls, load=load, latest=rows)
        return HTMLResponse(shown)

    @doors.get("/live/events", Right.WATCH, idle=True)
    async def live_events(request: Request) -> Response:
        """What changes on it."""
        return follow(doors, house, request, _messages(pages, house, now, latest))


def _now(house: House, pages: Pages) -> str:
    return pages.part("now.html", now=house.live.calls(), load=house.live.load())


async def _messages(
    pages: Pages, house: House, now: Version[str], latest: Shared[list[CallRow] | None]
) -> AsyncGenerator[bytes, None]:
    """The calls now, whenever something happens; the kept ones, whenever one has ended."""
    with house.live.reader() as reader:
        yield message("parts", {"now": now()})
        while reader.open:
            changes = await reader.changes(KEEP_ALIVE_S)
            # Without any change too: how full the bot is changes by itself.
            yield message("parts", {"now": now()})
            if ended := [change.call_id for change in changes if change.ended]:
                await asyncio.gather(*map(house.settled, ended))
                shown = pages.part("latest.html", latest=await latest())
                yield message("parts", {"latest": shown})
            # All pages at the same moments, so that they can share what is shown.
            await asyncio.sleep(GATHER_S - time.monotonic() % GATHER_S)

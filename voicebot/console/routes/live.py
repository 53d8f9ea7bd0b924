"""实时通话: the calls of this moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from voicebot.console.doors import Doors
from voicebot.console.following import GATHER_S, KEEP_ALIVE_S, follow
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.console.stream import message


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""

    @doors.get("/live", Right.WATCH)
    async def live(request: Request) -> Response:
        now, load = house.live.calls(), house.live.load()
        latest = await house.latest()
        return HTMLResponse(pages.page(request, "live.html", now=now, load=load, latest=latest))

    @doors.get("/live/events", Right.WATCH, idle=True)
    async def live_events(request: Request) -> Response:
        return follow(doors, house, request, _messages(pages, house))


async def _messages(pages: Pages, house: House) -> AsyncGenerator[bytes, None]:
    """The calls now, whenever something happens; the kept ones, whenever one has ended."""

    def now() -> bytes:
        shown = pages.part("now.html", now=house.live.calls(), load=house.live.load())
        return message("parts", {"now": shown})

    with house.live.reader() as reader:
        yield now()
        while reader.open:
            changes = await reader.changes(KEEP_ALIVE_S)
            # Without any change too: how full the bot is changes by itself.
            yield now()
            for change in changes:
                if change.ended:
                    await house.settled(change.call_id)
                    latest = pages.part("latest.html", latest=await house.latest())
                    yield message("parts", {"latest": latest})
            await asyncio.sleep(GATHER_S)

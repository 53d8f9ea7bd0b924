"""Pages that update themselves, for as long as who reads them may."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from voicebot.console.doors import Doors, visit_of
from voicebot.console.house import House
from voicebot.console.stream import EventStream, message
from voicebot.errors import RecordsError

KEEP_ALIVE_S = 15.0
GATHER_S = 0.1  # changes that come together are shown together
RECHECK_S = 10.0

log = structlog.get_logger(__name__)


def follow(
    doors: Doors, house: House, request: Request, messages: AsyncGenerator[bytes, None]
) -> Response:
    """Stream `messages` until they end, the browser leaves, or its session is over."""
    if house.live.full:
        raise HTTPException(503, "打开的页面太多：请关掉一些再刷新。")
    return EventStream(while_signed_in(doors, request, messages, message("signed_out", {})))


async def while_signed_in(
    doors: Doors, request: Request, messages: AsyncGenerator[bytes, None], farewell: bytes = b""
) -> AsyncGenerator[bytes, None]:
    """`messages`, but only `farewell` once who asked is signed out, shut out or of another role;
    that is looked up every `RECHECK_S`."""
    checked_s = time.monotonic()
    async with aclosing(messages):
        async for each in messages:
            if time.monotonic() - checked_s > RECHECK_S:
                if not await _still(doors, request):
                    if farewell:
                        yield farewell
                    return
                checked_s = time.monotonic()
            yield each


async def _still(doors: Doors, request: Request) -> bool:
    try:
        visit = await doors.visit(request, used=False)
    except RecordsError as error:  # what happens now must be seen all the same
        log.error("console: records cannot be read", error=str(error))
        return True
    return visit is not None and visit.person.role == visit_of(request).person.role

"""Server-sent events: an answer that goes on, to a browser that may stop reading at any time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SEND_TIMEOUT_S = 10.0
KEEP_ALIVE = b": \n\n"

log = structlog.get_logger(__name__)


def message(name: str, data: dict[str, Any]) -> bytes:
    """One event. JSON in ASCII keeps it on one line, whatever the texts contain."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode("ascii")


class EventStream(Response):
    """Sends what `messages` yields until it ends or the browser leaves.

    A browser that takes nothing for `SEND_TIMEOUT_S` is let go.
    """

    media_type = "text/event-stream"

    def __init__(self, messages: AsyncGenerator[bytes, None], media_type: str = "") -> None:
        super().__init__(media_type=media_type or self.media_type)
        del self.headers["content-length"]
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of one answer."""
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        tasks = {
            asyncio.create_task(self._send_all(send)),
            asyncio.create_task(_until_gone(receive)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._messages) as messages:
            async for body in messages:
                part = {"type": "http.response.body", "body": body, "more_body": True}
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await send(part)
                except TimeoutError:
                    log.info("console: a page that took nothing was let go")
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

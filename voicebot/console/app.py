"""The console's routes. Read-only; a call is named by its record's id and by nothing else."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from voicebot import __version__
from voicebot.console.guard import Guard
from voicebot.console.live import LiveCalls
from voicebot.console.pages import Pages
from voicebot.console.stream import KEEP_ALIVE, EventStream, message
from voicebot.errors import NoSuchCallError, RecordsError
from voicebot.records.store import Records
from voicebot.records.views import CallRow, CallView

LATEST = 30
KEEP_ALIVE_S = 15.0
GATHER_S = 0.1  # changes that come together are shown together
SETTLE_TRIES = 15
SETTLE_S = 0.2

log = structlog.get_logger(__name__)


class Desk:
    """What the pages are made from: the calls in memory and the calls that were kept."""

    def __init__(self, records: Records, live: LiveCalls) -> None:
        self.live = live
        self._records = records

    async def latest(self) -> list[CallRow] | None:
        """The kept calls, newest first, without those in progress here; None: unreadable now."""
        try:
            rows = await asyncio.to_thread(self._records.list_calls, LATEST)
        except RecordsError as error:  # what happens now must be seen all the same
            log.error("console: records cannot be read", error=str(error))
            return None
        return [row for row in rows if self.live.get(row.id) is None]

    async def kept(self, call_id: str) -> CallView:
        """A call from the records. Raises RecordsError."""
        return await asyncio.to_thread(self._records.get_call, call_id)

    async def current(self, call_id: str) -> CallView | None:
        """A call in progress, with its summary if a human is being called."""
        view = self.live.get(call_id)
        if view is None or view.handoff is None:
            return view
        try:
            return replace(view, summary=(await self.kept(call_id)).summary)
        except RecordsError as error:
            log.warning("console: no summary shown", call=call_id, error=str(error))
            return view

    async def settled(self, call_id: str) -> None:
        """Wait a little until the records know that a call has ended."""
        for _ in range(SETTLE_TRIES):
            try:
                if (await self.kept(call_id)).call.ended_at is not None:
                    return
            except RecordsError:
                pass
            await asyncio.sleep(SETTLE_S)


def build_app(records: Records, live: LiveCalls) -> ASGIApp:
    """The console as an ASGI application, behind its guard."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages, desk = Pages(), Desk(records, live)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    _add_home(app, pages, desk)
    _add_calls(app, pages, desk)
    _add_errors(app, pages)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        load = live.load()
        refuses = {"refuses": load.why} if load and load.why else {}
        return JSONResponse({"status": "ok", "version": __version__, "calls": len(live), **refuses})

    return Guard(app)


def _add_home(app: FastAPI, pages: Pages, desk: Desk) -> None:
    @app.get("/")
    async def home() -> HTMLResponse:
        return HTMLResponse(pages.home(desk.live.calls(), desk.live.load(), await desk.latest()))

    @app.get("/events")
    async def home_events() -> Response:
        return _stream(desk, _home_messages(pages, desk))


def _add_calls(app: FastAPI, pages: Pages, desk: Desk) -> None:
    @app.get("/calls/{call_id}")
    async def call(call_id: uuid.UUID) -> HTMLResponse:
        current = await desk.current(str(call_id))
        view = current or await desk.kept(str(call_id))
        return HTMLResponse(pages.call(view, live=current is not None))

    @app.get("/calls/{call_id}/events")
    async def call_events(call_id: uuid.UUID) -> Response:
        if desk.live.get(str(call_id)) is None:
            await desk.kept(str(call_id))
        return _stream(desk, _call_messages(pages, desk, str(call_id)))

    @app.get("/calls/{call_id}/audio")
    async def audio(call_id: uuid.UUID) -> FileResponse:
        path = Path((await desk.kept(str(call_id))).call.recording)
        if path.suffix != ".wav" or not await asyncio.to_thread(path.is_file):
            raise HTTPException(404, "这通电话没有录音，或录音已被删除。")
        return FileResponse(path, media_type="audio/wav")


def _stream(desk: Desk, messages: AsyncGenerator[bytes, None]) -> Response:
    if desk.live.full:
        raise HTTPException(503, "打开的页面太多：请关掉一些再刷新。")
    return EventStream(messages)


async def _home_messages(pages: Pages, desk: Desk) -> AsyncGenerator[bytes, None]:
    """The calls now, whenever something happens; the kept ones, whenever one has ended."""
    with desk.live.reader() as reader:
        yield message("parts", {"now": pages.now(desk.live.calls(), desk.live.load())})
        while reader.open:
            changes = await reader.changes(KEEP_ALIVE_S)
            # Without any change too: how full the bot is changes by itself.
            yield message("parts", {"now": pages.now(desk.live.calls(), desk.live.load())})
            for change in changes:
                if change.ended:
                    await desk.settled(change.call_id)
                    yield message("parts", {"latest": pages.latest(await desk.latest())})
            await asyncio.sleep(GATHER_S)


async def _call_messages(pages: Pages, desk: Desk, call_id: str) -> AsyncGenerator[bytes, None]:
    """The call whenever something happens in it; ``ended`` when its page is to be read anew."""
    with desk.live.reader(call_id) as reader:
        while view := await desk.current(call_id):
            yield message("parts", pages.call_parts(view))
            await asyncio.sleep(GATHER_S)
            while reader.open and not await reader.changes(KEEP_ALIVE_S):
                yield KEEP_ALIVE
            if not reader.open:
                return
        await desk.settled(call_id)
        yield message("ended", {})


def _add_errors(app: FastAPI, pages: Pages) -> None:
    def page(status: int, text: str) -> HTMLResponse:
        return HTMLResponse(pages.error(status, text), status)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(NoSuchCallError)
    async def no_call(_request: Request, _error: Exception) -> HTMLResponse:
        return page(404, "没有这通电话：编号不对，或记录已被删除。")

    @app.exception_handler(RecordsError)
    async def no_records(_request: Request, error: Exception) -> HTMLResponse:
        log.error("console: records cannot be read", error=str(error))
        return page(503, "暂时读不到通话记录，请稍后刷新；原因在机器人的日志里。")

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: Exception) -> HTMLResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        # The details that we raise are Chinese; the framework's are not for our readers.
        own = isinstance(error, HTTPException) and not error.detail.isascii()
        return page(status, str(getattr(error, "detail", "")) if own else "没有这个页面。")

    @app.exception_handler(Exception)
    async def broken(_request: Request, _error: Exception) -> HTMLResponse:
        return page(500, "页面出错了；原因在机器人的日志里，通话不受影响。")

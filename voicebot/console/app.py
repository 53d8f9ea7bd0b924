"""The console as an ASGI application. A call is named by its record's id and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from voicebot.console.accounts import Accounts, Clock
from voicebot.console.doors import Doors, PasswordNeededError, SignInNeededError
from voicebot.console.guard import Access, Guard
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.passwords import HASHER
from voicebot.console.routes import PAGES
from voicebot.errors import NoSuchCallError, RecordsError

log = structlog.get_logger(__name__)


def build_app(
    house: House,
    *,
    clock: Clock | None = None,
    hasher: PasswordHasher = HASHER,
) -> ASGIApp:
    """The console, behind its guard."""
    app, _ = build_inner(house, clock=clock, hasher=hasher)
    wanted = house.settings.console
    return Guard(app, Access(wanted.hosts, wanted.proxies, wanted.over_tls))


def build_inner(
    house: House,
    *,
    clock: Clock | None = None,
    hasher: PasswordHasher = HASHER,
) -> tuple[FastAPI, Doors]:
    """The console without its guard, and what each of its routes asks for."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    wanted = house.settings.console
    accounts = Accounts(
        house.records,
        idle=timedelta(minutes=wanted.idle_minutes),
        whole=timedelta(hours=wanted.session_hours),
        clock=clock or Clock(),
        ask=house.workers,
        hasher=hasher,
    )
    doors, pages = Doors(app, accounts, over_tls=wanted.over_tls), Pages()
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    for each in PAGES:
        each.add(doors, house, pages)
    doors.check()
    _add_errors(app, pages)
    return app, doors


def _add_errors(app: FastAPI, pages: Pages) -> None:
    def page(request: Request, status: int, text: str) -> Response:
        return HTMLResponse(pages.error(request, status, text), status)

    @app.exception_handler(SignInNeededError)
    async def no_session(request: Request, _error: Exception) -> Response:
        if _by_person(request):
            return RedirectResponse("/login", 303)
        return page(request, 401, "登录已过期，请重新登录。")

    @app.exception_handler(PasswordNeededError)
    async def one_time(request: Request, _error: Exception) -> Response:
        if _by_person(request):
            return RedirectResponse("/password", 303)
        return page(request, 403, "请先设置自己的密码。")

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(NoSuchCallError)
    async def no_call(request: Request, _error: Exception) -> Response:
        return page(request, 404, "没有这通电话：编号不对，或记录已被删除。")

    @app.exception_handler(RecordsError)
    async def no_records(request: Request, error: Exception) -> Response:
        log.error("console: records cannot be read", error=str(error))
        return page(request, 503, "暂时读不到通话记录，请稍后刷新；原因在机器人的日志里。")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        # The details that we raise are Chinese; the framework's are not for our readers.
        own = isinstance(error, HTTPException) and not error.detail.isascii()
        text = str(getattr(error, "detail", "")) if own else "没有这个页面。"
        answer = page(request, status, text)
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    @app.exception_handler(Exception)
    async def broken(request: Request, _error: Exception) -> Response:
        return page(request, 500, "页面出错了；原因在机器人的日志里，通话不受影响。")


def _by_person(request: Request) -> bool:
    """Whether a browser asked for a page, not a script for a part of one."""
    part = "x-part" in request.headers
    stream = request.url.path.endswith(("/events", "/listen"))
    return request.method == "GET" and not part and not stream

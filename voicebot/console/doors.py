"""Every route is made here, with the right that it asks for: there is no other way in.

`Doors.get` and `Doors.post` put a gate before each handler: it finds who is signed in, whether
they may, and for a POST whether the form came from a page of ours.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from voicebot.console.accounts import Accounts, Visit, csrf_of
from voicebot.console.forms import without_controls
from voicebot.console.rights import Right, may

MAX_FORM_BYTES = 8 * 1024
MAX_TEXT_BYTES = 256 * 1024  # of a form that holds a whole text
READ_S = 10.0
MAX_FIELDS = 200
STALE = "这个页面已过期：请刷新后再试一次。"
LAST = {"Connection": "close"}  # what is still coming is not read
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf"
STRANGER_COOKIE = "voicebot_visit"

Handler = Callable[..., Coroutine[Any, Any, Response]]
Form = dict[str, str]


class SignInNeededError(Exception):
    """Nobody is signed in (any more)."""


class PasswordNeededError(Exception):
    """A one-time password was used; a password of their own comes first."""


class Doors:
    """The routes, and `table`: what each (method, path) asks for."""

    def __init__(self, app: FastAPI, accounts: Accounts, *, over_tls: bool) -> None:
        self.table: dict[tuple[str, str], Right] = {}
        self.accounts = accounts
        # With this prefix a browser takes the cookie over TLS only, and from no other host.
        self.cookie = "__Host-voicebot" if over_tls else "voicebot"
        self._app = app
        self._secure = over_tls

    def get(self, path: str, right: Right, *, idle: bool = False) -> Callable[[Handler], Handler]:
        """A page. `idle`: asked for by a script, not by a person: it keeps no session alive."""
        return self._add("GET", path, right, idle=idle)

    def post(
        self, path: str, right: Right, *, most_bytes: int = MAX_FORM_BYTES
    ) -> Callable[[Handler], Handler]:
        """Something that is done. Forms of more than `most_bytes` are refused."""
        return self._add("POST", path, right, idle=False, most_bytes=most_bytes)

    def check(self) -> None:
        """Raises RuntimeError for a route that was made past these doors."""
        for route in self._app.routes:
            if not isinstance(route, APIRoute):
                continue
            for method in route.methods or ():
                if (method, route.path) not in self.table:
                    raise RuntimeError(f"console: {method} {route.path} asks for no right")

    def remember(self, answer: Response, visit: Visit) -> None:
        """Give the browser its session."""
        answer.set_cookie(
            self.cookie, visit.token, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def forget(self, answer: Response) -> None:
        """Take the session from the browser."""
        answer.delete_cookie(
            self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def greet(self, answer: Response, token: str) -> None:
        """Mark a browser that nobody is signed in on, so that its form can be told from others."""
        answer.set_cookie(
            STRANGER_COOKIE, token, path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    async def visit(self, request: Request, *, used: bool = True) -> Visit | None:
        """Who is signed in."""
        return await self.accounts.visit(request.cookies.get(self.cookie, ""), used=used)

    def _add(
        self, method: str, path: str, right: Right, *, idle: bool, most_bytes: int = 0
    ) -> Callable[[Handler], Handler]:
        async def gate(request: Request) -> None:
            visit = await self.visit(request, used=not idle)
            request.state.visit = visit
            if right is not Right.ANYONE:
                _admit(visit, right)
            if method == "POST":
                # Nothing of a form is read for who could not have been given it.
                token = visit.token if visit else request.cookies.get(STRANGER_COOKIE, "")
                if not token:
                    raise HTTPException(403, STALE, LAST)
                request.state.form = await _read_form(request, most_bytes)
                _same_session(request, request.state.form, token)

        self.table[method, path] = right
        return self._app.api_route(
            path, methods=[method], dependencies=[Depends(gate)], response_model=None
        )


def visit_of(request: Request) -> Visit:
    """Who is signed in, behind a door that asks for it."""
    visit: Visit | None = request.state.visit
    if visit is None:
        raise SignInNeededError
    return visit


def form_of(request: Request) -> Form:
    """The fields of a POST; the last of a name counts."""
    form: Form = request.state.form
    return form


def _admit(visit: Visit | None, right: Right) -> None:
    if visit is None:
        raise SignInNeededError
    if visit.person.must_change and right is not Right.OWN:
        raise PasswordNeededError
    if not may(visit.person.role, right):
        raise HTTPException(403, "您没有权限做这件事；需要的话请找管理员。")


def _same_session(request: Request, form: Form, token: str) -> None:
    given = form.get(CSRF_FIELD, "") or request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(csrf_of(token).encode(), given.encode()):
        raise HTTPException(403, STALE)


async def _read_form(request: Request, most_bytes: int) -> Form:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise HTTPException(415, "只接受本站的表单。", LAST)
    try:
        async with asyncio.timeout(READ_S):
            body = await _read(request, most_bytes)
    except TimeoutError:
        raise HTTPException(408, "提交的内容传得太慢，没有收下：请检查网络后再试。", LAST) from None
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise HTTPException(400, "提交的内容读不懂。") from None
    return {key: without_controls(value) for key, value in pairs}


async def _read(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise HTTPException(413, "提交的内容太长。", LAST)
    return bytes(body)

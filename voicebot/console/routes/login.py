"""Coming in and going out: sign-in, own password, the first page, and the watchdog's page."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from voicebot import __version__
from voicebot.console.accounts import SignInError, csrf_of, new_token
from voicebot.console.doors import STRANGER_COOKIE, Doors, form_of, visit_of
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import FIRST_PAGE, Right, Role


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""
    _add_sign_in(doors, pages)
    _add_password(doors, pages)

    @doors.get("/", Right.OWN)
    async def first(request: Request) -> Response:
        """To the page that a role begins with."""
        role = visit_of(request).person.role
        return RedirectResponse(FIRST_PAGE[Role(role)], 303)

    @doors.post("/alive", Right.OWN)
    async def alive() -> Response:
        """The person did something on a page that asks for nothing by itself."""
        return Response(status_code=204)

    @doors.get("/healthz", Right.ANYONE, idle=True)
    async def healthz() -> Response:
        """For a watchdog: whether the bot runs and lets calls in."""
        load = house.live.load()
        refuses = {"refuses": load.why} if load and load.why else {}
        told = {"status": "ok", "version": __version__, "calls": len(house.live), **refuses}
        return JSONResponse(told)


def _add_sign_in(doors: Doors, pages: Pages) -> None:
    def form(request: Request, why: str = "", name: str = "", status: int = 200) -> Response:
        token = request.cookies.get(STRANGER_COOKIE, "") or new_token()
        page = pages.page(request, "login.html", why=why, name=name, form_csrf=csrf_of(token))
        answer = HTMLResponse(page, status)
        doors.greet(answer, token)
        return answer

    @doors.get("/login", Right.ANYONE)
    async def login(request: Request) -> Response:
        """The form to sign in with."""
        if request.state.visit is not None:
            return RedirectResponse("/", 303)
        return form(request)

    @doors.post("/login", Right.ANYONE)
    async def signed_in(request: Request) -> Response:
        """Sign in; whoever was signed in on this browser is signed out."""
        given, before = form_of(request), request.state.visit
        name = given.get("name", "")
        try:
            visit = await doors.accounts.sign_in(
                name, given.get("password", ""), request.state.address
            )
        except SignInError as error:
            return form(request, str(error), name[:64], 403)
        if before is not None:
            await doors.accounts.sign_out(before)
        answer = RedirectResponse("/", 303)
        doors.remember(answer, visit)
        answer.delete_cookie(STRANGER_COOKIE, path="/")
        return answer

    @doors.post("/logout", Right.OWN)
    async def logout(request: Request) -> Response:
        """Sign out."""
        await doors.accounts.sign_out(visit_of(request))
        answer = RedirectResponse("/login", 303)
        doors.forget(answer)
        return answer


def _add_password(doors: Doors, pages: Pages) -> None:
    @doors.get("/password", Right.OWN)
    async def password(request: Request) -> Response:
        """The form for another password."""
        return HTMLResponse(pages.page(request, "password.html", why=""))

    @doors.post("/password", Right.OWN)
    async def changed(request: Request) -> Response:
        """Take another password; all other sessions of this person end."""
        given, visit = form_of(request), visit_of(request)
        new = given.get("new", "")
        try:
            if new != given.get("again", ""):
                raise SignInError("两次输入的新密码不一样。")
            visit = await doors.accounts.change_password(
                visit, given.get("old", ""), new, request.state.address
            )
        except SignInError as error:
            return HTMLResponse(pages.page(request, "password.html", why=str(error)), 403)
        answer = RedirectResponse("/", 303)
        doors.remember(answer, visit)
        return answer

"""设置/用户: accounts, the settings that are in force, and who did what."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from voicebot import __version__
from voicebot.console.doors import Doors, Form, form_of, visit_of
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import RIGHTS, Right, Role
from voicebot.errors import RecordsError
from voicebot.settings import Settings

AUDIT_ROWS = 200


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""

    async def shown(request: Request, **more: str) -> Response:
        """The page: accounts, and who looked at what; `more` is told above them."""
        people = await house.ask(house.records.people.everyone)
        audit = await house.ask(house.records.custody.audit, AUDIT_ROWS)
        values = {"why": "", "told": "", "password": "", **more}
        page = pages.page(
            request,
            "users.html",
            people=people,
            audit=audit,
            roles=list(Role),
            rights=RIGHTS,
            seats=[seat.name for seat in house.settings.handoff.seats],
            facts=in_force(house.settings),
            **values,
        )
        return HTMLResponse(page, 400 if values["why"] else 200)

    @doors.get("/users", Right.USERS)
    async def users(request: Request) -> Response:
        """Accounts, the settings in force, the audit log."""
        return await shown(request)

    @doors.post("/users/add", Right.USERS)
    async def added(request: Request) -> Response:
        """Make an account; its one-time password is shown once."""
        given, by = form_of(request), visit_of(request).person.name
        name = given.get("name", "").strip()
        try:
            password = await doors.accounts.add(name, _role(given), given.get("seat", ""), by=by)
        except RecordsError as error:
            return await shown(request, why=_told(error, name))
        return await shown(request, told=name, password=password)

    @doors.post("/users/reset", Right.USERS)
    async def reset(request: Request) -> Response:
        """Give an account a new one-time password."""
        name = form_of(request).get("name", "")
        await _expect_another(house, request, name)
        password = await doors.accounts.reset(name, by=visit_of(request).person.name)
        return await shown(request, told=name, password=password)

    @doors.post("/users/change", Right.USERS)
    async def changed(request: Request) -> Response:
        """Another role or seat, shut out or let in again; their sessions end."""
        given, by, people = form_of(request), visit_of(request).person.name, house.records.people
        name, role, seat = given.get("name", ""), _role(given), given.get("seat", "")[:64]
        await _expect_another(house, request, name)
        await house.ask(people.set_role, name, role, seat)
        disabled = given.get("disabled", "") == "yes"
        await house.ask(people.set_disabled, name, disabled)
        state = "disabled" if disabled else "open"
        await doors.accounts.note(by, "user_changed", why=f"{name} {role} {seat} {state}")
        return RedirectResponse("/users", 303)


async def _expect_another(house: House, request: Request, name: str) -> None:
    """Nobody shuts out themselves: there must always be one admin who can come in."""
    if name == visit_of(request).person.name:
        raise HTTPException(400, "不能在这里改自己的账号：请另一位管理员来改。")
    try:
        await house.ask(house.records.people.get, name)
    except RecordsError:
        raise HTTPException(404, "没有这个用户。") from None


def _role(given: Form) -> Role:
    try:
        return Role(given.get("role", ""))
    except ValueError:
        raise HTTPException(400, "没有这个角色。") from None


def _told(error: RecordsError, name: str) -> str:
    if "account already" in str(error):
        return f"已经有叫 {name} 的用户。"
    return "用户名要有 1 到 32 个字：字母、汉字、数字、点、横线、下划线。"


def in_force(settings: Settings) -> list[tuple[str, str]]:
    """The settings that people ask for, without secrets."""
    kept, handoff, console = settings.records, settings.handoff, settings.console
    keep = kept.retention
    trunks = "、".join(each.name for each in settings.sip.trunks)
    reach = "代理后面" if console.proxies else "TLS" if console.certificate else "仅本机"
    return [
        ("版本", __version__),
        ("知识包", settings.pack.name),
        ("SIP 监听", settings.sip.listen),
        ("中继", trunks or "仅本机可拨入"),
        ("转人工方式", handoff.mode),
        ("振铃超时", f"{handoff.ring_timeout_s:.0f} 秒"),
        ("坐席", "、".join(f"{seat.name}" for seat in handoff.seats) or "没有配置"),
        ("录音", "开" if kept.record_audio else "关"),
        ("录音告知", kept.announcement or "不播报"),
        ("保存天数", f"录音 {keep.audio_days} · 文字 {keep.texts_days} · 通话 {keep.calls_days}"),
        ("控制台", f"{console.listen}（{reach}）"),
        ("登录有效", f"闲置 {console.idle_minutes:g} 分钟，最长 {console.session_hours:g} 小时"),
        ("外部系统", "、".join(each.name for each in settings.webhooks) or "没有配置"),
    ]

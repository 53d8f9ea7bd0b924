"""坐席: what is to be done after a call: the wrap-up form, and the calls that were promised."""

from __future__ import annotations

import uuid

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from voicebot.console.doors import MAX_TEXT_BYTES, Doors, Form, form_of, visit_of
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.console.routes.calls import expect_taken, expect_theirs
from voicebot.errors import RecordsError
from voicebot.records.callbacks import CallBack, CallBacks
from voicebot.wrapup.form import LABELS

PREFIX = "field-"
CLASSES = ("problem_class", "solution_class")
MOST_CHARS = 2000


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""

    @doors.get("/seat/forms/{call_id}", Right.DESK)
    async def form(request: Request, call_id: uuid.UUID) -> Response:
        """The wrap-up form of a call."""
        view = await house.call(str(call_id))
        expect_theirs(house, visit_of(request), view)
        shown = {"form": await house.form(view.call.id), "tree": house.labels, "call": view}
        return HTMLResponse(pages.page(request, "form.html", **shown))

    @doors.post("/seat/forms/{call_id}", Right.DESK, most_bytes=MAX_TEXT_BYTES)
    async def accepted(request: Request, call_id: uuid.UUID) -> Response:
        """Keep the form as the seat left it."""
        visit, given = visit_of(request), form_of(request)
        view = await house.kept(str(call_id))
        expect_taken(house, visit, view)
        if await house.form(view.call.id) is None:
            raise HTTPException(404, "这通电话还没有小结。")
        values = _form_values(house, given)
        seat = visit.person.seat or visit.person.name
        await doors.accounts.note(visit.person.name, "form_accepted", call_id=view.call.id)
        await house.ask(house.records.forms.accept, view.call.id, seat, values)
        if given.get("ready") and house.roster is not None and visit.person.seat:
            house.roster.set_state(visit.person.seat, "ready", visit.person.name)
        return RedirectResponse("/seat", 303)

    @doors.post("/seat/callbacks", Right.DESK)
    async def called_back(request: Request) -> Response:
        """Take a call-back, give it back, close it, or read its number."""
        visit, given = visit_of(request), form_of(request)
        if not visit.person.seat:
            raise HTTPException(400, "您的账号没有席位，请找管理员。")
        backs, wanted = house.records.callbacks, given.get("id", "")[:36]
        try:
            number = await house.ask(_call_back, backs, wanted, given, visit.person)
        except RecordsError as error:
            raise HTTPException(409, _told(error)) from None
        if number:
            return HTMLResponse(number, media_type="text/plain")
        return RedirectResponse("/seat", 303)


def _form_values(house: House, given: Form) -> dict[str, str]:
    """What the seat left in the fields; a class only from the label tree."""
    values = {
        key: given[PREFIX + key].strip()[:MOST_CHARS] for key in LABELS if PREFIX + key in given
    }
    if house.labels is not None:
        known = {"problem_class": house.labels.problem, "solution_class": house.labels.solution}
        for key in CLASSES:
            if values.get(key) and values[key] not in known[key]:
                raise HTTPException(400, "分类只能从标签树里选。")
    return values


def _call_back(backs: CallBacks, wanted: str, given: Form, person: object) -> str:
    """Do it; returns the number if that was asked for. Raises RecordsError."""
    seat, name = getattr(person, "seat", ""), getattr(person, "name", "")
    match given.get("action", ""):
        case "take":
            backs.take(wanted, seat)
        case "give_back":
            backs.give_back(wanted, seat)
        case "close":
            backs.close(wanted, seat, given.get("result", ""))
        case "number":
            return _number(backs, backs.get(wanted), seat, name)
        case _:
            raise RecordsError("callbacks: expected take, give_back, close or number")
    return ""


def _number(backs: CallBacks, found: CallBack, seat: str, name: str) -> str:
    """Only who has taken it reads the number."""
    if found.seat != seat:
        raise RecordsError(f"callbacks: {found.id[:8]} is {found.seat or 'nobody'}'s")
    return backs.number(found.id, who=name)


def _told(error: RecordsError) -> str:
    text = str(error)
    if "a result" in text:
        return "请写一句处理结果，例如：已回电解决。"
    if "cannot be read" in text and "number" in text:
        return "这个号码已不再保存。"
    return "没有成功：可能别的坐席先认领了，请刷新后再看。"

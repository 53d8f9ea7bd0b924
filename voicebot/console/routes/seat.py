"""坐席: what one seat sees: its state, who waits, its call with the story told."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from voicebot.console.accounts import Visit
from voicebot.console.advice import Advice
from voicebot.console.doors import Doors, form_of, visit_of
from voicebot.console.following import KEEP_ALIVE_S, follow
from voicebot.console.house import House
from voicebot.console.live import Change
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.console.stream import message
from voicebot.errors import RecordsError, SeatError
from voicebot.handoff.roster import SeatState, SeatView
from voicebot.records.search import Wanted, search
from voicebot.records.views import CallView

MY_CALLS = 10
FRESH_S = 5.0
PARTS = ("state", "queue", "story", "advice", "form", "callbacks", "mine")

log = structlog.get_logger(__name__)


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""
    advice = Advice(house.records, house.adviser, house.workers)

    @doors.get("/seat", Right.DESK)
    async def seat(request: Request) -> Response:
        """The page of the seat that signed in."""
        shown = await _values(house, advice, visit_of(request))
        return HTMLResponse(pages.page(request, "seat.html", **shown))

    @doors.get("/seat/events", Right.DESK, idle=True)
    async def seat_events(request: Request) -> Response:
        """What changes on it."""
        visit = visit_of(request)
        return follow(doors, house, request, _messages(pages, house, advice, visit))

    @doors.post("/seat/state", Right.DESK)
    async def state(request: Request) -> Response:
        """Set the seat's own state."""
        visit, wanted = visit_of(request), form_of(request).get("state", "")
        if house.roster is None or not visit.person.seat:
            raise HTTPException(400, "您的账号没有席位，请找管理员。")
        try:
            house.roster.set_state(visit.person.seat, wanted, visit.person.name)
        except SeatError:
            raise HTTPException(400, "没有这个席位，或不能改成这个状态。") from None
        return RedirectResponse("/seat", 303)

    @doors.post("/seat/seen", Right.DESK)
    async def seen(request: Request) -> Response:
        """The page has drawn the story of the seat's call: now its telephone may ring."""
        name, call_id = visit_of(request).person.seat, form_of(request).get("call", "")
        mine = house.seat(name)
        if mine is not None and mine.call_id == call_id:
            house.screens.seen(name, call_id)
        return Response(status_code=204)

    @doors.post("/seat/advice", Right.DESK)
    async def judged(request: Request) -> Response:
        """What the seat did with a suggestion: used or dismissed it."""
        visit, given = visit_of(request), form_of(request)
        mine = house.seat(visit.person.seat)
        verdict = given.get("verdict", "")
        if mine is None or not mine.call_id or verdict not in ("used", "dismissed"):
            raise HTTPException(400, "现在没有这条建议。")
        if not await advice.judge(mine.call_id, given.get("id", "")[:64], verdict):
            raise HTTPException(404, "没有这条建议。")
        return RedirectResponse("/seat", 303)


async def _values(house: House, advice: Advice, visit: Visit) -> dict[str, Any]:
    """All that the page shows."""
    mine = house.seat(visit.person.seat)
    return {**await _stored(house, visit, mine), **await _now(house, advice, visit, mine)}


async def _stored(house: House, visit: Visit, mine: SeatView | None) -> dict[str, Any]:
    """What is read from the records; what cannot be read is None, and the page says so."""
    form, rows, backs = None, None, None
    try:
        if mine is not None and mine.call_id and mine.state is SeatState.WRAP_UP:
            form = await house.form(mine.call_id)
        if visit.person.seat:
            wanted = Wanted(seat=visit.person.seat)
            rows = (await house.ask(search, house.records, wanted))[:MY_CALLS]
        backs = await house.ask(house.records.callbacks.list)
    except RecordsError as error:  # the call at hand is shown all the same
        log.error("console: records cannot be read", error=str(error))
    return {"form": form, "rows": rows, "backs": backs}


async def _now(house: House, advice: Advice, visit: Visit, mine: SeatView | None) -> dict[str, Any]:
    """What is known without them."""
    call = await _my_call(house, mine)
    talking = mine is not None and mine.state is SeatState.TALKING
    return {
        "mine": mine,
        "call": call,
        "tips": await advice.of(call) if call is not None and talking else (),
        "tree": house.labels,
        "seats": house.roster.seats() if house.roster else (),
        "waiting": house.queue.waiting() if house.queue else (),
        "now": datetime.now(UTC),
        "visit": visit,
        "csrf": visit.csrf,
    }


async def _my_call(house: House, mine: SeatView | None) -> CallView | None:
    if mine is None or not mine.call_id:
        return None
    try:
        return await house.call(mine.call_id)
    except RecordsError:
        return None


def _parts(pages: Pages, values: Mapping[str, Any]) -> dict[str, str]:
    return {f"my-{part}": pages.part(f"seat_{part}.html", **values) for part in PARTS}


async def _messages(
    pages: Pages, house: House, advice: Advice, visit: Visit
) -> AsyncGenerator[bytes, None]:
    """What changed of the page, whenever a seat, the queue or a call changes."""
    last: dict[str, str] = {}
    stored: dict[str, Any] = {}
    read_of, read_s = None, 0.0  # what the records were read for, and when
    wake = Change("")

    def wants(call_id: str) -> bool:
        mine = house.seat(visit.person.seat)
        return not call_id or (mine is not None and mine.call_id == call_id)

    with house.live.reader(wants=wants) as reader, ExitStack() as watches:
        watches.enter_context(house.screens.opened(visit.person.seat))
        if house.roster is not None:
            watches.callback(house.roster.watch(lambda _seat: reader.offer(wake)))
        if house.queue is not None:
            watches.callback(house.queue.watch(lambda: reader.offer(wake)))
        while reader.open:
            mine = house.seat(visit.person.seat)
            # First what is at hand: the story must be there before the telephone rings.
            if stored:
                values = {**stored, **await _now(house, advice, visit, mine)}
                parts = _parts(pages, values)
                yield message("parts", {k: v for k, v in parts.items() if last.get(k) != v})
                last = parts
            if mine != read_of or time.monotonic() - read_s > FRESH_S or not stored:
                stored = await _stored(house, visit, mine)
                read_of, read_s = mine, time.monotonic()
            parts = _parts(pages, {**stored, **await _now(house, advice, visit, mine)})
            yield message("parts", {k: v for k, v in parts.items() if last.get(k) != v})
            last = parts
            for change in await reader.changes(KEEP_ALIVE_S):
                if change.ended:
                    await house.settled(change.call_id)
                    read_s = 0.0

"""One call: as it is heard, and as it was kept, with its recording in step."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from telephony import TransferOutcome
from voicebot.console.accounts import Visit
from voicebot.console.doors import Doors, form_of, visit_of
from voicebot.console.following import GATHER_S, KEEP_ALIVE_S, follow
from voicebot.console.forms import number
from voicebot.console.house import House, Remembered
from voicebot.console.pages import Pages
from voicebot.console.rights import Right, may
from voicebot.console.stream import KEEP_ALIVE, message
from voicebot.errors import RecordsError
from voicebot.handoff.roster import SeatState
from voicebot.records.views import CallView, HandoffView

NEVER_RANG = {TransferOutcome.UNREACHABLE, TransferOutcome.FAILED}
AFTER_TAKING = (SeatState.TALKING, SeatState.WRAP_UP)
NOT_YOURS = "这通电话没有转给您，您看不到它；需要的话请找班长。"


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""
    _add_pages(doors, house, pages)
    _add_recording(doors, house)
    _add_judging(doors, house, pages)


def _add_pages(doors: Doors, house: House, pages: Pages) -> None:
    @doors.get("/calls/{call_id}", Right.CALL)
    async def call(request: Request, call_id: uuid.UUID) -> Response:
        """One call: as it is heard while it lasts, as it was kept afterwards."""
        view = await house.current(str(call_id))
        live = view is not None
        view = view or await house.kept(str(call_id))
        expect_theirs(house, visit_of(request), view)
        kept = house.records.turn_labels
        marks = None if live else await house.ask(kept.of_call, view.call.id)
        seats = [seat.name for seat in house.settings.handoff.seats]
        acts = live and house.controls is not None
        shown = {"live": live, "marks": marks, "acts": acts, "seats": seats, "phones": house.phones}
        return HTMLResponse(pages.page(request, "call.html", view=view, **shown))

    @doors.get("/calls/{call_id}/events", Right.CALL, idle=True)
    async def call_events(request: Request, call_id: uuid.UUID) -> Response:
        """What changes on its page while the call lasts."""
        view = house.live.get(str(call_id)) or await house.kept(str(call_id))
        visit = visit_of(request)
        expect_theirs(house, visit, view)
        return follow(doors, house, request, _messages(pages, house, visit, str(call_id)))


def _add_recording(doors: Doors, house: House) -> None:
    heard, noting = Remembered(), asyncio.Lock()

    @doors.get("/calls/{call_id}/audio", Right.CALL)
    async def audio(request: Request, call_id: uuid.UUID) -> Response:
        """Its recording, in the parts that a player asks for; noted once a session."""
        view = await house.kept(str(call_id))
        visit = visit_of(request)
        expect_theirs(house, visit, view)
        path = Path(view.call.recording)
        if path.suffix != ".wav" or not await house.ask(path.is_file):
            raise HTTPException(404, "这通电话没有录音，或录音已被删除。")
        async with noting:  # a player asks for many parts; any of them is listening
            if not heard.get(visit.token, view.call.id):
                await doors.accounts.note(visit.person.name, "listened", call_id=str(call_id))
                heard.put(visit.token, view.call.id, {"by": visit.person.name})
        return FileResponse(path, media_type="audio/wav")

    @doors.post("/calls/{call_id}/reveal", Right.REVEAL)
    async def reveal(request: Request, call_id: uuid.UUID) -> Response:
        """The caller's whole number, for a reason that is noted."""
        why, name = form_of(request).get("why", ""), visit_of(request).person.name
        if not why.strip():
            raise HTTPException(400, "请写明为什么要看完整号码；原因会记入审计日志。")
        custody = house.records.custody
        try:
            number = await house.ask(custody.reveal, str(call_id), who=name, why=why)
        except RecordsError:
            raise HTTPException(404, "这通电话的完整号码没有保存，或已按规定删除。") from None
        return HTMLResponse(number, media_type="text/plain")


def _add_judging(doors: Doors, house: House, pages: Pages) -> None:
    @doors.post("/calls/{call_id}/labels", Right.LABEL)
    async def label(request: Request, call_id: uuid.UUID) -> Response:
        """Judge one turn right or wrong, or take that back."""
        given, name, labels = form_of(request), visit_of(request).person.name, house.records
        seq = number(given.get("seq", ""))
        if seq is None:
            raise HTTPException(400, "没有这一轮。")
        view = await house.kept(str(call_id))
        turn = next((each for each in view.turns if each.seq == seq), None)
        if turn is None:
            raise HTTPException(404, "没有这一轮。")
        verdict, note = given.get("verdict", ""), given.get("note", "")[:500]
        if verdict not in ("", "right", "wrong"):
            raise HTTPException(400, "只能标为对或错。")
        put = labels.turn_labels.put
        await house.ask(put, view.call.id, turn.seq, verdict, note, name, datetime.now(UTC))
        if "x-part" not in request.headers:
            return RedirectResponse(f"/calls/{call_id}#turn-{turn.seq}", 303)
        marks = await house.ask(labels.turn_labels.of_call, view.call.id)
        shown = pages.page(request, "judge.html", view=view, turn=turn, marks=marks)
        return HTMLResponse(shown)


def expect_theirs(house: House, visit: Visit, view: CallView) -> None:
    """A seat sees the calls that were brought to it, and no others."""
    if not is_theirs(house, visit, view):
        raise HTTPException(403, NOT_YOURS)


def expect_taken(house: House, visit: Visit, view: CallView) -> None:
    """What a call came to is told by the seat that took it, and by those who look after seats."""
    if may(visit.person.role, Right.REVIEW):
        return
    here = house.seat(visit.person.seat)
    now = here is not None and here.call_id == view.call.id and here.state in AFTER_TAKING
    if not now and not _took(visit.person.seat, view.handoff):
        raise HTTPException(403, NOT_YOURS)


def is_theirs(house: House, visit: Visit, view: CallView) -> bool:
    """Whether somebody may see a call. A telephone that rang counts until a seat has accepted:
    from then on the call is that seat's."""
    seat, handoff = visit.person.seat, view.handoff
    here = house.seat(seat)
    if may(visit.person.role, Right.REVIEW) or (here is not None and here.call_id == view.call.id):
        return True
    if not seat or handoff is None or handoff.outcome == TransferOutcome.ACCEPTED:
        return _took(seat, handoff)
    tried = {each.get("outcome") for each in handoff.attempts if each.get("seat") == seat}
    return bool(tried - NEVER_RANG)


def _took(seat: str, handoff: HandoffView | None) -> bool:
    if not seat or handoff is None:
        return False
    return handoff.outcome == TransferOutcome.ACCEPTED and handoff.seat == seat


async def _messages(
    pages: Pages, house: House, visit: Visit, call_id: str
) -> AsyncGenerator[bytes, None]:
    """The call whenever something happens in it; ``ended`` when its page is to be read anew: it is
    over, or another seat has it."""
    with house.live.reader(call_id) as reader:
        while view := await house.current(call_id):
            if not is_theirs(house, visit, view):
                yield message("ended", {})
                return
            yield message("parts", pages.call_parts(view))
            await asyncio.sleep(GATHER_S)
            while reader.open and not await reader.changes(KEEP_ALIVE_S):
                yield KEEP_ALIVE
            if not reader.open:
                return
        await house.settled(call_id)
        yield message("ended", {})

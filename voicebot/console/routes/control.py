"""What a supervisor does to a running call: listen in, and act on it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, AsyncIterator

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from voicebot.console import labels
from voicebot.console.doors import Doors, Form, form_of, visit_of
from voicebot.console.following import while_signed_in
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.ports import Acted, CallControl
from voicebot.console.rights import Right
from voicebot.console.stream import EventStream
from voicebot.errors import VoicebotError

FRAMES_AT_ONCE = 5  # 100 ms a piece: quick enough for an ear, few enough for a browser
PCM = "application/octet-stream"


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""

    @doors.post("/calls/{call_id}/act", Right.ACT)
    async def act(request: Request, call_id: uuid.UUID) -> Response:
        """Do something in a call that lasts: say, whisper, hand over, join, take over."""
        given, name = form_of(request), visit_of(request).person.name
        control = _running(house, call_id)
        action = given.get("action", "")
        if action not in labels.ACTIONS:
            raise HTTPException(400, "没有这个操作。")
        known = {uri for uri, _ in house.phones}
        if action in ("join", "take_over") and given.get("uri", "") not in known:
            raise HTTPException(400, "不能呼叫这部电话：只能用设置里的坐席和班长电话。")
        # First the line in the log, then the deed.
        await doors.accounts.note(name, f"call_{action}", call_id=str(call_id))
        acted = await _act(control, action, given, name)
        told = labels.acted(action, acted.ok, acted.why)
        if "x-part" not in request.headers:
            return RedirectResponse(f"/calls/{call_id}", 303)
        return HTMLResponse(told, media_type="text/plain")

    @doors.get("/calls/{call_id}/listen", Right.ACT)
    async def listen(request: Request, call_id: uuid.UUID) -> Response:
        """The call's sound while it lasts, as raw PCM; noted."""
        control = _running(house, call_id)
        name = visit_of(request).person.name
        await doors.accounts.note(name, "call_listen", call_id=str(call_id))
        try:
            frames = control.listen()
        except VoicebotError:
            raise HTTPException(503, "监听这通电话的人太多，请等一位退出后再试。") from None
        return EventStream(while_signed_in(doors, request, _pieces(frames)), PCM)


def _running(house: House, call_id: uuid.UUID) -> CallControl:
    control = house.controls.get(str(call_id)) if house.controls else None
    if control is None:
        raise HTTPException(404, "这通电话已经结束，或者不在这台机器上。")
    return control


async def _act(control: CallControl, action: str, given: Form, by: str) -> Acted:
    match action:
        case "say":
            return await control.say(given.get("text", ""), by)
        case "whisper":
            return await control.whisper(given.get("text", ""), by)
        case "hand_over":
            return await control.hand_over(given.get("seat") or None, by)
        case "join":
            return await control.join(given.get("uri", ""), by)
        case _:
            return await control.take_over(given.get("uri", ""), by)


async def _pieces(frames: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Frames in pieces of 100 ms; closes `frames` when the browser leaves."""
    piece = bytearray()
    count = 0
    try:
        async for frame in frames:
            piece += frame
            count += 1
            if count == FRAMES_AT_ONCE:
                yield bytes(piece)
                piece.clear()
                count = 0
        if piece:
            yield bytes(piece)
    finally:
        close = getattr(frames, "aclose", None)
        if close is not None:
            await close()

"""How much of a form is read, for whom, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.console.conftest import Browser, browse
from voicebot.console import House, doors, open_listener, running
from voicebot.console.doors import MAX_FORM_BYTES, MAX_TEXT_BYTES
from voicebot.records import Records
from voicebot.settings import ConsoleSettings


class Body:
    """A form's body that notes whether it was read, and may never end."""

    def __init__(self, body: bytes, *, ends: bool = True) -> None:
        self.body, self.ends, self.read = body, ends, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.read = True
        yield self.body
        if not self.ends:
            await asyncio.Event().wait()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_nothing_is_read_for_who_may_not_or_was_given_no_form(
    stranger: Browser, house: House
) -> None:
    for path, status in (("/login", 403), ("/users/add", 401), ("/knowledge/texts", 401)):
        body = Body(b"x=1", ends=False)
        answer = await stranger.post(path, content=body, headers=FORM)
        assert answer.status_code == status, path
        assert not body.read, path
    async with browse(house) as seat:
        await seat.sign_in("seat")
        body = Body(b"csrf=" + seat.csrf.encode(), ends=False)
        answer = await seat.post("/knowledge/texts", content=body, headers=FORM)
        assert answer.status_code == 403 and "您没有权限" in answer.text
        assert not body.read


async def test_only_forms_that_hold_texts_may_be_long(browser: Browser) -> None:
    paths = {"/review": 413, "/logout": 413, "/knowledge": 413, "/knowledge/texts": 413}
    for path, status in paths.items():
        most = MAX_TEXT_BYTES if "knowledge" in path else MAX_FORM_BYTES
        answer = await browser.send_form(path, text="x" * most)
        assert answer.status_code == status, path
        assert answer.headers["connection"] == "close"
        assert "太长" in answer.text
    long = await browser.send_form("/knowledge/texts", text="x" * (MAX_FORM_BYTES + 1))
    assert long.status_code == 404 and "没有可以编辑的知识包" in long.text


async def test_a_wrap_up_form_of_many_words_is_taken(browser: Browser) -> None:
    path = "/seat/forms/00000000-0000-4000-8000-000000000000"
    answer = await browser.send_form(path, **{"field-course": "先看灯再换盘。" * 250})
    assert answer.status_code == 404 and "没有这通电话" in answer.text


async def test_a_form_that_does_not_come_to_an_end_is_let_go(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "READ_S", 0.1)
    for body in (Body(b"csrf=", ends=False), Body(b"", ends=False)):
        answer = await browser.post("/logout", content=body, headers=FORM)
        assert answer.status_code == 408 and "传得太慢" in answer.text
        assert answer.headers["connection"] == "close"
    assert (await browser.get("/live")).status_code == 200, "still signed in"


async def test_over_a_real_socket_a_slow_sender_is_answered_and_hung_up_on(
    house: House, people: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "READ_S", 0.2)
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    port = listener.getsockname()[1]
    async with running(listener, house):
        for cookie, expected in ((b"", b" 403 "), (b"Cookie: voicebot_visit=x\r\n", b" 408 ")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n" + cookie + b"\r\nname="
            )
            async with asyncio.timeout(20):
                answer = await reader.read()  # until it hangs up
            assert expected in answer.partition(b"\r\n")[0]
            writer.close()

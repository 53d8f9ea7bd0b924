"""The memory of the calls now, and its readers; then the whole over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.console.conftest import EVIL, Browser
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.console import live as live_module
from voicebot.console.live import MAX_EVENTS, MAX_READERS, MAX_WAITING, Change, TooManyReadersError
from voicebot.console.stream import EventStream, message
from voicebot.records import CallRecorder, Records
from voicebot.session import events as facts
from voicebot.settings import ConsoleSettings

ANSWERED = facts.CallAnswered(0, "13800138000", "400", "pcma", "server")


def spoke(text: str) -> facts.CallerSpoke:
    return facts.CallerSpoke(900, text, 0.8, 100, 800)


async def test_a_reader_hears_of_its_own_call_only(live: LiveCalls) -> None:
    with live.reader("a") as one, live.reader() as every:
        live("a", ANSWERED)
        live("b", ANSWERED)
        live("a", facts.CallEnded(9, "remote", "", "caller_hung_up"))
        assert await one.changes(5) == (Change("a"), Change("a", ended=True))
        assert len(await every.changes(5)) == 3
        assert await every.changes(0) == ()


async def test_a_slow_reader_is_dropped_and_the_others_are_not(live: LiveCalls) -> None:
    live("a", ANSWERED)
    with live.reader() as slow, live.reader() as quick:
        for _ in range(MAX_WAITING):
            live("a", spoke("喂"))
        assert len(await quick.changes(5)) == MAX_WAITING
        live("a", spoke("喂"))
        assert not slow.open
        assert await slow.changes(5) == ()
        assert quick.open
        assert len(await quick.changes(5)) == 1


async def test_readers_and_memory_are_bounded(live: LiveCalls) -> None:
    live("a", ANSWERED)
    for _ in range(MAX_EVENTS + 5):
        live("a", facts.DigitPressed(1, "1"))
    view = live.get("a")
    assert view is not None
    assert len(view.events) == MAX_EVENTS
    open_readers = [live.reader() for _ in range(MAX_READERS)]
    for reader in open_readers:
        reader.__enter__()
    assert live.full
    with pytest.raises(TooManyReadersError), live.reader():
        pass
    for reader in open_readers:
        reader.__exit__(None, None, None)
    assert not live.full


async def test_an_event_that_cannot_be_shown_does_not_reach_the_call(
    live: LiveCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_data: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(live_module, "mask_data", fail)
    live("a", ANSWERED)
    live("a", spoke("喂"))
    assert len(live) == 1


async def test_a_list_of_calls_shows_what_the_whole_call_would(live: LiveCalls) -> None:
    told = [
        spoke("喂"),
        facts.BotSpoke(20, "您好，请讲。", "answer", 0.8, 600),
        facts.HandoffStarted(1000, "requested", "", "S1"),
        facts.HandoffFinished(2000, "busy", "二线01"),
        spoke("还在吗"),
        facts.BotInterrupted(2500, "在", "的", 100),
        facts.HandoffStarted(3000, "limit", "", "S2"),
        facts.HandoffFinished(4000, "accepted", "二线02"),
    ]
    live("a", ANSWERED)
    for event in told:
        live("a", event)
        (line,), whole = live.calls(), live.get("a")
        assert whole is not None
        assert line.turns[-1] == whole.turns[-1]
        assert line.handoff == whole.handoff
        assert (line.call.id, line.call.caller) == (whole.call.id, whole.call.caller)


async def test_a_session_that_failed_early_leaves_nothing_behind(live: LiveCalls) -> None:
    live("a", facts.CallEnded(0, "error", "", "failed"))
    live("a", spoke("喂"))
    assert live.calls() == []


async def test_a_browser_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.console.stream.SEND_TIMEOUT_S", 0.01)
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield message("parts", {})
        finally:
            closed.set()

    async def send(part: dict[str, object]) -> None:
        if part["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    async with asyncio.timeout(5):
        await EventStream(endless())({"type": "http"}, receive, send)  # type: ignore[arg-type]
    assert closed.is_set()


def test_a_message_is_one_line_whatever_it_says() -> None:
    text = "a\nb\r\u2028\u0085event: x"
    lines = message("parts", {"now": text}).decode("ascii").splitlines()
    assert lines[0] == "event: parts"
    assert json.loads(lines[1].removeprefix("data: ")) == {"now": text}
    assert lines[2:] == [""]


class Stream:
    """Reads server-sent events off an answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> tuple[str, dict[str, str]]:
        name = ""
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream ended")


@pytest.fixture
async def address(house: House, people: Records) -> AsyncIterator[str]:
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    port = listener.getsockname()[1]
    async with running(listener, house):
        yield f"http://127.0.0.1:{port}"
    with socket.create_server(("127.0.0.1", port), reuse_port=False):
        pass  # the port is free again


async def test_pages_are_updated_over_a_real_socket(
    address: str, records: Records, live: LiveCalls, kept: CallRecorder
) -> None:
    call_id = kept.call_id
    async with Browser(base_url=address, trust_env=False) as client:
        await client.sign_in("supervisor")
        live(call_id, ANSWERED)
        async with (
            client.stream("GET", "/live/events") as home_answer,
            client.stream("GET", f"/calls/{call_id}/events") as call_answer,
        ):
            assert home_answer.headers["content-type"].startswith("text/event-stream")
            assert "frame-ancestors 'none'" in call_answer.headers["content-security-policy"]
            home, call = Stream(home_answer), Stream(call_answer)
            assert "138******00" in (await home.next())[1]["now"]
            assert "还没有人说话" in (await call.next())[1]["turns"]

            live(call_id, spoke(f"我手机是13900139000{EVIL}"))
            for text in ((await home.next())[1]["now"], (await call.next())[1]["turns"]):
                assert "我手机是139******00&lt;script&gt;" in text
                assert "<script" not in text

            live(call_id, facts.HandoffStarted(1000, "requested", "", "S1"))
            assert "正在转接" in (await home.next())[1]["now"]
            assert "客户：138******00" in (await call.next())[1]["story"], "summary from records"

            live(call_id, facts.CallEnded(2000, "remote", "", "handed_off"))
            assert "现在没有通话" in (await home.next())[1]["now"]
            assert call_id in (await home.next())[1]["latest"]
            assert (await call.next())[0] == "ended"


async def test_the_console_stops_at_once_though_pages_are_open(
    house: House, people: Records, live: LiveCalls
) -> None:
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with Browser(base_url=base, trust_env=False) as client, asyncio.timeout(20):
        async with running(listener, house):
            await client.sign_in("supervisor")
            answer = await client.send(client.build_request("GET", "/live/events"), stream=True)
            lines = answer.aiter_lines()
            assert await anext(lines) == "event: parts"
        rest = [line async for line in lines]
        assert rest[0].startswith("data: ")
        await answer.aclose()
    assert not live.full


async def test_no_more_pages_than_allowed_are_followed(address: str, live: LiveCalls) -> None:
    readers = [live.reader() for _ in range(MAX_READERS)]
    for reader in readers:
        reader.__enter__()
    async with Browser(base_url=address, trust_env=False) as client:
        await client.sign_in("supervisor")
        refused = await client.get("/live/events")
    for reader in readers:
        reader.__exit__(None, None, None)
    assert refused.status_code == 503
    assert "打开的页面太多" in refused.text


async def test_an_unknown_call_is_not_followed(address: str) -> None:
    async with Browser(base_url=address, trust_env=False) as client:
        await client.sign_in("supervisor")
        assert (await client.get(f"/calls/{uuid.uuid4()}/events")).status_code == 404

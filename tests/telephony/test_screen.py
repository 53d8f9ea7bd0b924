"""What the native layer shows of each request, and that its answers reach the wire."""

from __future__ import annotations

import asyncio
import logging

import pytest
from raw_phone import RawPhone, raw_phone

from telephony import Call, LineError
from telephony.baresip.line import BaresipEndpoint
from telephony.baresip.native import NativeStack
from telephony.config import LineConfig
from telephony.door import Door
from telephony.sip_request import RawRequest, Reply


class Watched:
    """A judge that keeps what it saw and says what it is told to."""

    def __init__(self) -> None:
        self.seen: list[RawRequest] = []
        self.verdict: Reply | bool | Exception = True

    def __call__(self, _door: Door, request: RawRequest, _now_s: float) -> Reply | bool:
        self.seen.append(request)
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


@pytest.fixture
def watched(endpoint: BaresipEndpoint, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """In the door's place on the running stack."""
    watched = Watched()
    monkeypatch.setattr(Door, "judge", lambda *asked: watched(*asked))
    return watched


async def seen(watched: Watched, count: int) -> RawRequest:
    async with asyncio.timeout(20):
        while len(watched.seen) < count:  # noqa: ASYNC110 - told of on another thread
            await asyncio.sleep(0.01)
    return watched.seen[count - 1]


async def test_a_request_is_shown_whole(watched: Watched, sip_port: int) -> None:
    async with raw_phone(sip_port, from_='"Li \\"Lei\\"" <sip:1%31@127.0.0.1>') as phone:
        phone.request("OPTIONS", X_Empty="", X_Long="长" * 1000, k="timer,100rel")
        request = await seen(watched, 1)
        assert (request.method, request.uri) == ("OPTIONS", f"sip:400@127.0.0.1:{sip_port}")
        assert (request.source, request.port) == ("127.0.0.1", phone.port)
        assert request.first("call-id") == f"raw-1-{sip_port}"
        assert request.first("from") == '"Li \\"Lei\\"" <sip:1%31@127.0.0.1>;tag=raw'
        assert request.first("cseq") == "1 OPTIONS"
        assert request.first("x-empty") == ""
        assert request.first("x-long") == "长" * 341 + "\ufffd"
        assert request.first("supported") == "timer,100rel", "the short name k"
        assert request.longest == 3000
        assert 3200 < request.size < 3600
        await phone.until(200)


async def test_dropped_answered_or_let_through(watched: Watched, sip_port: int) -> None:
    async with raw_phone(sip_port) as phone:
        watched.verdict = False
        phone.request("OPTIONS")
        await seen(watched, 1)
        watched.verdict = Reply(503, "50% Full %s %n", ("Retry-After: 7", "Warning: 399 x 100%d"))
        phone.request("OPTIONS", cseq=2)
        answer = await phone.until(503)
        assert answer.line == "SIP/2.0 503 50% Full %s %n"
        assert answer.headers["cseq"] == "2 OPTIONS", "the first one was not answered"
        assert answer.headers["retry-after"] == "7"
        assert answer.headers["warning"] == "399 x 100d", "it is no format for the stack to fill"
        assert answer.headers["content-length"] == "0"
        watched.verdict = True
        phone.request("OPTIONS", cseq=3)
        assert (await phone.until(200)).headers["cseq"] == "3 OPTIONS"


async def test_a_judge_that_raises_drops_the_request_and_the_line_goes_on(
    watched: Watched, sip_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    watched.verdict = RuntimeError("a fault in the judge")
    async with raw_phone(sip_port) as phone:
        with caplog.at_level(logging.ERROR, "telephony"):
            phone.request("OPTIONS")
            await seen(watched, 1)
            watched.verdict = True
            phone.request("OPTIONS", cseq=2)
            assert (await phone.until(200)).headers["cseq"] == "2 OPTIONS"
        assert any("a fault in the judge" in (record.exc_text or "") for record in caplog.records)
        caplog.clear()


async def test_a_judge_may_ask_the_stack_for_a_call(
    endpoint: BaresipEndpoint, sip_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = endpoint._stack
    assert stack is not None
    judge, known = Door.judge, list[bool]()

    def ask(door: Door, request: RawRequest, now_s: float) -> bool | Reply:
        known.append(stack.has_call(request.first("call-id")))
        return judge(door, request, now_s)

    monkeypatch.setattr(Door, "judge", ask)
    async with raw_phone(sip_port) as phone:
        call = await rings(endpoint, phone)
        assert stack.has_call(call.info.call_id)
        assert not stack.has_call("another")
        phone.request("CANCEL")
        await phone.until(487)
        await call.wait_ended()
        assert known == [False, True]
        assert not stack.has_call(call.info.call_id)


async def rings(endpoint: BaresipEndpoint, phone: RawPhone) -> Call:
    phone.invite()
    return await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)


async def test_a_line_that_cannot_be_screened_does_not_start(
    monkeypatch: pytest.MonkeyPatch, sip_port: int
) -> None:
    def refuse(_stack: NativeStack) -> None:
        raise LineError("the SIP stack takes no listener (errno 12)")

    config = LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="22000-22498")
    with monkeypatch.context() as broken:
        broken.setattr(NativeStack, "_listen_first", refuse)
        with pytest.raises(LineError, match="be judged"):
            await BaresipEndpoint(config).start()
    endpoint = BaresipEndpoint(config)
    await endpoint.start()  # nothing was left running
    await endpoint.stop()


@pytest.mark.parametrize(
    ("from_", "code"),
    [(f"<sip:{'9' * 3000}@127.0.0.1>", 513), (f'"{"x" * 2100}" <sip:10010@127.0.0.1>', 513)],
)
async def test_a_from_beyond_all_bounds_does_not_ring(
    endpoint: BaresipEndpoint, sip_port: int, from_: str, code: int
) -> None:
    async with raw_phone(sip_port, from_=from_) as phone:
        phone.invite()
        assert (await phone.until(code)).line == f"SIP/2.0 {code} Header Value Too Large"


async def test_what_an_invite_says_holds_no_control_characters(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port, from_='"x\x1b[2J" <sip:13\x0700\u202e1@127.0.0.1>') as phone:
        phone._to = "<sip:4\x7f00@127.0.0.1>"
        phone.request("INVITE", phone._sdp("sendrecv"), User_to_User="a\x00b\x1b]0;c\u2028d")
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        assert (call.info.caller, call.info.callee) == ("13001", "400")
        assert call.info.headers["user-to-user"] in ("ab]0;cd", "a")
        assert call.info.trunk == "local"
        await call.reject()
        await phone.until(486)


@pytest.mark.parametrize("padding", [0, 1100])
async def test_an_answer_is_not_sent_where_the_sender_points(
    endpoint: BaresipEndpoint, sip_port: int, padding: int
) -> None:
    """The stack reads all of a Via, the door its first 1024 bytes."""
    loop = asyncio.get_running_loop()
    inbox: asyncio.Queue[bytes] = asyncio.Queue()

    class Third(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            inbox.put_nowait(data)

    third, _ = await loop.create_datagram_endpoint(Third, local_addr=("127.0.0.9", 0))
    port = third.get_extra_info("sockname")[1]
    async with raw_phone(sip_port) as phone:
        via = f"127.0.0.1:{port};x={'p' * padding};maddr=127.0.0.9;branch=z9hG4bKmaddr"
        lines = (
            f"OPTIONS sip:400@127.0.0.1:{sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {via}",
            "From: <sip:a@127.0.0.1>;tag=a",
            "To: <sip:400@127.0.0.1>",
            "Call-ID: pointed",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        )
        phone._send("\r\n".join(lines) + "\r\n\r\n")
        phone.request("OPTIONS")
        await phone.until(200)  # the one before it has been dealt with
    third.close()
    assert inbox.empty()

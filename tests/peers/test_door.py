"""Who may ring, and how many: SIPp at our door, from several addresses of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from telephony import Call, Hangup, HangupBy
from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig, Strangers, Trunk
from telephony.wav import to_alaw
from tests.ports import free_port

pytestmark = pytest.mark.peer
SCENARIOS = Path(__file__).parent / "scenarios"
CARRIER, PBX, STRANGER = "127.0.0.1", "127.0.0.3", "127.0.0.2"


@dataclass
class Line:
    """An endpoint that echoes, and what became of its calls."""

    endpoint: BaresipEndpoint
    admission: Admission
    port: int
    folder: Path
    answers: bool = True
    calls: list[Call] = field(default_factory=list)
    frames: dict[str, int] = field(default_factory=dict)

    async def serve(self, group: asyncio.TaskGroup) -> None:
        async for call in self.endpoint.incoming():
            self.calls.append(call)
            if self.answers:
                group.create_task(self._echo(call))

    async def _echo(self, call: Call) -> None:
        await call.answer()
        async for frame in call.frames():
            loud = float(np.std(np.frombuffer(frame, "<i2"))) > 300
            self.frames[call.info.call_id] = self.frames.get(call.info.call_id, 0) + loud
            call.play(frame)

    def sipp(
        self,
        scenario: str,
        *more: str,
        source: str = CARRIER,
        transport: str = "u1",
        expect: int = 200,
    ) -> asyncio.Task[None]:
        """SIPp in the background; awaiting it fails with its screen if a call failed."""
        text = (SCENARIOS / scenario).read_text()
        if scenario == "options.xml":
            text = text.replace('response="200"', f'response="{expect}"')
        path = self.folder / f"{len(list(self.folder.iterdir()))}-{scenario}"
        path.write_text(text)
        return asyncio.create_task(
            run_sipp(
                *("sipp", f"127.0.0.1:{self.port}", "-sf", str(path), "-s", "4008001234"),
                *("-i", source, "-mi", source, "-p", str(free_port(source))),
                *("-t", transport, "-nostdin", "-timeout", "30s", "-timeout_error"),
                *(more or ("-m", "1")),
                folder=self.folder,
            )
        )

    async def answered(self, count: int) -> None:
        """Wait until `count` calls have been heard."""
        async with asyncio.timeout(10):
            while sum(loud > 5 for loud in self.frames.values()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def empty(self) -> None:
        async with asyncio.timeout(10):
            while self.admission.in_calls:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def run_sipp(*command: str, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    try:
        screen, _ = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, screen.decode(errors="replace")[-3000:]


@contextlib.asynccontextmanager
async def line(
    folder: Path,
    limits: Limits | None = None,
    *,
    strangers: Strangers = "ignore",
    answers: bool = True,
) -> AsyncIterator[Line]:
    tone = 8000 * np.sin(2 * np.pi * 620 * np.arange(16_000) / 8000)
    (folder / "caller.al").write_bytes(to_alaw(tone.astype(np.int16)))
    port, admission = free_port(), Admission(replace(limits or Limits(), max_lag_ms=math.inf))
    config = LineConfig(
        listen=f"127.0.0.1:{port}",
        rtp_ports="22000-22498",
        trunks=(Trunk("carrier", ("127.0.0.1/32",)), Trunk("pbx", ("127.0.0.3",))),
        strangers=strangers,
        jitter_buffer_ms=20,
    )
    endpoint = BaresipEndpoint(config, admission)
    await endpoint.start()
    async with asyncio.TaskGroup() as group:
        tried = Line(endpoint, admission, port, folder, answers)
        serving = group.create_task(tried.serve(group))
        try:
            yield tried
        finally:
            await endpoint.stop()
            serving.cancel()


async def test_a_trunk_is_served_and_named(tmp_path: Path) -> None:
    async with line(tmp_path) as tried:
        await tried.sipp("echo_call.xml", "-m", "1", "-d", "700")
        await tried.sipp("echo_call.xml", "-m", "1", "-d", "700", source=PBX)
        assert [call.info.trunk for call in tried.calls] == ["carrier", "pbx"]


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_stranger_is_ignored(tmp_path: Path, transport: str) -> None:
    async with line(tmp_path) as tried:
        await tried.sipp("ignored_call.xml", source=STRANGER, transport=transport)
        assert tried.calls == []
        await tried.sipp("options.xml"), "the trunk beside it is heard"


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_or_told_that_it_may_not_ring(tmp_path: Path, transport: str) -> None:
    async with line(tmp_path, strangers="forbid") as tried:
        for scenario in ("options.xml", "forbidden_call.xml"):
            await tried.sipp(scenario, source=STRANGER, transport=transport, expect=403)
        assert tried.calls == []


async def test_options_tell_a_dispatcher_when_to_go_elsewhere(tmp_path: Path) -> None:
    async with line(tmp_path, Limits(max_calls=1)) as tried:
        await tried.sipp("options.xml")
        caller = tried.sipp("echo_call.xml", "-m", "1", "-d", "2000")
        await tried.answered(1)
        await tried.sipp("options.xml", expect=503)
        await caller
        await tried.empty()
        await tried.sipp("options.xml")


async def test_a_call_too_many_gets_503_and_a_free_place_is_used_again(tmp_path: Path) -> None:
    async with line(tmp_path, Limits(max_calls=2)) as tried:
        callers = tried.sipp("echo_call.xml", "-m", "2", "-r", "10", "-d", "3000")
        await tried.answered(2)
        await tried.sipp("refused_call.xml", "-m", "3", "-r", "10")
        await callers
        await tried.empty()
        await tried.sipp("echo_call.xml", "-m", "1", "-d", "500")
        assert len(tried.calls) == 3
        assert tried.admission.snapshot().admitted == 3


async def test_over_the_limit_a_few_may_hear_the_notice(tmp_path: Path) -> None:
    limits = Limits(max_calls=1, overflow="notice", notice_calls=1)
    async with line(tmp_path, limits) as tried:
        served = tried.sipp("echo_call.xml", "-m", "1", "-d", "3000")
        await tried.answered(1)
        noticed = tried.sipp("echo_call.xml", "-m", "1", "-d", "1500")
        await tried.answered(2)
        await tried.sipp("refused_call.xml")
        await noticed
        await served
        assert [call.info.overflow for call in tried.calls] == [False, True]


async def test_twenty_callers_give_up_while_it_rings(tmp_path: Path) -> None:
    async with line(tmp_path, answers=False) as tried:
        await tried.sipp("cancelled_call.xml", "-m", "20", "-l", "5", "-r", "10")
        await tried.empty()
        assert [call.ended for call in tried.calls] == [Hangup(HangupBy.REMOTE, "CANCEL")] * 20
        assert [call.codec for call in tried.calls] == [""] * 20, "none of them was answered"


async def test_a_drained_line_refuses_new_calls_and_finishes_its_own(tmp_path: Path) -> None:
    async with line(tmp_path) as tried:
        callers = tried.sipp("echo_call.xml", "-m", "3", "-r", "10", "-d", "3500")
        await tried.answered(3)
        draining = asyncio.create_task(tried.endpoint.drain())
        await tried.sipp("refused_call.xml")
        await tried.sipp("options.xml", expect=503)
        assert not draining.done()
        assert await tried.endpoint.drain(timeout_s=0.05) is False
        await callers
        assert await asyncio.wait_for(draining, 20) is True
        assert [call.ended for call in tried.calls] == [Hangup(HangupBy.REMOTE, "BYE")] * 3
        assert min(tried.frames.values()) > 120, "of 3.5 s each, to the end"


FLOOD = (
    "{method} sip:400@127.0.0.1:{port} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bKf{n}\r\n"
    "From: <sip:x@{source}>;tag=f{n}\r\nTo: <sip:400@127.0.0.1>{tag}\r\nCall-ID: flood-{n}\r\n"
    "CSeq: 1 {method}\r\nContact: <sip:x@{source}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


async def flood(port: int, source: str, method: str, tag: str, count: int, per_s: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for n in range(count):
            packet = FLOOD.format(method=method, port=port, source=source, n=n, tag=tag)
            sender.sendto(packet.encode(), ("127.0.0.1", port))
            if n % 20 == 19:
                await asyncio.sleep(20 / per_s)


@pytest.mark.parametrize(
    ("source", "method", "tag"),
    [
        (STRANGER, "INVITE", ""),
        (STRANGER, "BYE", ";tag=x"),
        (PBX, "OPTIONS", ""),
        (PBX, "BYE", ";tag=x"),
    ],
)
async def test_a_flood_from_one_source_leaves_the_others_their_calls(
    tmp_path: Path, source: str, method: str, tag: str
) -> None:
    async with line(tmp_path, strangers="forbid") as tried:
        caller = tried.sipp("echo_call.xml", "-m", "1", "-d", "4000")
        await tried.answered(1)
        await flood(tried.port, source, method, tag, count=1500, per_s=800)
        await tried.sipp("echo_call.xml", "-m", "1", "-d", "500")
        await caller
        assert [call.info.trunk for call in tried.calls] == ["carrier"] * 2
        assert tried.frames[tried.calls[0].info.call_id] > 150, "of 4 s of voice"

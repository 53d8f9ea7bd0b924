"""Seats, supervisors and callers of other makers in one call: who hears whom, and keys."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from calls_support import Ear, Line, heard_by_us, our_line
from debian_baresip import Phone, debian_baresip
from line_support import RATE, Samples, write_wav
from sipp_script import Script, run_sipp

from telephony import Call
from telephony.wav import to_alaw
from tests.session.control_rig import BOT_HZ, Rig, acted, hums, until
from tests.session.fakes import tone
from voicebot.session import events as facts
from voicebot.session.control import CallControl, Stage
from voicebot.turns.scheduler import InferenceScheduler

pytestmark = pytest.mark.peer
CALLER_HZ, SEAT_HZ, BOSS_HZ = 620, 840, 1090
RINGBACK_HZ = 450
SILENT_HZ = 0
LOUD = 500.0
"""Less than this in a window is no tone but what is left of another one."""


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    made = InferenceScheduler(workers=2)
    yield made
    made.close()


@contextlib.asynccontextmanager
async def humming(folder: Path, hz: int, rtp_ports: str, **how: str) -> AsyncIterator[Phone]:
    """A phone that hums without end, and answers whoever rings."""
    folder.mkdir()  # noqa: ASYNC240
    wav = write_wav(folder / "hum.wav", tone(90_000, hz=hz).tobytes())
    async with debian_baresip(folder / "phone", say=wav, rtp_ports=rtp_ports, **how) as phone:
        yield phone


def rig_of(seat: Phone, boss: Phone | None = None, **handoff: object) -> Rig:
    uris = {"seats": [{"name": "二线01", "uri": seat.uri}]}
    bosses = {"supervisors": [boss.uri] if boss else []}
    return Rig(handoff={**uris, **bosses, **handoff})


@contextlib.asynccontextmanager
async def in_session(
    rig: Rig, line: Line, scheduler: InferenceScheduler
) -> AsyncIterator[tuple[CallControl, Call, Ear]]:
    """The call that rings next, served by the bot; at the end it is over."""
    call = await line.ringing()
    ear = heard_by_us(call)
    running = asyncio.create_task(rig.session(call, line.endpoint, scheduler).run())
    async with asyncio.timeout(60):
        yield await rig.control(), call, ear
        await call.hangup()
        await running


def sounds(heard: Samples, hz: int) -> int:
    """For how many ms a tone is heard."""
    return 100 * len(hums(heard.astype(np.int16), hz, LOUD))


async def test_three_phones_hear_each_other_and_a_whisper_reaches_the_seat_alone(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    async with (
        our_line() as line,
        humming(tmp_path / "caller", CALLER_HZ, "23200-23298") as caller,
        humming(tmp_path / "seat", SEAT_HZ, "23300-23398") as seat,
        humming(tmp_path / "boss", BOSS_HZ, "23400-23498") as boss,
    ):
        rig = rig_of(seat, boss, whisper=True)
        await caller.command("dial", line.uri)
        async with in_session(rig, line, scheduler) as (control, _, ear):
            assert (await control.hand_over(None, "李班长")).ok
            await seat.event("CALL_ESTABLISHED")
            await until(control, Stage.BRIDGED)
            before = len(ear.left)
            assert (await control.join(boss.uri, "李班长")).ok
            await asyncio.sleep(2)
            assert (await control.whisper("请先问一下序列号", "李班长")).ok
            await asyncio.sleep(1.5)
            await seat.command("sndcode", "7#")
            await caller.command("sndcode", "5")
            to_caller = [(await caller.event("CALL_DTMF_START"))["param"] for _ in range(2)]
            assert (await seat.event("CALL_DTMF_START"))["param"] == "5"
            to_boss = {(await boss.event("CALL_DTMF_START"))["param"] for _ in range(3)}
            assert (to_caller, to_boss) == (list("7#"), set("7#5"))
            await boss.command("hangup")
            await boss.event("CALL_CLOSED")
            await asyncio.sleep(0.5)
            assert control.stage is Stage.BRIDGED, "caller and seat talk on"
            sent = np.frombuffer(bytes(ear.left[before:]), "<i2")
        heard = {name: p.heard() for name, p in (("c", caller), ("s", seat), ("b", boss))}
    print({n: {hz: sounds(h, hz) for hz in (620, 840, 1090, 500)} for n, h in heard.items()})
    assert sounds(heard["s"], CALLER_HZ) >= 3000
    assert sounds(heard["s"], BOSS_HZ) >= 1500
    assert sounds(heard["c"], SEAT_HZ) >= 3000
    assert sounds(heard["c"], BOSS_HZ) >= 1500
    assert sounds(heard["b"], CALLER_HZ) >= 1500
    assert sounds(heard["b"], SEAT_HZ) >= 1500
    for name, own in (("c", CALLER_HZ), ("s", SEAT_HZ), ("b", BOSS_HZ)):
        assert sounds(heard[name], own) <= 200, "nobody hears themselves"
    # 客户问题：硬盘不亮 before, 请先问一下序列号 later: 80 ms a character.
    assert sounds(heard["s"], BOT_HZ) >= 1000
    assert sounds(heard["b"], BOT_HZ) == 0
    assert hums(sent, BOT_HZ, LOUD) == [], "nothing of it left for the caller"
    assert sounds(heard["c"], RINGBACK_HZ) >= 300, "it rang while the seat was told"
    assert [e for e in acted(rig.seen) if not e[1]] == []


async def test_a_supervisor_takes_a_sipp_call_over_and_keys_by_info_cross(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    """SIPp says a tone and presses keys by SIP INFO; a baresip takes the call from the bot."""
    hum = tone(2000, hz=CALLER_HZ)
    (tmp_path / "caller.al").write_bytes(to_alaw(hum))
    relay = "Signal={}\r\nDuration=160\r\n"
    script = Script().invite().expect(200).send("ACK")
    script.do('rtp_stream="caller.al,-1,8,PCMA/8000"').pause(5000)
    for key in "5#":
        script.send("INFO", relay.format(key), kind="application/dtmf-relay").expect(
            200, optional=()
        ).pause(300)
    script.pause(1500).do('rtp_stream="pause"')
    async with our_line() as line, humming(tmp_path / "boss", BOSS_HZ, "23400-23498") as boss:
        rig = rig_of(boss)
        sipp = asyncio.create_task(run_sipp(script.bye(), line.port, tmp_path))
        async with in_session(rig, line, scheduler) as (control, call, ear):
            assert (await control.join(boss.uri, "李班长")).why == "not_bridged"
            assert (await control.take_over(boss.uri, "李班长")).ok
            await until(control, Stage.BRIDGED)
            got = [(await boss.event("CALL_DTMF_START"))["param"] for _ in range(2)]
            await call.wait_ended()
        await sipp
        await boss.event("CALL_CLOSED")
        heard = boss.heard()
    assert got == list("5#")
    assert sounds(heard, CALLER_HZ) >= 2000
    left = np.frombuffer(bytes(ear.left), "<i2").astype(np.float64)
    assert sounds(left, BOSS_HZ) >= 2000, "what left for the caller"
    (finished,) = [e for e in rig.seen if isinstance(e, facts.HandoffFinished)]
    assert (finished.outcome, finished.seat) == ("accepted", "李班长")
    assert rig.seen[-1] == facts.CallEnded(rig.seen[-1].at_ms, "remote", "BYE", "handed_off")


async def test_a_phone_that_refuses_leaves_the_caller_with_the_bot(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    """Each refusal is a typed outcome; the bot is heard all the while."""
    async with (
        our_line() as line,
        humming(tmp_path / "caller", SILENT_HZ, "23200-23298") as caller,
        humming(tmp_path / "boss", BOSS_HZ, "23400-23498", account="answermode=manual") as boss,
    ):
        rig = rig_of(boss, ring_timeout_s=2)
        await caller.command("dial", line.uri)
        async with in_session(rig, line, scheduler) as (control, call, ear):
            taking = asyncio.create_task(control.take_over(boss.uri, "李班长"))
            await boss.event("CALL_INCOMING")
            await asyncio.sleep(0.5)  # it rings: a refusal in that moment is "unreachable"
            assert control.stage is Stage.BOT
            await boss.command("hangup")
            refused = await taking
            assert (refused.ok, refused.why) == (False, "busy"), refused
            rung_out = await control.take_over(boss.uri, "李班长")
            assert rung_out.why == "no_answer"
            assert (await control.take_over("sip:1@127.0.0.1:9", "李班长")).why == "uri_refused"
            assert (await control.whisper("你好", "李班长")).why == "not_bridged"
            size = len(ear.left)
            assert control.stage is Stage.BOT
            assert call.ended is None
    assert size >= 2 * RATE
    assert sounds(np.frombuffer(bytes(ear.left), "<i2").astype(np.float64), BOT_HZ) >= 1000

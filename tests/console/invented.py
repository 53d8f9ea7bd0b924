"""A store with invented people and calls: for screenshots and for tests in a real browser.

Nobody in it exists; numbers are of the ranges that are never given out or masked anyway.
"""

from __future__ import annotations

import array
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from telephony import CallInfo
from telephony.tape import wav_header
from tests.server_pack import server_pack
from voicebot.console.passwords import hash_password
from voicebot.handoff import CallFacts, SpokenTurn, build_package
from voicebot.records import CallRecorder, Records
from voicebot.records.tables import CALLS

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEOPLE = (
    ("admin", "admin", ""),
    ("周敏", "supervisor", ""),
    ("李雷", "seat", "二线01"),
    ("韩梅", "seat", "二线02"),
    ("陈测", "tester", ""),
)
SEATS = [
    {"name": "二线01", "uri": "sip:2001@127.0.0.1", "skills": ["硬件"]},
    {"name": "二线02", "uri": "sip:2002@127.0.0.1", "skills": ["存储"]},
]
TALK = (
    ("bot", 300, "您好，云岚科技服务热线，请问有什么可以帮您？", "greeting", None),
    ("caller", 4200, "你好，我们一台 YL5280G3 服务器，硬盘灯是黄的。", "", 0.93),
    ("bot", 9100, "好的。请看一下是常亮还是闪烁？", "ask", 980),
    ("caller", 12800, "常亮的，就第三个槽位那块。", "", 0.88),
    ("bot", 16900, "第三个槽位黄灯常亮，说明这块硬盘已经故障，请更换同型号硬盘。", "answer", 1180),
    ("caller", 24600, "那换了以后要重建多久？", "", 0.71),
    ("bot", 28300, "这个时间资料里没有，我帮您转工程师，好吗？", "refuse", 1720),
    ("caller", 33500, "好，转吧。", "", 0.97),
)
STAGES = [
    {"stage": "quick asr", "start_ms": 90, "end_ms": 210, "note": ""},
    {"stage": "asr", "start_ms": 200, "end_ms": 540, "note": ""},
    {"stage": "search", "start_ms": 545, "end_ms": 590, "note": ""},
    {"stage": "first clause", "start_ms": 600, "end_ms": 930, "note": ""},
]
QUOTE = {
    "id": "m",
    "source": "YL5280G3 用户手册 3.1 硬盘指示灯",
    "quote": "黄色常亮表示硬盘故障",
}
UNKNOWN = ("机房地面要不要防静电", "重建 RAID 要多久", "保修能不能转给别的公司", "发票怎么开")


def add_people(records: Records) -> None:
    """One account for each kind of person."""
    for name, role, seat in PEOPLE:
        hashed, now = hash_password(PASSWORD, CHEAP), datetime.now(UTC)
        records.people.add(name, role, hashed, seat=seat, must_change=False, at=now)


def tape(path: Path, seconds: int = 48) -> Path:
    """A stereo recording: a low tone where the caller speaks, a higher one for the bot."""
    samples = array.array("h")
    for nth in range(seconds * 8000):
        at = nth / 8000
        left = 4000 if 4.2 < at < 8 or 12.8 < at < 15.5 or 24.6 < at < 27 else 0
        right = 3000 if 0.3 < at < 3.8 or 9.1 < at < 12 or 16.9 < at < 23 else 0
        samples.append(int(left * math.sin(2 * math.pi * 220 * at)))
        samples.append(int(right * math.sin(2 * math.pi * 330 * at)))
    body = samples.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_header(len(samples) // 2) + body)
    return path


async def add_talk(records: Records, recording: Path, at: datetime) -> CallRecorder:
    """The call that pages are shown with: a fault, a question without an answer, a seat."""
    call = records.start_call(CallInfo("x", "13900000123", "400", codec="pcma"), pack="server")
    call.update(recording=recording)
    for who, at_ms, text, kind, number in TALK:
        if who == "caller":
            more = {"speech_start_ms": at_ms, "speech_end_ms": at_ms + 3000, "confidence": number}
            call.event("caller_spoke", at_ms + 3600, text=text, **more)
        else:
            cited = [QUOTE] if kind == "answer" else []
            stages = STAGES if number else []
            told = {"kind": kind, "confidence": 0.9, "since_caller_ms": number}
            call.event("bot_spoke", at_ms, text=text, citations=cited, stages=stages, **told)
    call.event("handoff_started", 36_000, reason="low_confidence", skill="", summary_id="S1")
    call.event("seat_rang", 39_000, seat="二线01", outcome="declined", sip_code=603)
    call.event("seat_rang", 43_000, seat="二线02", outcome="accepted", sip_code=200)
    call.event("handoff_finished", 43_000, outcome="accepted", seat="二线02")
    call.event("bridge_ended", 163_000, ended_by="seat", talk_ms=120_000)
    known = CallFacts.of(server_pack(), "13900000123", "low_confidence")
    turns = [
        SpokenTurn(nth, who, text, 0.9, kind, QUOTE["source"] if kind == "answer" else "")
        for nth, (who, _, text, kind, _) in enumerate(TALK)
    ]
    unanswered = {"未解答的问题": "那换了以后要重建多久"}
    call.summary(build_package(known, turns, unanswered, summary_id="S1"))
    call.update(quality={"loss_percent": 0.3, "jitter_ms": 4.1, "mos": 4.3})
    call.finish("handed_off", "remote")
    assert await call.stored(20)
    _move(records, call.call_id, at, 165)
    return call


async def add_history(records: Records, now: datetime, days: int = 14) -> None:
    """Some weeks of short calls, for the report and the search."""
    chance = random.Random(8)
    planned = []
    for back in range(days):
        for _ in range(chance.randint(3, 14)):
            planned.append(now - timedelta(days=back, minutes=chance.randint(5, 300)))
    call = None
    for _ in planned:
        number = f"139000{chance.randint(0, 60):05}"
        call = records.start_call(CallInfo("x", number, "400", codec="pcma"), pack="server")
        end = _short_talk(call, chance)
        call.finish(end, "remote")
    assert call is not None
    assert await call.stored(60)
    rows = records.list_calls(10_000)
    short = [row for row in rows if not row.recording]
    for row, at in zip(short, planned, strict=True):
        _move(records, row.id, at, chance.randint(40, 300))


def _short_talk(call: CallRecorder, chance: random.Random) -> str:
    """What is said in one of them; returns how it ended."""
    fate = chance.random()
    asked = chance.choice(UNKNOWN) if fate < 0.25 else "服务器连不上网了"
    call.event("caller_spoke", 3000, text=asked, confidence=0.9, speech_start_ms=1200)
    kind = "refuse" if fate < 0.25 else "answer"
    wait = int(chance.gauss(1050, 220))
    call.event("bot_spoke", 6000, text="请检查网线。", kind=kind, since_caller_ms=wait)
    if fate < 0.35:
        reason = chance.choice(("requested", "low_confidence", "danger", "limit"))
        call.event("handoff_started", 9000, reason=reason, skill="", summary_id="S1")
        taken = {"outcome": "accepted", "seat": chance.choice(("二线01", "二线02"))}
        call.event("handoff_finished", 15_000, **taken)
        return "handed_off"
    if fate < 0.8:
        call.event("bot_spoke", 20_000, text="太好了，解决了就好。", kind="clarify")
        return "bot_ended"
    return "caller_hung_up"


def _move(records: Records, call_id: str, at: datetime, seconds: int) -> None:
    ended = at + timedelta(seconds=seconds)
    moved = CALLS.update().where(CALLS.c.id == call_id).values(started_at=at, ended_at=ended)
    with records._engine.begin() as connection:
        connection.execute(moved)

"""A store with one finished call, the calls of the moment, and a browser without a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from telephony import CallInfo
from telephony.tape import wav_header
from voicebot.console import House, LiveCalls
from voicebot.console.accounts import csrf_of
from voicebot.console.app import build_app
from voicebot.console.passwords import hash_password
from voicebot.console.rights import Role
from voicebot.handoff import CallFacts, build_package
from voicebot.records import CallRecorder, Records
from voicebot.settings import Settings, load_settings

HOST = "http://127.0.0.1:8080"
EVIL = "<script>alert('x')</script>"
TAPE = wav_header(800) + bytes(range(100)) * 32


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    store = Records.open(tmp_path / "records")
    yield store
    store.close()


@pytest.fixture
def live() -> LiveCalls:
    return LiveCalls()


# What hashing costs is the library's affair; here it costs nothing.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
SEATS = [
    {"name": "二线01", "uri": "sip:2001@127.0.0.1"},
    {"name": "二线02", "uri": "sip:2002@127.0.0.1"},
]


@pytest.fixture
def settings() -> Settings:
    return load_settings(environ={}, overrides={"handoff.seats": SEATS})


@pytest.fixture
def house(records: Records, live: LiveCalls, settings: Settings) -> House:
    return House(records, live, settings, solved=lambda: ("太好了，解决了就好。",))


@pytest.fixture
def people(records: Records) -> Records:
    """One account of each role, named after it; 二线02 is the seat's."""
    for role in Role:
        seat = "二线02" if role is Role.SEAT else ""
        hashed, now = hash_password(PASSWORD, CHEAP), datetime.now(UTC)
        records.people.add(role, role, hashed, seat=seat, must_change=False, at=now)
    return records


class Browser(httpx.AsyncClient):
    """Keeps cookies as browsers do, and sends the forms of the pages that it was given."""

    @property
    def csrf(self) -> str:
        return csrf_of(self.cookies.get("voicebot") or self.cookies.get("voicebot_visit") or "")

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        return await self.post(path, data={"csrf": self.csrf, **fields})

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        await self.get("/login")
        csrf = csrf_of(self.cookies["voicebot_visit"])
        form = {"csrf": csrf, "name": name, "password": password}
        return await self.post("/login", data=form)


def browse(house: House, **options: object) -> Browser:
    app = build_app(house, hasher=CHEAP, **options)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return Browser(transport=transport, base_url=HOST)


@pytest.fixture
async def stranger(house: House, people: Records) -> AsyncIterator[Browser]:
    """A browser on which nobody is signed in."""
    async with browse(house) as client:
        yield client


@pytest.fixture
async def browser(stranger: Browser) -> Browser:
    """A browser on which the supervisor is signed in."""
    assert (await stranger.sign_in("supervisor")).status_code == 303
    return stranger


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "somewhere" / "tape.wav"
    path.parent.mkdir()
    path.write_bytes(TAPE)
    return path


@pytest.fixture
async def kept(records: Records, tape: Path) -> CallRecorder:
    """A call with everything in it, on disk."""
    call = records.start_call(CallInfo("x", "13800138000", "400", codec="pcma"), pack="server")
    call.update(recording=tape)
    call.event("bot_spoke", 20, text="您好，云岚科技。", kind="greeting", confidence=1.0)
    call.event("caller_spoke", 2100, text=f"硬盘黄灯{EVIL}", confidence=0.83)
    cited = {"id": "m", "source": "用户手册 3.1 硬盘指示灯", "quote": "黄色常亮表示故障"}
    stages = [
        {"stage": "asr", "start_ms": 160.0, "end_ms": 410.0, "note": ""},
        {"stage": "choice", "start_ms": 430.0, "end_ms": 430.0}
        | {"note": "skipped: needs 900 ms, 700 left"},
    ]
    call.event(
        "bot_spoke",
        3000,
        text="这块硬盘坏了。",
        kind="answer",
        confidence=0.91,
        since_caller_ms=1820,
        citations=[cited],
        stages=stages,
    )
    call.event("bot_interrupted", 3500, heard="这块", unheard="硬盘坏了。", stopped_after_ms=1)
    call.event("trouble", 3600, what="voice late", consequence="offered a human")
    call.event("handoff_started", 4000, reason="requested", skill="", summary_id="S0000001")
    call.event("seat_rang", 5000, seat="二线01", outcome="busy", sip_code=486)
    call.event("handoff_finished", 6000, outcome="accepted", seat="二线02")
    call.event("bridge_ended", 66_000, ended_by="seat", talk_ms=60_000)
    call.summary(build_package(CallFacts("13800138000", "requested"), (), {}, summary_id="S1"))
    call.event("call_held", 6100)
    call.event("call_resumed", 14_100, held_ms=8000)
    call.event("recording_stopped", 15_000, by="speech")
    call.update(quality={"loss_percent": 1.25, "jitter_ms": 6.4, "mos": 4.13})
    call.finish("handed_off", "remote")
    assert await call.stored(10)
    return call

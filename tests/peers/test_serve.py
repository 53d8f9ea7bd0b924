"""`voicebot serve` as an operator runs it: its own process, rung by SIPp, killed, asked after."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import time
import wave
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.peers.serve_support import ROOT, Bot, serving
from tests.ports import free_port
from tests.telephony.raw_phone import raw_phone
from voicebot.console.accounts import csrf_of
from voicebot.console.passwords import hash_password
from voicebot.records.store import Records

pytestmark = [pytest.mark.peer, pytest.mark.weights]
SCENARIO = ROOT / "tests/peers/scenarios/echo_call.xml"


@pytest.fixture
def bot(request: pytest.FixtureRequest, tmp_path: Path, models: Path) -> Iterator[Bot]:
    """A bot of its own for each test; a parameter is more of its environment."""
    with serving(tmp_path / "records", models, getattr(request, "param", {})) as running:
        yield running


STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def no_caller_is_left() -> Iterator[None]:
    """A test that fails in a call leaves no caller behind."""
    yield
    while STARTED:
        caller = STARTED.pop()
        caller.kill()
        caller.wait(timeout=10)


def start_sipp(bot: Bot, folder: Path, *, calls: int, pause_ms: int) -> subprocess.Popen[bytes]:
    """SIPp plays a caller line in a loop on each of `calls` simultaneous calls."""
    audio = (ROOT / "audio_fixtures/disk_missing.wav").read_bytes()
    second = b"\xd5" * 8000  # of A-law silence
    # A caller hears the greeting begin (who speaks before it is answered without one), and waits
    # for the reply.
    (folder / "caller.al").write_bytes(second + audio[audio.index(b"data") + 8 :] + second * 3)
    caller = subprocess.Popen(
        [
            *("sipp", f"127.0.0.1:{bot.port}", "-sf", str(SCENARIO), "-s", "4008000000"),
            *("-m", str(calls), "-l", str(calls), "-r", str(calls), "-d", str(pause_ms)),
            *("-i", "127.0.0.1", "-p", str(free_port()), "-mi", "127.0.0.1"),
            *("-mp", "28600", "-nostdin"),
            *("-timeout", "90s", "-timeout_error", "-trace_err"),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    STARTED.append(caller)
    return caller


def wait_for_count(metrics: str, sample: str, count: int) -> None:
    """Until Prometheus would read this count."""
    deadline = time.monotonic() + 30
    text = ""
    while f"{sample} {float(count)}" not in text and time.monotonic() < deadline:
        time.sleep(0.2)  # a real process in real time; nothing to wait on but its metrics
        text = httpx.get(metrics).text
    assert f"{sample} {float(count)}" in text, text[-3000:]


@pytest.mark.timeout(900)
def test_every_call_is_answered_ended_and_kept(bot: Bot, tmp_path: Path) -> None:
    calls = 5
    assert start_sipp(bot, tmp_path, calls=calls, pause_ms=9000).wait(timeout=120) == 0
    wait_for_count(
        bot.metrics, 'voicebot_calls_total{ended_by="remote",outcome="caller_hung_up"}', calls
    )
    bot.process.send_signal(signal.SIGTERM)
    assert bot.process.wait(timeout=60) == 0
    records = bot.records()
    kept = records.list_calls()
    assert len(kept) == calls
    for row in kept:
        assert row.outcome == "caller_hung_up", row
        view = records.get_call(row.id)
        assert view.turns[0].kind == "greeting"
        with wave.open(row.recording) as tape:
            assert tape.getnchannels() == 2
            assert tape.getnframes() / tape.getframerate() > 8
    records.close()


def wait_for_talk(records: Records, calls: int) -> None:
    """Until so many calls have been greeted."""
    deadline = time.monotonic() + 60
    greeted: list[str] = []
    while len(greeted) < calls and time.monotonic() < deadline:
        time.sleep(0.3)  # a real process in real time; nothing to wait on but its records
        greeted = [row.id for row in records.list_calls() if records.get_call(row.id).turns]
    assert len(greeted) == calls


async def ring_once(port: int, status: int) -> None:
    """One more INVITE, which must be answered with this final status."""
    async with raw_phone(port) as phone:
        phone.invite()
        await phone.until(status)


@pytest.mark.timeout(900)
def test_kill_term_in_five_calls_lets_all_of_them_finish(bot: Bot, tmp_path: Path) -> None:
    callers = start_sipp(bot, tmp_path, calls=5, pause_ms=15_000)
    records = bot.records()
    wait_for_talk(records, 5)
    bot.process.send_signal(signal.SIGTERM)
    assert bot.process.stderr is not None
    while "5 calls left" not in (line := bot.process.stderr.readline()):
        assert line, "serve said nothing of the calls that were left"
    asyncio.run(ring_once(bot.port, 503))
    assert callers.wait(timeout=60) == 0, "a caller was cut off"
    assert bot.process.wait(timeout=60) == 0
    assert "1 call left" in bot.process.stderr.read()
    kept = records.list_calls()
    assert len(kept) == 5, "the sixth was refused and is no call"
    for row in kept:
        # On a machine that five calls are too much for, one may be on its way to a human.
        assert row.outcome in ("caller_hung_up", "caller_gone"), row
        assert row.hangup_by == "remote"
        assert row.quality is not None and row.quality["received"] > 500
        with wave.open(row.recording) as tape:
            assert tape.getnframes() / tape.getframerate() > 14
    records.close()


@pytest.mark.timeout(900)
def test_told_twice_to_stop_it_hangs_up(bot: Bot, tmp_path: Path) -> None:
    caller = start_sipp(bot, tmp_path, calls=1, pause_ms=60_000)
    records = bot.records()
    wait_for_talk(records, 1)
    for number in (signal.SIGTERM, signal.SIGINT):
        bot.process.send_signal(number)
        time.sleep(0.5)
    assert bot.process.wait(timeout=20) == 0
    caller.terminate()
    caller.wait(timeout=30)
    (row,) = records.list_calls()
    assert (row.outcome, row.hangup_by) == ("answered", "local")
    records.close()


ANNOUNCEMENT = "为提升服务质量，本次通话将被录音。"
ONE_CALL = {
    "VOICEBOT__SIP__LIMITS__MAX_CALLS": "1",
    "VOICEBOT__SIP__LIMITS__OVERFLOW": "notice",
    "VOICEBOT__RECORDS__ANNOUNCE": ANNOUNCEMENT,
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bot", [ONE_CALL], indirect=True)
def test_one_call_too_many_hears_that_all_lines_are_busy(bot: Bot, tmp_path: Path) -> None:
    start_sipp(bot, tmp_path, calls=2, pause_ms=20_000).wait(timeout=120)
    bot.process.send_signal(signal.SIGTERM)
    assert bot.process.wait(timeout=60) == 0
    records = bot.records()
    kept = {row.hangup_by: records.get_call(row.id) for row in records.list_calls()}
    records.close()
    assert set(kept) == {"remote", "local"}
    served, full = kept["remote"], kept["local"]
    assert [turn.text for turn in served.turns[:1]] == [ANNOUNCEMENT]
    assert served.turns[1].kind == "greeting"
    assert full.call.outcome == "queue_notice"
    (notice,) = full.turns
    assert notice.kind == "notice" and "人比较多" in notice.text
    with wave.open(full.call.recording) as tape:
        assert tape.getnframes() / tape.getframerate() > 3


@pytest.mark.timeout(900)
def test_kill_9_in_a_call_leaves_records_that_open(bot: Bot, tmp_path: Path) -> None:
    caller = start_sipp(bot, tmp_path, calls=1, pause_ms=60_000)
    records: Records | None = None
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.5)  # a real process in real time; nothing to wait on but its records
        records = records or bot.records()
        rows = records.list_calls()
        if rows and any(turn.who == "caller" for turn in records.get_call(rows[0].id).turns):
            break
    time.sleep(2)
    bot.process.kill()
    bot.process.wait(timeout=10)
    caller.terminate()
    caller.wait(timeout=30)
    assert records is not None
    (row,) = records.list_calls()
    view = records.get_call(row.id)
    assert row.outcome == "interrupted"
    assert view.turns[0].kind == "greeting"
    heard = next(turn for turn in view.turns if turn.who == "caller")
    with wave.open(row.recording) as tape:
        recorded_ms = tape.getnframes() * 1000 / tape.getframerate()
    assert recorded_ms > heard.at_ms, "the tape reaches to the stored turn"
    records.close()


def parts_of(stream: httpx.Response) -> Iterator[dict[str, str]]:
    """The server-sent parts of a page, as they come."""
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def sign_in(bot: Bot, browser: httpx.Client) -> None:
    """As a supervisor whom the operator has added."""
    records, password = bot.records(), "correct horse battery"
    now = datetime.now(UTC)
    records.people.add("boss", "supervisor", hash_password(password), must_change=False, at=now)
    records.close()
    browser.get("/login")
    form = {"csrf": csrf_of(browser.cookies["voicebot_visit"]), "name": "boss"}
    assert browser.post("/login", data={**form, "password": password}).status_code == 303


@pytest.mark.timeout(900)
def test_a_call_is_watched_in_a_browser(bot: Bot, tmp_path: Path) -> None:
    caller = start_sipp(bot, tmp_path, calls=1, pause_ms=15_000)
    with httpx.Client(base_url=bot.console, trust_env=False, timeout=30) as browser:
        sign_in(bot, browser)
        with browser.stream("GET", "/live/events") as stream:
            home = parts_of(stream)
            link = next(filter(None, (re.search(r"/calls/[0-9a-f-]{36}", p["now"]) for p in home)))
            with browser.stream("GET", f"{link[0]}/events") as talk:
                turns = (parts["turns"] for parts in parts_of(talk))
                assert "置信度" in next(shown for shown in turns if ">客户<" in shown)
            assert link[0] in next(parts["latest"] for parts in home if "latest" in parts)
        page = browser.get(link[0]).text
        assert "客户挂断" in page
        assert "data-events" not in page, "a call that is over is not followed"
        audio = browser.get(f"{link[0]}/audio", headers={"Range": "bytes=0-3"})
        assert (audio.status_code, audio.content) == (206, b"RIFF")
    assert caller.wait(timeout=60) == 0
    bot.process.send_signal(signal.SIGTERM)
    assert bot.process.wait(timeout=60) == 0

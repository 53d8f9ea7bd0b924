"""``voicebot seats`` and ``voicebot callbacks``, as a person at a terminal uses them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telephony.api import CallInfo
from tests.handoff.desk import Desk
from voicebot.cli import app
from voicebot.errors import RecordsError, SeatError
from voicebot.handoff import Roster, SeatState
from voicebot.handoff.keeping import follow_seats
from voicebot.records import Records
from voicebot.records.callbacks import Booking
from voicebot.records.seat_log import SeatChange
from voicebot.settings import SeatSettings

SEATS = """\
[[handoff.seats]]
name = "二线01"
uri = "sip:2001@10.0.0.5"
skills = ["存储组"]
"""
NUMBER = "13900139001"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hotline.toml"
    path.write_text(f'{SEATS}\n[records]\ndirectory = "{tmp_path / "records"}"\n', "utf-8")
    Records.open(tmp_path / "records").close()
    return path


def run(*args: str | Path) -> str:
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_a_seat_is_set_and_listed(config: Path) -> None:
    assert "ready" in run("seats", "list", "--config", config)
    assert "二线01: away" in run("seats", "set", "二线01", "away", "--config", config)
    shown = run("seats", "list", "--config", config)
    assert "away" in shown and "存储组" in shown
    with pytest.raises(SeatError, match="二线09"):
        run("seats", "set", "二线09", "away", "--config", config)
    with pytest.raises(SeatError, match="talking"):
        run("seats", "set", "二线01", "talking", "--config", config)


async def test_a_running_bot_hears_of_it(config: Path, tmp_path: Path) -> None:
    store = Records.open(tmp_path / "records")
    roster = Roster([SeatSettings(name="二线01", uri="sip:2001@10.0.0.5")], keep=store.seats.note)
    following = asyncio.create_task(follow_seats(roster, store.seats))
    try:
        change = SeatChange("二线01", "away", datetime.now(UTC), "张")
        other = store.seats.__class__(store._engine, lambda write: None, "elsewhere:1")
        other.note_now(change)
        async with asyncio.timeout(10):
            changed = asyncio.Event()
            roster.watch(lambda _seat: changed.set())
            if roster.seat("二线01").state is not SeatState.AWAY:
                await changed.wait()
        assert roster.seat("二线01").state is SeatState.AWAY
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        store.close()


async def test_a_call_back_is_listed_masked_taken_with_its_number_and_closed(
    config: Path, tmp_path: Path
) -> None:
    store = Records.open(tmp_path / "records")
    call = store.start_call(CallInfo("x", "13800138000", "400"))
    now = datetime.now(UTC)
    booking = Booking(NUMBER, "明天上午", now, now + timedelta(hours=3), "requested")
    assert await call.book_call_back(booking, 10)
    callback_id = store.callbacks.list()[0].id[:8]
    store.close()
    listed = run("callbacks", "list", "--config", config)
    assert callback_id in listed and "139******01" in listed and NUMBER not in listed
    taken = run("callbacks", "take", callback_id, "--seat", "二线01", "--config", config)
    assert NUMBER in taken
    with pytest.raises(RecordsError, match="taken by 二线01 already"):
        run("callbacks", "take", callback_id, "--seat", "二线02", "--config", config)
    assert "open again" in run(
        *("callbacks", "give-back", callback_id, "--seat", "二线01", "--config", config)
    )
    assert "已解决" in run(
        *("callbacks", "close", callback_id, "--seat", "二线01"),
        *("--result", "已解决", "--config", config),
    )
    assert "no call-backs" in run("callbacks", "list", "--config", config)
    assert callback_id in run("callbacks", "list", "--state", "closed", "--config", config)
    with pytest.raises(RecordsError, match="--state"):
        run("callbacks", "list", "--state", "lost", "--config", config)


def test_the_stores_rows_bring_a_roster_back() -> None:
    desk = Desk()
    desk.roster.set_state("二线03", "away", "张")
    again = Roster(desk.seats, clock=desk.clock)
    again.restore(desk.kept)
    assert again.seat("二线03").state is SeatState.AWAY

"""What is written is found again; what goes wrong with the disk does not touch the call."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import alembic.autogenerate
import pytest
import sqlalchemy as sa
import structlog
from alembic.migration import MigrationContext

from telephony.api import CallInfo, TransferOutcome
from voicebot.errors import RecordsError
from voicebot.records import Records, writer
from voicebot.records.tables import METADATA
from voicebot.settings import RecordsSettings

INFO = CallInfo("abc@pbx", "13800138000", "4008000000", codec="pcma")


@dataclass
class Story:
    """The smallest summary."""

    text: str

    def to_dict(self) -> dict[str, Any]:
        return {"id": "S1", "lines": [self.text]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Records]:
    records = Records.open(tmp_path)
    yield records
    records.close()


async def test_a_call_is_read_back_as_it_went(store: Records) -> None:
    call = store.start_call(INFO, pack="server", recording=Path("a.wav"))
    call.event("bot_spoke", 10, text="您好", kind="greeting", confidence=1.0, since_caller_ms=None)
    call.event("caller_spoke", 900, text="黄灯", confidence=0.8, barged_in=True)
    cited = {"id": "m1", "source": "手册 3.1", "quote": "黄色常亮"}
    stage = {"stage": "asr", "start_ms": 0, "end_ms": 300.5}
    spoken = {"kind": "answer", "since_caller_ms": 600, "citations": [cited], "stages": [stage]}
    call.event("bot_spoke", 1500, text="坏了", **spoken)
    call.event("bot_interrupted", 1700, heard="坏", unheard="了", stopped_after_ms=4)
    call.event("handoff_started", 2000, reason="requested", skill="", summary_id="S1")
    call.event("seat_rang", 3000, seat="二线01", outcome=TransferOutcome.BUSY, sip_code=486)
    call.event("handoff_finished", 4000, outcome="accepted", seat="二线02")
    call.event("bridge_ended", 9000, ended_by="caller", talk_ms=5000)
    assert await call.store_summary(Story("黄灯"), timeout_s=10)
    call.update(codec="pcmu")
    call.finish("handed_off", "remote")
    assert await call.stored(10)

    view = store.get_call(call.call_id[:8])
    assert [turn.text for turn in view.turns] == ["您好", "黄灯", "坏了"]
    greeting, caller, answer = view.turns
    assert greeting.since_caller_ms is None
    assert caller.barged_in and caller.confidence == 0.8
    assert answer.citations == (cited,)
    assert answer.since_caller_ms == 600
    assert answer.stages[0]["end_ms"] == 300.5
    assert answer.unheard == "了"
    assert view.handoff is not None
    assert (view.handoff.outcome, view.handoff.seat) == ("accepted", "二线02")
    assert view.handoff.attempts[0]["outcome"] == "busy"
    assert view.handoff.talk_ms == 5000
    assert view.summary == {"id": "S1", "lines": ["黄灯"]}
    assert (view.call.caller, view.call.codec) == ("138******00", "pcmu")
    assert (view.call.outcome, view.call.hangup_by) == ("handed_off", "remote")
    assert view.call.recording == "a.wav"
    json.dumps(view.to_dict())


def test_no_personal_data_reaches_the_disk(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    call.event(
        "caller_spoke",
        0,
        text="我叫张伟，手机13912345678",
        alternatives=("幺三九一二三四五六七八",),
    )
    call.summary(Story("客户13912345678"))
    assert store.close() == 0
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("13912345678", "13800138000", "张伟", "幺三九一二三四五六七八"):
        assert secret.encode() not in on_disk
        assert json.dumps(secret).strip('"').encode() not in on_disk
    assert b"139******78" in on_disk


async def test_newest_calls_come_first_and_events_keep_their_order(store: Records) -> None:
    calls = [store.start_call(INFO) for _ in range(3)]
    for nth in range(200):
        calls[1].event("caller_spoke", nth, text=str(nth))
    assert await calls[1].stored(10)
    assert [row.id for row in store.list_calls(2)] == [calls[2].call_id, calls[1].call_id]
    assert [turn.text for turn in store.get_call(calls[1].call_id).turns] == [
        str(nth) for nth in range(200)
    ]


async def test_odd_values_are_stored_as_plain_json(store: Records) -> None:
    call = store.start_call(INFO)
    call.event(
        "x", 1, nan=float("nan"), path=Path("a"), outcome=TransferOutcome.BUSY, s={1}, n=None
    )
    assert await call.stored(10)
    data = store.get_call(call.call_id).events[0].data
    assert data == {"nan": None, "path": "a", "outcome": "busy", "s": [1], "n": None}


async def test_a_hostile_from_header_is_kept_as_harmless_text(store: Records) -> None:
    hostile = "\x1b[31m'; drop table calls; --\x00\n" + "9" * 500
    call = store.start_call(CallInfo("x", hostile, hostile))
    assert await call.stored(10)
    kept = store.get_call(call.call_id).call
    assert kept.caller.isprintable() and kept.callee.isprintable()
    assert len(kept.callee) <= 128


@pytest.mark.parametrize("bad", ["", "abc", "%%%%", "abcd%", "abcd' or 1=1", "../../etc", "g" * 8])
def test_an_id_that_is_none_is_refused_before_the_database_sees_it(
    store: Records, bad: str
) -> None:
    with pytest.raises(RecordsError, match="first 4 or more"):
        store.get_call(bad)


async def test_unknown_and_ambiguous_ids_say_what_to_do(store: Records) -> None:
    with pytest.raises(RecordsError, match="no call begins with abcd"):
        store.get_call("abcd")
    call = store.start_call(INFO)
    assert await call.stored(10)
    twin = call.call_id[:-1] + ("0" if call.call_id[-1] != "0" else "1")
    with store._engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into calls select :twin, started_at, ended_at, caller, callee, pack, "
                "codec, outcome, hangup_by, recording, summary, writer, alive_at, quality "
                "from calls"
            ),
            {"twin": twin},
        )
    with pytest.raises(RecordsError, match="several calls"):
        store.get_call(call.call_id[:8])


CRASHER = """
import os, signal, sys, time
from telephony.api import CallInfo
from voicebot.records import Records
call = Records.open(sys.argv[1]).start_call(CallInfo("x", "13800138000", "400"))
call.event("caller_spoke", 1, text="还在")
print(call.call_id, flush=True)
time.sleep(60)
"""


def test_a_killed_process_loses_nothing_older_than_a_second_and_shows_as_interrupted(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASHER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        call_id = process.stdout.readline().strip()
        store = Records.open(tmp_path, create=False)
        deadline = time.monotonic() + 1.0
        while not _turns(store, call_id) and time.monotonic() < deadline:
            pass
        assert store.get_call(call_id).call.outcome == "in_progress"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    view = store.get_call(call_id)
    assert [turn.text for turn in view.turns] == ["还在"]
    assert view.call.outcome == "interrupted"
    assert store.list_calls()[0].outcome == "interrupted"
    store.close()


def _turns(store: Records, call_id: str) -> bool:
    try:
        return bool(store.get_call(call_id).turns)
    except RecordsError:
        return False


async def test_a_call_of_another_host_is_interrupted_once_its_heartbeat_stops(
    store: Records,
) -> None:
    call = store.start_call(INFO)
    assert await call.stored(10)
    with store._engine.begin() as connection:
        connection.execute(sa.text("update calls set writer = 'elsewhere:1'"))
    assert store.get_call(call.call_id).call.outcome == "in_progress"
    with store._engine.begin() as connection:
        connection.execute(sa.text("update calls set alive_at = '2020-01-01 00:00:00.000000'"))
    assert store.get_call(call.call_id).call.outcome == "interrupted"


async def test_the_heartbeat_of_a_long_call_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HEARTBEAT_S", 0.01)
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert await call.stored(10)
    with store._engine.connect() as connection:
        query = sa.text("select alive_at from calls")
        first = connection.execute(query).scalar_one()
        deadline = time.monotonic() + 10
        while connection.execute(query).scalar_one() == first:
            connection.rollback()
            assert time.monotonic() < deadline
    store.close()


async def test_a_locked_database_holds_nobody_up_and_is_written_later(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert await call.stored(10)
    blocker = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    for nth in range(100):
        call.event("caller_spoke", nth, text="您好")
    assert time.monotonic() - started < 1.0
    assert not await call.stored(0.05), "it said it was stored while the database was locked"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await call.stored(30)
    assert len(store.get_call(call.call_id).turns) == 100
    assert store.close() == 0


async def test_a_full_disk_is_one_line_in_the_log_and_the_call_goes_on(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert await call.stored(10)

    @sa.event.listens_for(store._engine, "begin")
    def shrink(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite's own SQLITE_FULL

    with structlog.testing.capture_logs() as logs:
        for nth in range(50):
            call.event("caller_spoke", nth, text="满" * 1000)
        assert not await call.stored(3)
    lines = [line for line in logs if line["event"] == "records_not_written"]
    assert len(lines) == 1
    assert "full" in lines[0]["error"]
    assert "满" not in str(lines[0])
    sa.event.remove(store._engine, "begin", shrink)

    @sa.event.listens_for(store._engine, "begin")
    def grow(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    assert await call.stored(30)
    assert len(store.get_call(call.call_id).turns) == 50
    assert store.close() == 0


async def test_a_write_that_can_never_succeed_does_not_hold_up_the_others(
    tmp_path: Path,
) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert store._writer is not None
    with structlog.testing.capture_logs() as logs:
        store._writer.put(lambda connection: connection.execute(sa.text("insert into nowhere")))
        call.event("caller_spoke", 1, text="您好")
        assert await call.stored(10)
    assert [line["event"] for line in logs] == ["records_write_refused"]
    assert len(store.get_call(call.call_id).turns) == 1
    assert store.close() == 1


def test_two_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _nth: Records.open(tmp_path), range(8)))
    for store in stores:
        assert store.list_calls() == []
        store.close()


def test_the_migrations_make_the_tables_that_the_code_uses(store: Records) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert alembic.autogenerate.compare_metadata(context, METADATA) == []


def test_a_store_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    first = Records.open(tmp_path)
    call = first.start_call(INFO)
    call.finish("answered", "remote")
    assert first.close() == 0
    with sqlite3.connect(tmp_path / "records.db") as connection:
        connection.execute("alter table calls drop column quality")
        connection.execute("update alembic_version set version_num = '0001'")
    connection.close()
    store = Records.open(tmp_path)
    assert [row.quality for row in store.list_calls()] == [None]
    later = store.start_call(INFO)
    later.update(quality={"mos": 4.2})
    assert store.close() == 0
    assert [row.quality for row in store.list_calls()] == [{"mos": 4.2}, None]


def test_sqlite_is_set_up_to_outlive_a_killed_process(store: Records) -> None:
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_settings_and_urls_open_the_same_store(tmp_path: Path) -> None:
    by_settings = Records.open(RecordsSettings(directory=tmp_path))
    by_url = Records.open(f"sqlite:///{tmp_path}/records.db", create=False)
    by_settings.start_call(INFO)
    assert by_settings.close() == 0
    assert len(by_url.list_calls()) == 1
    by_url.close()


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("/proc/none/records", "cannot make the folder"),
        ("nonsense://x", "cannot open nonsense://x"),
        ("postgresql+nodriver://u:secret@h/db", "cannot open"),
    ],
)
def test_a_store_that_cannot_be_opened_is_one_line(where: str, says: str) -> None:
    with pytest.raises(RecordsError, match=says) as caught:
        Records.open(where)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"this is no database, it is a text" * 50)
    with pytest.raises(RecordsError, match="not a database"):
        Records.open(tmp_path)


def test_a_newer_schema_asks_for_an_upgrade(tmp_path: Path) -> None:
    Records.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "records.db") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(RecordsError, match="another version"):
        Records.open(tmp_path)


def test_reading_a_folder_without_calls_does_not_make_one(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no calls are kept"):
        Records.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()

"""The embedded database: its settings, its locks, a full disk, files that are none."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
import structlog
from alembic.config import Config

from tests.records.samples import INFO, Story
from voicebot.errors import RecordsError
from voicebot.records import Records, database
from voicebot.settings import RecordsSettings


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


async def test_a_locked_database_holds_nobody_up_and_is_written_later(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert await call.stored(30)
    blocker = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    for nth in range(100):
        call.event("caller_spoke", nth, text="您好")
    assert time.monotonic() - started < 5.0  # it would be two seconds an event
    assert not await call.stored(0.05), "it said it was stored while the database was locked"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await call.stored(30)
    assert len(store.get_call(call.call_id).turns) == 100
    assert store.close() == 0


async def test_a_full_disk_is_one_line_in_the_log_and_the_call_goes_on(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(INFO)
    assert await call.stored(30)

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


def test_a_store_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    first = Records.open(tmp_path)
    call = first.start_call(INFO)
    call.finish("answered", "remote")
    assert first.close() == 0
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    engine = sa.create_engine(f"sqlite:///{tmp_path}/records.db")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "0001")
    engine.dispose()
    store = Records.open(tmp_path)
    assert [row.quality for row in store.list_calls()] == [None]
    later = store.start_call(INFO)
    later.update(quality={"mos": 4.2})
    assert store.close() == 0
    assert [row.quality for row in store.list_calls()] == [{"mos": 4.2}, None]


def test_sqlite_is_set_up_to_outlive_a_killed_process(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


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
        ("postgresql://u:secret@h:port/db", "expected a SQLAlchemy URL"),
        ("postgre sql://u:secret@h/db", "expected a SQLAlchemy URL"),
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

"""PostgreSQL dies in the middle of calls: nobody is held up, and nothing is lost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import structlog

from tests.records.postgresql import PostgresServer
from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records, database

pytestmark = pytest.mark.peer


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server that may be killed."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


async def test_kill_9_of_the_database_in_calls_loses_nothing(mortal: PostgresServer) -> None:
    store = Records.open(mortal.fresh_database())
    calls = [store.start_call(INFO) for _ in range(5)]
    for nth in range(50):
        for call in calls:
            call.event("caller_spoke", nth, text=f"之前{nth}")
    assert await calls[-1].stored(30)
    with structlog.testing.capture_logs() as logs:
        mortal.kill()
        started = time.monotonic()
        for nth in range(50):
            for call in calls:
                call.event("caller_spoke", 50 + nth, text=f"之后{nth}")
        assert time.monotonic() - started < 5.0, "the call waited for the database"
        assert not await calls[-1].stored(1.0)
        with pytest.raises(RecordsError, match="cannot be read"):
            store.list_calls()
        mortal.start()
        for call in calls:
            call.finish("answered", "remote")
        assert await calls[-1].stored(30)
    for call in calls:
        texts = [turn.text for turn in store.get_call(call.call_id).turns]
        assert texts == [f"之前{nth}" for nth in range(50)] + [f"之后{nth}" for nth in range(50)]
    assert [line["event"] for line in logs] == ["records_not_written", "records_written_again"]
    assert store.close() == 0


def test_a_database_that_is_away_is_one_line_without_the_password() -> None:
    with pytest.raises(RecordsError, match="cannot open") as caught:
        Records.open("postgresql+psycopg://bot:geheim@127.0.0.1:9/calls")
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_schema_changes_are_made_in_one_transaction(postgres: PostgresServer) -> None:
    url = postgres.fresh_database()
    Records.open(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        # 0003 can be applied again, 0004 cannot: its column exists.
        connection.exec_driver_sql("drop table outbox")
        connection.exec_driver_sql("update alembic_version set version_num = '0002'")
    with pytest.raises(RecordsError, match="caller_key"):
        Records.open(url)
    with engine.connect() as connection:
        version = connection.exec_driver_sql("select version_num from alembic_version").scalar()
        tables = sa.inspect(connection).get_table_names()
    engine.dispose()
    assert version == "0002"
    assert "outbox" not in tables, "half of the upgrade stayed"


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes the connection, and says nothing
        rescue = threading.Timer(30, mute.close)
        rescue.start()
        started = time.monotonic()
        with pytest.raises(RecordsError, match=r"cannot open .*timeout"):
            Records.open(f"postgresql+psycopg://bot:x@127.0.0.1:{mute.getsockname()[1]}/calls")
        rescue.cancel()
    assert time.monotonic() - started < 20

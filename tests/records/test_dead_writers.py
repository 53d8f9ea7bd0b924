"""A record whose process died is whole to the last second, and says that it was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records, writer

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
    place: str,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASHER, place], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        call_id = process.stdout.readline().strip()
        store = Records.open(place, create=False)
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
    assert await call.stored(30)
    with store._engine.begin() as connection:
        connection.execute(sa.text("update calls set writer = 'elsewhere:1'"))
    assert store.get_call(call.call_id).call.outcome == "in_progress"
    with store._engine.begin() as connection:
        connection.execute(sa.text("update calls set alive_at = '2020-01-01 00:00:00.000000'"))
    assert store.get_call(call.call_id).call.outcome == "interrupted"


async def test_the_heartbeat_of_a_long_call_is_written(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HEARTBEAT_S", 0.01)
    store = Records.open(place)
    call = store.start_call(INFO)
    assert await call.stored(30)
    with store._engine.connect() as connection:
        query = sa.text("select alive_at from calls")
        first = connection.execute(query).scalar_one()
        deadline = time.monotonic() + 10
        while connection.execute(query).scalar_one() == first:
            connection.rollback()
            assert time.monotonic() < deadline
    store.close()

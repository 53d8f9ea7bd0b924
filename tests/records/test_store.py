"""What is written is found again, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.autogenerate
import pytest
import sqlalchemy as sa
import structlog
from alembic.migration import MigrationContext

from telephony.api import CallInfo, TransferOutcome
from tests.records.samples import INFO, Story
from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.records.tables import CALLS, METADATA


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
    columns = ", ".join(column.name for column in CALLS.columns if column.name != "id")
    with store._engine.begin() as connection:
        connection.execute(
            sa.text(
                f"insert into calls (id, {columns}) select :twin, {columns} from calls"  # noqa: S608
            ),
            {"twin": twin},
        )
    with pytest.raises(RecordsError, match="several calls"):
        store.get_call(call.call_id[:8])


async def test_a_write_that_can_never_succeed_does_not_hold_up_the_others(
    place: str,
) -> None:
    store = Records.open(place)
    call = store.start_call(INFO)
    assert store._writer is not None
    with structlog.testing.capture_logs() as logs:
        store._writer.put(lambda connection: connection.execute(sa.text("insert into nowhere")))
        call.event("caller_spoke", 1, text="您好")
        assert await call.stored(10)
    assert [line["event"] for line in logs] == ["records_write_refused"]
    assert len(store.get_call(call.call_id).turns) == 1
    assert store.close() == 1


def test_two_processes_may_open_a_new_store_at_once(place: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _nth: Records.open(place), range(8)))
    for store in stores:
        assert store.list_calls() == []
        store.close()


def test_the_migrations_make_the_tables_that_the_code_uses(store: Records) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert alembic.autogenerate.compare_metadata(context, METADATA) == []

"""Callers' rights: deletion after time and on request, and a number read only with a trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from telephony.api import CallInfo
from tests.records.samples import INFO, Story
from voicebot.errors import NoSuchCallError, RecordsError
from voicebot.records import Records
from voicebot.records.keys import CallerKeys
from voicebot.records.outbox import DELIVERED, GIVEN_UP
from voicebot.records.retention import Purged
from voicebot.records.tables import CALLS, OUTBOX
from voicebot.settings import RecordsSettings, RetentionSettings

KEEP = RetentionSettings(audio_days=90, texts_days=365, calls_days=1095)
NOW = datetime.now(UTC)
OTHER = CallInfo("y", "+8613900139000", "400")


@pytest.fixture
def keyed(place: str, tmp_path: Path) -> Records:
    """A store that has a key, on both databases."""
    url = place if "://" in place else ""
    return Records.open(RecordsSettings.model_validate({"url": url, "directory": tmp_path}))


async def a_call(store: Records, folder: Path, info: CallInfo = INFO, days_ago: int = 0) -> str:
    call = store.start_call(info)
    recording = folder / f"{call.call_id}.wav"
    recording.write_bytes(b"RIFF")
    call.update(recording=recording)
    call.event("caller_spoke", 1, text="黄灯")
    call.publish("crm", "call.ended", "{}")
    call.summary(Story("黄灯"))
    call.finish("bot_ended", "remote")
    assert await call.stored(30)
    began(store, call.call_id, NOW - timedelta(days=days_ago))
    return call.call_id


def began(store: Records, call_id: str, at: datetime) -> None:
    with store._engine.begin() as connection:
        connection.execute(CALLS.update().where(CALLS.c.id == call_id).values(started_at=at))


def recordings(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.wav")]


async def test_each_class_of_data_goes_in_its_time(keyed: Records, tmp_path: Path) -> None:
    fresh, heard, read, gone = [
        await a_call(keyed, tmp_path, days_ago=days) for days in (10, 100, 400, 1200)
    ]
    assert keyed.custody.purge(KEEP, NOW, dry_run=True) == Purged(3, 2, 1)
    assert len(recordings(tmp_path)) == 4
    assert keyed.custody.purge(KEEP, NOW) == Purged(3, 2, 1)
    assert recordings(tmp_path) == [fresh]
    assert keyed.get_call(fresh).turns and keyed.get_call(heard).turns
    assert keyed.get_call(heard).call.recording == ""
    assert keyed.get_call(read).turns == () and keyed.get_call(read).summary is None
    with pytest.raises(NoSuchCallError):
        keyed.get_call(gone)
    assert {message.call_id for message in keyed.outbox.messages()} == {fresh, heard}
    assert keyed.custody.purge(KEEP, NOW) == Purged(0, 0, 0)
    keyed.close()


async def test_zero_keeps_for_ever(keyed: Records, tmp_path: Path) -> None:
    await a_call(keyed, tmp_path, days_ago=9999)
    keep = RetentionSettings(audio_days=0, texts_days=0, calls_days=0)
    assert keyed.custody.purge(keep, NOW) == Purged(0, 0, 0)
    keyed.close()


async def test_a_call_that_goes_on_is_not_purged(keyed: Records) -> None:
    call = keyed.start_call(INFO)
    assert await call.stored(30)
    began(keyed, call.call_id, NOW - timedelta(days=5000))
    assert keyed.custody.purge(KEEP, NOW) == Purged(0, 0, 0)
    keyed.close()


async def test_a_call_that_its_writer_never_ended_is_purged_like_any_other(
    keyed: Records, tmp_path: Path
) -> None:
    call = keyed.start_call(INFO)
    recording = tmp_path / f"{call.call_id}.wav"
    recording.write_bytes(b"RIFF")
    call.update(recording=recording)
    call.event("caller_spoke", 1, text="黄灯")
    assert await call.stored(30)
    assert keyed.custody.purge(KEEP, NOW + timedelta(days=400)) == Purged(1, 1, 0)
    assert recordings(tmp_path) == [] and keyed.get_call(call.call_id).turns == ()
    assert keyed.custody.purge(KEEP, NOW + timedelta(days=5000)) == Purged(0, 0, 1)
    keyed.close()


async def test_a_number_goes_with_the_texts_even_of_a_call_without_any(keyed: Records) -> None:
    call = keyed.start_call(INFO)
    call.finish("failed", "error")
    assert await call.stored(30)
    began(keyed, call.call_id, NOW - timedelta(days=400))
    assert keyed.custody.reveal(call.call_id, who="li", why="回电") == "13800138000"
    assert keyed.custody.purge(KEEP, NOW).texts == 1
    with pytest.raises(RecordsError, match="is not kept"):
        keyed.custody.reveal(call.call_id, who="li", why="回电")
    keyed.close()


async def test_a_recording_that_cannot_be_deleted_holds_up_nothing_else(
    keyed: Records, tmp_path: Path
) -> None:
    stuck = await a_call(keyed, tmp_path, days_ago=1200)
    gone = await a_call(keyed, tmp_path, days_ago=1200)
    (tmp_path / f"{stuck}.wav").unlink()
    (tmp_path / f"{stuck}.wav").mkdir()
    with pytest.raises(RecordsError, match="1 recordings cannot be deleted") as caught:
        keyed.custody.purge(KEEP, NOW)
    assert stuck in str(caught.value)
    assert not (tmp_path / f"{gone}.wav").exists()
    with pytest.raises(NoSuchCallError):
        keyed.get_call(gone)
    view = keyed.get_call(stuck)
    assert view.turns == () and view.call.recording, "it is found again tomorrow"
    keyed.close()


async def test_a_recording_on_another_host_is_left_for_that_host(
    keyed: Records, tmp_path: Path
) -> None:
    call_id = await a_call(keyed, tmp_path, days_ago=100)
    there = tmp_path / "there" / f"{call_id}.wav"
    with keyed._engine.begin() as connection:
        values = {"writer": "other-host:7", "recording": str(there)}
        connection.execute(CALLS.update().values(**values))
    assert keyed.custody.purge(KEEP, NOW).recordings == 0
    assert keyed.get_call(call_id).call.recording == str(there)
    assert keyed.custody.recordings_elsewhere((call_id,)) == ((call_id, "other-host", str(there)),)
    there.parent.mkdir()
    there.write_bytes(b"RIFF")  # on a share, say
    assert keyed.custody.purge(KEEP, NOW).recordings == 1
    assert not there.exists()
    keyed.close()


async def test_what_was_given_up_waits_for_a_person_longer_than_what_arrived(
    keyed: Records, tmp_path: Path
) -> None:
    for state in (DELIVERED, GIVEN_UP):
        call = keyed.start_call(INFO)
        message_id = call.publish("crm", "call.ended", "{}")
        assert await call.stored(30)
        values = {"state": state, "created_at": NOW - timedelta(days=30)}
        with keyed._engine.begin() as connection:
            connection.execute(OUTBOX.update().where(OUTBOX.c.id == message_id).values(**values))
    keyed.custody.purge(KEEP, NOW)
    assert [message.state for message in keyed.outbox.messages()] == [GIVEN_UP]
    keyed.close()


async def test_the_audit_log_holds_no_number_and_wants_a_reason(
    keyed: Records, tmp_path: Path
) -> None:
    await a_call(keyed, tmp_path)
    with pytest.raises(RecordsError, match="a reason is expected"):
        keyed.custody.forget("13800138000", who="li", why=" ")
    assert keyed.custody.forget("13800138000", who="li", why="客户13800138000要求删除") == 1
    (note,) = keyed.custody.audit()
    assert note["why"] == "客户138******00要求删除"
    keyed.close()


async def test_a_recording_that_is_not_the_calls_own_is_left_alone(
    keyed: Records, tmp_path: Path
) -> None:
    call_id = await a_call(keyed, tmp_path, days_ago=100)
    treasure = tmp_path / "treasure.wav"
    treasure.write_bytes(b"x")
    with keyed._engine.begin() as connection:
        statement = sa.text("update calls set recording = :path")
        connection.execute(statement, {"path": str(treasure)})
    assert keyed.custody.purge(KEEP, NOW).recordings == 1
    assert treasure.exists() and keyed.get_call(call_id).call.recording == ""
    keyed.close()


async def test_one_caller_is_forgotten_however_the_number_is_written(
    keyed: Records, tmp_path: Path
) -> None:
    await a_call(keyed, tmp_path)
    theirs = await a_call(keyed, tmp_path, OTHER)
    assert keyed.custody.calls_of("139-0013-9000") == (theirs,)
    assert keyed.custody.forget("13900139000", who="li", why="来电要求删除") == 1
    assert keyed.custody.calls_of("0086 13900139000") == ()
    assert len(keyed.list_calls()) == 1
    assert not (tmp_path / f"{theirs}.wav").exists()
    (note,) = keyed.custody.audit()
    assert (note["who"], note["what"], note["call_id"]) == ("li", "forget", theirs)
    assert keyed.custody.forget("13712345678", who="li", why="x") == 0
    with pytest.raises(RecordsError, match="a telephone number"):
        keyed.custody.calls_of("")
    keyed.close()


async def test_a_number_is_read_again_with_a_reason_and_a_trace(
    keyed: Records, tmp_path: Path
) -> None:
    call_id = await a_call(keyed, tmp_path)
    assert keyed.get_call(call_id).call.caller == "138******00"
    with pytest.raises(RecordsError, match="a reason is expected"):
        keyed.custody.reveal(call_id, who="li", why=" ")
    assert keyed.custody.reveal(call_id, who="li", why="回电") == "13800138000"
    assert [(note["what"], note["why"]) for note in keyed.custody.audit()] == [("reveal", "回电")]
    with pytest.raises(RecordsError, match="is not kept"):
        keyed.custody.reveal("0" * 36, who="li", why="回电")
    keyed.close()


async def test_without_the_key_the_database_tells_no_number(keyed: Records, tmp_path: Path) -> None:
    call_id = await a_call(keyed, tmp_path)
    engine = keyed._engine
    with engine.connect() as connection:
        for table in ("calls", "sealed", "events", "outbox", "audit"):
            rows = connection.execute(sa.text(f"select * from {table}")).all()  # noqa: S608
            values = [bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row]
            assert "13800138000" not in repr(values)
    stranger = Records(engine, CallerKeys(b"x" * 32))
    with pytest.raises(RecordsError, match="another key"):
        stranger.custody.reveal(call_id, who="li", why="x")
    assert stranger.custody.calls_of("13800138000") == ()
    without = Records(engine)
    with pytest.raises(RecordsError, match="without its key"):
        without.custody.calls_of("13800138000")
    keyed.close()

"""Call-backs: masked and sealed, one seat's at a time, gone with their caller; on both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from telephony.api import CallInfo
from voicebot.errors import RecordsError
from voicebot.records import CallRecorder, Records
from voicebot.records.callbacks import Booking, CallBack, CallBacks, can_be_rung
from voicebot.records.keys import CallerKeys
from voicebot.settings import RecordsSettings

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NUMBER = "13900139001"


@pytest.fixture
def keyed(place: str, tmp_path: Path) -> Records:
    """A store with its key, as settings open one."""
    key_file = tmp_path / "caller.key"
    CallerKeys.load(key_file)
    if "://" in place:
        return Records.open(RecordsSettings(url=place, key_file=key_file))
    return Records.open(RecordsSettings(directory=Path(place), key_file=key_file))


def booking(number: str = NUMBER, due_h: int = 1) -> Booking:
    due = NOW + timedelta(hours=due_h)
    return Booking(
        number, "明天上午9点", due, due + timedelta(hours=1), "requested", "存储组", "YS2200"
    )


async def booked(store: Records, number: str = NUMBER, due_h: int = 1) -> CallRecorder:
    call = store.start_call(CallInfo("x", "13800138000", "400"))
    assert await call.book_call_back(booking(number, due_h), 10)
    return call


async def test_a_booking_is_masked_sealed_and_told_by_when_it_is_due(keyed: Records) -> None:
    later, sooner = await booked(keyed, due_h=5), await booked(keyed, "02188886666", due_h=2)
    found = keyed.callbacks.list()
    assert [each.call_id for each in found] == [sooner.call_id, later.call_id]
    assert found[1].number == "139******01"
    assert (found[1].wish, found[1].state, found[1].product) == ("明天上午9点", "open", "YS2200")
    assert found[1].due_from == NOW + timedelta(hours=5)
    assert keyed.callbacks.number(found[1].id, who="二线01") == NUMBER
    noted = keyed.custody.audit()[0]
    assert (noted["who"], noted["what"], noted["call_id"]) == ("二线01", "reveal", later.call_id)
    assert keyed.custody.reveal(later.call_id, who="x", why="test") == "13800138000"
    with keyed._engine.connect() as connection:
        for table in ("call_backs", "events", "calls", "audit"):
            rows = connection.execute(sa.text(f"select * from {table}")).all()  # noqa: S608
            assert NUMBER not in str(rows)
    keyed.close()


async def test_one_seat_takes_it_and_closes_it(keyed: Records) -> None:
    await booked(keyed)
    (one,) = keyed.callbacks.list("open")
    taken = keyed.callbacks.take(one.id[:8], "二线01")
    assert (taken.state, taken.seat) == ("taken", "二线01") and taken.taken_at is not None
    with pytest.raises(RecordsError, match="taken by 二线01 already"):
        keyed.callbacks.take(one.id, "二线02")
    with pytest.raises(RecordsError, match="二线01's, not 二线02's"):
        keyed.callbacks.close(one.id, "二线02", "已回电")
    assert keyed.callbacks.give_back(one.id, "二线01").state == "open"
    keyed.callbacks.take(one.id, "二线02")
    with pytest.raises(RecordsError, match="a result"):
        keyed.callbacks.close(one.id, "二线02", " ")
    closed = keyed.callbacks.close(one.id, "二线02", "已回电 13900139001 解决")
    assert closed.state == "closed" and NUMBER not in closed.result
    assert keyed.callbacks.list() == () and len(keyed.callbacks.list("closed")) == 1
    with pytest.raises(RecordsError, match="closed by 二线02 already"):
        keyed.callbacks.take(one.id, "二线01")
    keyed.close()


@pytest.mark.parametrize("action", ["give_back", "close"])
async def test_who_lost_it_between_look_and_change_does_not_decide(
    keyed: Records, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    await booked(keyed)
    backs, others = keyed.callbacks, CallBacks(keyed._engine, None)
    (one,) = backs.list("open")
    backs.take(one.id, "二线01")
    own = backs._own

    def looked(callback_id: str, seat: str) -> CallBack:
        found = own(callback_id, seat)
        others.give_back(one.id, "二线01")
        others.take(one.id, "二线02")
        return found

    monkeypatch.setattr(backs, "_own", looked)
    with pytest.raises(RecordsError, match="it is taken by 二线02 already"):
        if action == "close":
            backs.close(one.id, "二线01", "已回电")
        else:
            backs.give_back(one.id, "二线01")
    now = backs.get(one.id)
    assert (now.state, now.seat) == ("taken", "二线02")
    keyed.close()


async def test_a_call_has_one_open_call_back(keyed: Records) -> None:
    call = await booked(keyed)
    assert await call.book_call_back(booking("02188886666"), 10)
    (one,) = keyed.callbacks.of_call(call.call_id)
    assert keyed.callbacks.number(one.id, who="x") == "02188886666"
    keyed.close()


async def test_who_is_forgotten_is_not_called_back(keyed: Records) -> None:
    await booked(keyed)
    other = keyed.start_call(CallInfo("y", "13700137000", "400"))
    assert await other.book_call_back(booking("13800138000"), 10)
    assert keyed.custody.forget("13800138000", who="x", why="asked for it") == 1
    assert keyed.callbacks.list() == ()
    keyed.close()


async def test_an_unknown_one_is_told(keyed: Records) -> None:
    for wrong, words in (("abcd", "no call-back begins"), ("ab", "4 or more")):
        with pytest.raises(RecordsError, match=words):
            keyed.callbacks.get(wrong)
    keyed.close()


async def test_without_a_key_nothing_is_promised(tmp_path: Path) -> None:
    store = Records.open(f"sqlite:///{tmp_path}/keyless.db")
    call = store.start_call(CallInfo("x", "13800138000", "400"))
    with pytest.raises(RecordsError, match="key"):
        await call.book_call_back(booking())
    store.close()


@pytest.mark.parametrize(
    ("number", "rung"),
    [
        ("13800138000", True),
        ("+8613800138000", True),
        ("8001", True),
        ("anonymous", False),
        ("", False),
        ("peer", False),
    ],
)
def test_which_numbers_can_be_rung(number: str, rung: bool) -> None:
    assert can_be_rung(number) is rung

"""The outbox gives each message to one sender at a time, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.records.outbox import DELIVERED, GIVEN_UP, WAITING, Message

LATER = timedelta(seconds=31)


def now() -> datetime:
    return datetime.now(UTC)


async def filled(store: Records, count: int, endpoint: str = "crm") -> list[str]:
    call = store.start_call(INFO)
    ids = [call.publish(endpoint, "call.ended", f'{{"nth":{nth}}}') for nth in range(count)]
    assert await call.stored(30)
    return ids


def claim(store: Records, at: datetime, most: int = 10) -> tuple[Message, ...]:
    return store.outbox.claim("crm", at, most=most, claim_s=30)


async def test_what_is_claimed_is_nobody_elses_until_the_claim_runs_out(store: Records) -> None:
    ids = await filled(store, 3)
    await filled(store, 1, "tickets")
    at = now()
    assert [message.id for message in claim(store, at, most=2)] == ids[:2]
    assert [message.id for message in claim(store, at)] == ids[2:]
    assert claim(store, at) == ()
    again = claim(store, at + LATER)
    assert sorted(message.id for message in again) == sorted(ids)
    assert again[0].body == '{"nth":0}' and again[0].attempts == 0


async def test_many_senders_at_once_get_each_message_once(store: Records) -> None:
    ids = await filled(store, 60)
    at = now()
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda _nth: claim(store, at, most=10), range(12)))
    taken = [message.id for each in claims for message in each]
    assert sorted(taken) == sorted(set(taken))
    assert set(taken) <= set(ids)
    left = claim(store, at, most=100)
    assert len(taken) + len(left) == 60


async def test_an_attempt_leads_on(store: Records) -> None:
    arrived, fails, hopeless = await filled(store, 3)
    at = now()
    claim(store, at)
    store.outbox.delivered(arrived)
    store.outbox.failed(fails, "status 500\n" + "x" * 999, at + timedelta(seconds=5))
    store.outbox.failed(hopeless, "status 410", None)
    assert store.outbox.counts() == {
        ("crm", DELIVERED): 1,
        ("crm", WAITING): 1,
        ("crm", GIVEN_UP): 1,
    }
    by_id = {message.id: message for message in store.outbox.messages()}
    assert by_id[fails].error.startswith("status 500 x") and len(by_id[fails].error) == 200
    assert [by_id[each].attempts for each in (arrived, fails, hopeless)] == [1, 1, 1]
    assert [message.id for message in claim(store, at + timedelta(seconds=6))] == [fails]
    assert store.outbox.retry(at) == 2
    assert {message.id for message in claim(store, at)} == {fails, hopeless}
    assert [message.id for message in store.outbox.messages(DELIVERED)] == [arrived]


async def test_a_message_is_written_with_the_events_it_tells_of(store: Records) -> None:
    call = store.start_call(INFO)
    call.event("caller_spoke", 1, text="黄灯")
    call.publish("crm", "call.ended", "{}")
    call.finish("bot_ended", "local")
    assert await call.stored(30)
    (message,) = store.outbox.messages()
    assert message.call_id == call.call_id
    assert message.created_at.tzinfo is not None


def test_a_store_that_is_gone_is_one_line(store: Records) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("drop table outbox")
    with pytest.raises(RecordsError, match="outbox: ") as caught:
        store.outbox.counts()
    assert "\n" not in str(caught.value)

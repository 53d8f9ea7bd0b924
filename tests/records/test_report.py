"""What the report counts from its own rows is what the events say, whatever happened to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config

from telephony.api import CallInfo
from tests.records.raw_report import raw_report, raw_taken
from voicebot.records import CallRecorder, Records, database
from voicebot.records.report import percentile, report
from voicebot.records.search import Wanted, search
from voicebot.records.tables import CALL_FACTS, CALLS, EVENTS
from voicebot.settings import RecordsSettings, RetentionSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOLVED = ("太好了，解决了就好。", "100%_好了")
SAID = (*SOLVED, "太好了，解决了就好。再见。", "100% 好了", "请检查网线。", "太好了")
ASKED = ("机房几点开门？", "机房几点开门", "。", "质保多久", "能开发票吗 100%")
KINDS = ("answer", "clarify", "refuse", "ask", "filler")
CALLS_MADE, DAYS = 120, 20
RANGES = [(-1, DAYS + 1), (3, 4), (2.3, 11.7), (DAYS + 5, DAYS + 6)]  # days after NOON


@pytest.fixture
def keyed(place: str, tmp_path: Path) -> Iterator[Records]:
    """A store that has a key, on both databases."""
    url = place if "://" in place else ""
    store = Records.open(RecordsSettings.model_validate({"url": url, "directory": tmp_path}))
    yield store
    store.close()


def number(dice: random.Random) -> str:
    return dice.choice(("anonymous", f"139000{dice.randrange(40):05}"))


def talk(call: CallRecorder, dice: random.Random) -> None:
    """Some turns, in any order that may be."""
    for turn in range(dice.randrange(8)):
        at = turn * 1000
        if dice.random() < 0.8:
            call.event("caller_spoke", at, text=dice.choice(ASKED))
        wait = {"since_caller_ms": dice.choice((700, 1234, 0))} if dice.random() < 0.7 else {}
        call.event("bot_spoke", at, text=dice.choice(SAID), kind=dice.choice(KINDS), **wait)
        if dice.random() < 0.1:
            call.event("handoff_started", at, reason=dice.choice(("requested", "limit")))
            call.event("handoff_finished", at, seat=dice.choice(("", "二线01", "二线02")))


async def fill(store: Records, dice: random.Random) -> list[str]:
    """Calls at random times, some of them at one moment, some without an end."""
    ids, begun = [], []
    for nth in range(CALLS_MADE):
        call = store.start_call(CallInfo(f"c{nth}", number(dice), "400"))
        talk(call, dice)
        if dice.random() < 0.9:
            call.finish(dice.choice(("bot_ended", "handed_off", "caller_hung_up")), "remote")
        if dice.random() < 0.2:
            talk(call, dice)  # events that come late
        ids.append(call.call_id)
        again = begun and dice.random() < 0.1
        at = begun[-1] if again else NOON + timedelta(minutes=dice.randrange(DAYS * 1440))
        begun.append(at)
    assert await call.stored(60)
    with store._engine.begin() as connection:
        for call_id, at in zip(ids, begun, strict=True):
            moved = {"started_at": at, "alive_at": NOON}
            connection.execute(CALLS.update().where(CALLS.c.id == call_id).values(moved))
    return ids


def expect_equal(store: Records) -> list[int]:
    """Compare all ranges; returns how many calls each has."""
    counted = []
    for first, last in RANGES:
        since, until = NOON + timedelta(days=first), NOON + timedelta(days=last)
        for texts in (SOLVED, ()):
            made, plain = report(store, since, until, texts), raw_report(store, since, until, texts)
            assert {key: asdict(made)[key] for key in plain} == plain, (first, last, texts)
        counted.append(made.calls)
    for seat in ("二线01", "二线02"):
        assert {row.id for row in search(store, Wanted(seat=seat))} == raw_taken(store, seat), seat
    return counted


def facts(store: Records) -> list[tuple[object, ...]]:
    query = sa.select(CALL_FACTS).order_by(*CALL_FACTS.primary_key)
    return [tuple(row.values()) for row in store.fetch(query)]


async def test_the_report_is_what_the_events_say(keyed: Records) -> None:
    dice = random.Random(20)
    ids = await fill(keyed, dice)
    counted = expect_equal(keyed)
    assert counted[0] == CALLS_MADE and counted[-1] == 0
    full = report(keyed, NOON, NOON + timedelta(days=DAYS), SOLVED)
    told = (full.solved, full.handed_off, full.reasons, full.repeated, full.solved_repeated)
    assert all(told) and full.unanswered and full.p95_ms == 1234

    # A caller's wish, texts that are too old, calls that are too old.
    forgotten = keyed.custody.forget("13900000007", who="t", why="test")
    assert forgotten and expect_equal(keyed)[0] == CALLS_MADE - forgotten
    rows = len(facts(keyed))
    now = NOON + timedelta(days=DAYS)
    assert keyed.custody.purge(RetentionSettings(texts_days=14, calls_days=0), now).texts
    expect_equal(keyed)
    assert 0 < len(facts(keyed)) < rows
    assert keyed.custody.purge(RetentionSettings(texts_days=0, calls_days=7), now).calls
    expect_equal(keyed)
    left = {row["id"] for row in keyed.fetch(sa.select(CALLS.c.id))}
    assert left < set(ids) and {row[1] for row in facts(keyed)} <= left


async def test_facts_of_before_are_drawn_when_a_store_is_opened(place: str) -> None:
    store = Records.open(place)
    await fill(store, random.Random(21))
    written = facts(store)
    assert written
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    with store._engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "0008")
    assert store.close() == 0
    again = Records.open(place)
    assert facts(again) == written
    expect_equal(again)
    assert again.close() == 0


async def test_an_event_that_is_refused_leaves_no_facts(store: Records) -> None:
    call = store.start_call(CallInfo("a", "13800138000", "400"))
    assert await call.stored(60)
    with store._engine.begin() as connection:
        connection.execute(CALLS.delete().where(CALLS.c.id == call.call_id))
    call.event("bot_spoke", 1, text="请检查网线。", kind="clarify", since_caller_ms=900)
    assert await call.stored(60)
    assert facts(store) == []


async def test_facts_go_with_their_events_whoever_deletes_these(store: Records) -> None:
    calls = [store.start_call(CallInfo(name, "13800138000", "400")) for name in "ab"]
    for call in calls:
        call.event("bot_spoke", 1, text="请检查网线。", kind="clarify", since_caller_ms=900)
        assert await call.stored(60)
    assert len(facts(store)) == 4
    with store._engine.begin() as connection:  # as a version that knows of no facts does it
        connection.execute(EVENTS.delete().where(EVENTS.c.call_id == calls[0].call_id))
    assert {row[1] for row in facts(store)} == {calls[1].call_id}


async def test_a_judgement_that_is_changed_or_taken_back_counts_as_it_is_now(
    store: Records,
) -> None:
    call = store.start_call(CallInfo("a", "13800138000", "400"))
    for at in range(3):
        call.event("bot_spoke", at, text="请检查网线。", kind="answer")
    assert await call.stored(60)
    start, end = NOON, NOON + timedelta(hours=1)

    def judge(seq: int, verdict: str, minute: int) -> None:
        store.turn_labels.put(call.call_id, seq, verdict, "", "t", NOON + timedelta(minutes=minute))

    def work() -> tuple[int, int, float]:
        made = report(store, start, end).labelling
        return made.turns, made.wrong, round(made.hours * 60)

    judge(0, "wrong", 0)
    judge(1, "wrong", 4)
    assert work() == (2, 2, 4)
    judge(1, "right", 5)
    assert work() == (2, 1, 5)
    judge(0, "", 6)
    assert work() == (1, 0, 0)


def test_percentiles_are_nearest_rank() -> None:
    assert percentile([], 0.5) is None
    assert percentile([(7, 1)], 0.95) == 7
    assert percentile([(each, 1) for each in range(1, 101)], 0.95) == 95
    assert percentile([(1, 1), (2, 1), (3, 1), (4, 1)], 0.5) == 2
    assert percentile([(1, 2), (9, 98)], 0.02) == 1
    assert percentile([(1, 2), (9, 98)], 0.03) == 9

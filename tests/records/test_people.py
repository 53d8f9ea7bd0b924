"""Accounts, sessions, labels, search and report: on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.records.people import NoSuchPersonError
from voicebot.records.report import report
from voicebot.records.search import Wanted, search

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
IDLE, WHOLE = timedelta(hours=2), timedelta(hours=12)


def test_people_are_added_changed_and_signed_out_by_every_change(store: Records) -> None:
    people = store.people
    assert people.add_first("admin", "admin", "hash", at=NOW)
    assert not people.add_first("other", "admin", "hash", at=NOW)
    people.add("李雷", "seat", "hash", seat="二线01", must_change=True, at=NOW)
    with pytest.raises(RecordsError, match="has an account already"):
        people.add("李雷", "admin", "hash", must_change=False, at=NOW)
    for odd in ("", "a b", "x" * 33, "<script>", "a'b"):
        with pytest.raises(RecordsError, match="a name has 1 to 32"):
            people.add(odd, "seat", "hash", must_change=False, at=NOW)
    with pytest.raises(NoSuchPersonError, match="nobody is called"):
        people.set_disabled("nobody", True)
    found, stored = people.find("李雷")
    assert (found.seat, found.must_change, stored, found.created_at) == (
        "二线01",
        True,
        "hash",
        NOW,
    )
    changes = (
        lambda: people.set_password("李雷", "new", must_change=False),
        lambda: people.set_role("李雷", "supervisor", ""),
        lambda: people.set_disabled("李雷", False),
    )
    for nth, change in enumerate(changes):
        people.sign_in(f"token{nth}", found.id, NOW)
        assert people.signed_in(f"token{nth}", NOW, idle=IDLE, whole=WHOLE, used=True)
        change()
        assert people.signed_in(f"token{nth}", NOW, idle=IDLE, whole=WHOLE, used=True) is None
    now = people.get("李雷")
    assert (now.role, now.must_change, now.seen_at) == ("supervisor", False, NOW)


def test_sessions_end_when_idle_and_when_old_and_are_swept(store: Records) -> None:
    people = store.people
    people.add("a", "seat", "hash", must_change=False, at=NOW)
    person = people.get("a")
    limits = {"idle": IDLE, "whole": WHOLE}
    people.sign_in("t", person.id, NOW)
    at = NOW
    for _ in range(7):
        at += timedelta(minutes=100)
        assert people.signed_in("t", at, used=True, **limits)
    assert people.signed_in("t", NOW + WHOLE + timedelta(seconds=1), used=True, **limits) is None
    people.sign_in("u", person.id, NOW)
    assert people.signed_in("u", NOW + timedelta(minutes=90), used=False, **limits)
    assert people.signed_in("u", NOW + timedelta(minutes=121), used=False, **limits) is None
    people.sign_in("v", person.id, NOW)
    people.sweep(NOW + timedelta(hours=3), **limits)
    assert people.signed_in("v", NOW, used=False, **limits) is None


async def test_calls_are_searched_labelled_and_counted(store: Records) -> None:
    call = store.start_call(INFO)
    call.event("caller_spoke", 1000, text="RAID 卡降级 100%", confidence=0.9)
    call.event("bot_spoke", 2000, text="资料里没有。", kind="refuse", since_caller_ms=900)
    call.event("handoff_started", 3000, reason="limit", skill="", summary_id="S1")
    call.event("handoff_finished", 4000, outcome="accepted", seat="二线02")
    call.finish("handed_off", "remote")
    assert await call.stored(20)
    for wanted in (
        Wanted(words="raid 卡"),
        Wanted(words="100%"),
        Wanted(seat="二线02", outcome="handed_off"),
        Wanted(labelled="none"),
    ):
        assert [row.id for row in search(store, wanted)] == [call.call_id], wanted
    for other in (Wanted(words="100_"), Wanted(seat="x"), Wanted(labelled="any")):
        assert search(store, other) == [], other
    now = datetime.now(UTC)
    store.turn_labels.put(call.call_id, 1, "wrong", "手册有", "t", now)
    store.turn_labels.put(call.call_id, 1, "wrong", "手册 5.2 有", "t", now)
    (row,) = store.turn_labels.export()
    assert (row["text"], row["note"], row["who_spoke"]) == ("资料里没有。", "手册 5.2 有", "bot")
    made = report(store, now - timedelta(days=1), now + timedelta(days=1), ("好的，",))
    assert (made.calls, made.handed_off, made.solved) == (1, 1, 0)
    assert made.reasons == (("limit", 1),)
    assert made.unanswered == (("RAID 卡降级 100%", 1),)
    assert (made.p50_ms, made.p95_ms, made.labelling.wrong) == (900, 900, 1)

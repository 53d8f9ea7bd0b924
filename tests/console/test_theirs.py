"""Whose a call is: a telephone that rang counts until a seat has accepted, then only that seat.
Who hears it leaves a line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest

from telephony import CallInfo
from tests.console.conftest import Browser, browse
from tests.console.test_live import Stream
from voicebot.console import House, open_listener, running
from voicebot.handoff import Roster
from voicebot.pack_loader import load_pack
from voicebot.records import CallRecorder, Records
from voicebot.session import events as facts
from voicebot.settings import SERVER_PACK, ConsoleSettings
from voicebot.wrapup.labels import LabelTree


@pytest.fixture
def desk(house: House, people: Records) -> House:
    """The tester's account is now of 二线01."""
    people.people.set_role("tester", "seat", "二线01")
    roster = Roster(house.settings.handoff.seats, wrap_up_s=600)
    tree = LabelTree(load_pack(SERVER_PACK))
    return dataclasses.replace(house, roster=roster, label_tree=lambda: tree)


@pytest.fixture
async def first(desk: House) -> AsyncIterator[Browser]:
    async with browse(desk) as browser:
        assert (await browser.sign_in("tester")).status_code == 303
        yield browser


@pytest.fixture
async def second(desk: House) -> AsyncIterator[Browser]:
    async with browse(desk) as browser:
        assert (await browser.sign_in("seat")).status_code == 303  # of 二线02
        yield browser


async def test_who_was_rung_in_vain_neither_reads_nor_hears_nor_rewrites_it(
    first: Browser, second: Browser, kept: CallRecorder, records: Records
) -> None:
    form = f"/seat/forms/{kept.call_id}"  # 二线01 was tried, 二线02 accepted
    assert (await second.get(form)).status_code == 200
    for path in (f"/calls/{kept.call_id}", f"/calls/{kept.call_id}/audio", form):
        assert (await second.get(path)).status_code == 200
        assert (await first.get(path)).status_code == 403, path
    assert (await first.get(f"/calls/{kept.call_id}/events")).status_code == 403
    assert (await first.send_form(form, **{"field-problem": "x"})).status_code == 403
    assert (await second.send_form(form, **{"field-problem": "硬盘故障"})).status_code == 303
    stored = records.forms.get(kept.call_id)
    assert stored is not None and stored.seat == "二线02"
    assert stored.accepted is not None and stored.accepted["problem"] == "硬盘故障"


async def test_a_supervisor_may_correct_any_form(
    first: Browser, desk: House, kept: CallRecorder
) -> None:
    async with browse(desk) as boss:
        await boss.sign_in("supervisor")
        form = f"/seat/forms/{kept.call_id}"
        assert (await boss.get(form)).status_code == 200
        assert (await boss.send_form(form, **{"field-problem": "x"})).status_code == 303


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("no_answer", 200), ("declined", 200), ("unreachable", 403), ("failed", 403)],
)
async def test_until_a_seat_accepts_it_is_of_those_whose_telephone_rang(
    first: Browser, desk: House, records: Records, outcome: str, status: int
) -> None:
    call = records.start_call(CallInfo("x", "13800138000", "400"), pack="server")
    page = f"/calls/{call.call_id}"
    desk.live(call.call_id, facts.CallAnswered(0, "13800138000", "400", "pcma", "server"))
    desk.live(call.call_id, facts.HandoffStarted(3000, "requested", "", "S1"))
    assert (await first.get(page)).status_code == 403
    desk.live(call.call_id, facts.SeatRang(4000, "二线01", outcome))
    assert (await first.get(page)).status_code == status
    desk.live(call.call_id, facts.HandoffFinished(5000, "accepted", "二线02"))
    assert (await first.get(page)).status_code == 403


async def test_a_seat_that_is_rung_reads_the_call_but_writes_no_form_of_it(
    first: Browser, desk: House, records: Records
) -> None:
    call = records.start_call(CallInfo("x", "13800138000", "400"), pack="server")
    call.event("handoff_started", 4000, reason="requested", skill="", summary_id="S1")
    call.event("seat_rang", 5000, seat="二线01", outcome="no_answer")
    call.finish("caller_hung_up", "remote")
    assert await call.stored(10)
    form = f"/seat/forms/{call.call_id}"
    assert (await first.get(form)).status_code == 200
    assert (await first.send_form(form, **{"field-problem": "x"})).status_code == 403
    assert desk.roster is not None
    desk.roster.rings("二线01", call.call_id)
    assert (await first.send_form(form, **{"field-problem": "x"})).status_code == 403
    desk.roster.talks("二线01", call.call_id)
    assert (await first.send_form(form, **{"field-problem": "x"})).status_code == 303


async def test_a_page_that_is_open_goes_when_another_seat_accepts(
    desk: House, records: Records
) -> None:
    call = records.start_call(CallInfo("x", "13800138000", "400"), pack="server")
    for told in (
        facts.CallAnswered(0, "13800138000", "400", "pcma", "server"),
        facts.HandoffStarted(3000, "requested", "", "S1"),
        facts.SeatRang(4000, "二线01", "no_answer"),
    ):
        desk.live(call.call_id, told)
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with running(listener, desk), Browser(base_url=base, trust_env=False) as client:
        await client.sign_in("tester")
        async with client.stream("GET", f"/calls/{call.call_id}/events") as answer:
            stream = Stream(answer)
            assert (await stream.next())[0] == "parts"
            desk.live(call.call_id, facts.HandoffFinished(5000, "accepted", "二线02"))
            desk.live(call.call_id, facts.CallerSpoke(9000, "不给别人看", 0.9, 8000, 8900))
            assert (await stream.next()) == ("ended", {})


async def test_listening_is_noted_once_a_session_whatever_part_is_asked_for(
    browser: Browser, house: House, kept: CallRecorder, records: Records
) -> None:
    def listened() -> list[tuple[str, str]]:
        rows = records.custody.audit(100)
        return [(row["who"], row["call_id"]) for row in rows if row["what"] == "listened"]

    page = await browser.get(f"/calls/{kept.call_id}")
    assert 'preload="none"' in page.text, "a page that is only read asks for no sound"
    assert "隐去的内容在录音里是静音" in page.text
    assert listened() == []
    for part in ("bytes=1-", "bytes=100-200", "bytes=0-", "bytes=-50"):
        answer = await browser.get(f"/calls/{kept.call_id}/audio", headers={"Range": part})
        assert answer.status_code == 206
        assert listened() == [("supervisor", kept.call_id)], part
    async with browse(house) as other:  # an application of its own, as after a new start
        await other.sign_in("tester")
        await other.get(f"/calls/{kept.call_id}/audio", headers={"Range": "bytes=1-"})
    assert listened()[0] == ("tester", kept.call_id)
    await browser.send_form("/logout")
    await browser.sign_in("supervisor")
    await browser.get(f"/calls/{kept.call_id}/audio", headers={"Range": "bytes=1-"})
    assert len(listened()) == 3, "another session"

"""What a seat sits before: state, queue, the story of its call, suggestions, form, call-backs."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from telephony import CallInfo
from tests.console.conftest import EVIL, Browser, browse
from tests.console.fakes import FakeAdviser
from tests.console.test_live import Stream
from voicebot.assist.assistant import HeardTurn, Suggestion
from voicebot.console import House, open_listener, running
from voicebot.handoff import CallFacts, Queue, Roster, SeatState, Want, build_package
from voicebot.pack_loader import load_pack
from voicebot.records import CallRecorder, Records
from voicebot.records.callbacks import Booking
from voicebot.records.suggestions import Suggestions
from voicebot.session import events as facts
from voicebot.settings import SERVER_PACK, ConsoleSettings, Settings
from voicebot.wrapup.labels import LabelTree


@pytest.fixture(scope="module")
def tree() -> LabelTree:
    return LabelTree(load_pack(SERVER_PACK))


@pytest.fixture
def roster(settings: Settings) -> Roster:
    return Roster(settings.handoff.seats, wrap_up_s=600)


@pytest.fixture
def desk(house: House, roster: Roster, tree: LabelTree, people: Records) -> House:
    queue = Queue(roster)
    more = {"roster": roster, "queue": queue, "label_tree": lambda: tree, "adviser": FakeAdviser}
    return dataclasses.replace(house, **more)


@pytest.fixture
async def seat(desk: House) -> AsyncIterator[Browser]:
    async with browse(desk) as browser:
        await browser.sign_in("seat")  # of 二线02
        yield browser


@pytest.fixture
async def calling(desk: House, records: Records) -> CallRecorder:
    """A call in progress, its story stored, nobody rung yet."""
    call = records.start_call(CallInfo("x", "13800138000", "400"), pack="server")
    told = facts.CallAnswered(0, "13800138000", "400", "pcma", "server")
    desk.live(call.call_id, told)
    desk.live(call.call_id, facts.CallerSpoke(2000, f"硬盘黄灯{EVIL}", 0.9, 900, 1800))
    desk.live(call.call_id, facts.HandoffStarted(3000, "requested", "", "S1"))
    package = build_package(CallFacts("13800138000", "requested"), (), {}, summary_id="S1")
    assert await call.store_summary(package, 10)
    desk.live(call.call_id, facts.SummaryDelivered(3100, "S1", True, package.to_dict()))
    return call


async def test_a_seat_says_whether_it_is_there(seat: Browser, roster: Roster) -> None:
    page = (await seat.get("/seat")).text
    assert "二线02 · 空闲" in page and "没有客户在等" in page
    assert (await seat.send_form("/seat/state", state="away")).status_code == 303
    assert roster.seat("二线02").state is SeatState.AWAY
    assert "二线02 · 离开" in (await seat.get("/seat")).text
    for wrong in ("talking", "", EVIL):
        assert (await seat.send_form("/seat/state", state=wrong)).status_code == 400
    assert roster.seat("二线01").state is SeatState.READY, "only its own"


async def test_an_account_without_a_seat_sees_all_and_changes_none(desk: House) -> None:
    async with browse(desk) as browser:
        await browser.sign_in("supervisor")
        page = (await browser.get("/seat")).text
        assert "没有席位" in page and "二线01 空闲" in page
        assert (await browser.send_form("/seat/state", state="away")).status_code == 400


async def test_the_story_is_on_the_screen_of_the_seat_that_is_rung_and_of_no_other(
    seat: Browser, desk: House, roster: Roster, calling: CallRecorder, people: Records
) -> None:
    assert "客户：138" not in (await seat.get("/seat")).text
    roster.rings("二线02", calling.call_id)
    page = (await seat.get("/seat")).text
    assert "来电转入" in page and "客户：138******00" in page
    assert "硬盘黄灯&lt;script&gt;" in page and EVIL not in page
    assert (await seat.get(f"/calls/{calling.call_id}")).status_code == 200
    roster.passed("二线02", calling.call_id)
    assert "客户：138" not in (await seat.get("/seat")).text
    roster.rings("二线01", calling.call_id)
    assert "客户：138" not in (await seat.get("/seat")).text
    assert (await seat.get(f"/calls/{calling.call_id}")).status_code == 403


async def test_who_waits_is_shown_with_an_honest_wait(
    seat: Browser, desk: House, roster: Roster
) -> None:
    assert desk.queue is not None
    roster.set_state("二线01", "away", "x")
    roster.rings("二线02", "other")
    desk.queue.join("c1", Want(), "danger")
    page = (await seat.get("/seat")).text
    assert "1 位" in page and "危险情况" in page and "暂无法估计" in page


async def test_suggestions_are_shown_while_the_seat_talks_and_what_it_did_is_kept(
    seat: Browser, roster: Roster, calling: CallRecorder, records: Records
) -> None:
    roster.talks("二线02", calling.call_id)
    page = (await seat.get("/seat")).text
    assert "请问硬盘灯是常亮还是闪烁" in page and "场景：硬盘" in page
    (shown,) = records.suggestions.of_call(calling.call_id)
    assert shown.verdict == "shown"
    done = await seat.send_form("/seat/advice", id=shown.id, verdict="used")
    assert done.status_code == 303
    assert records.suggestions.of_call(calling.call_id)[0].verdict == "used"
    assert "已采用" in (await seat.get("/seat")).text
    wrong = await seat.send_form("/seat/advice", id="none", verdict="used")
    assert wrong.status_code == 404
    assert (await seat.send_form("/seat/advice", id=shown.id, verdict="x")).status_code == 400


@pytest.mark.parametrize("part", ["make", "catch_up", "hear", "store"])
async def test_whatever_fails_in_the_assistant_the_page_is_there_and_nothing_is_lost(
    desk: House,
    roster: Roster,
    calling: CallRecorder,
    records: Records,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
) -> None:
    broken = part != "hear"

    class Failing(FakeAdviser):
        """Says a thing once, as assistants do."""

        def __init__(self) -> None:
            fail("make")
            self.said: set[str] = set()

        def catch_up(self, turns: Iterable[HeardTurn]) -> tuple[Suggestion, ...]:
            fail("catch_up")
            return tuple(each for turn in turns for each in self._once(turn))

        def hear(self, turn: HeardTurn) -> tuple[Suggestion, ...]:
            fail("hear")
            return self._once(turn)

        def _once(self, turn: HeardTurn) -> tuple[Suggestion, ...]:
            new = tuple(each for each in super().hear(turn) if each.id not in self.said)
            self.said |= {each.id for each in new}
            return new

    def fail(here: str) -> None:
        if broken and here == part:
            raise ZeroDivisionError(here)

    def record(kept: Suggestions, call_id: str, suggestion: Suggestion, verdict: str) -> None:
        fail("store")
        store(kept, call_id, suggestion, verdict)

    store = Suggestions.record
    monkeypatch.setattr(Suggestions, "record", record)
    roster.talks("二线02", calling.call_id)
    async with browse(dataclasses.replace(desk, adviser=Failing)) as browser:
        await browser.sign_in("seat")
        await browser.get("/seat")
        broken = True
        desk.live(calling.call_id, facts.CallerSpoke(9000, "又变黄灯了", 0.8, 8000, 8900))
        page = await browser.get("/seat")
        assert page.status_code == 200 and "又变黄灯了" in page.text
        broken = False
        assert "请问硬盘灯是常亮还是闪烁" in (await browser.get("/seat")).text
        assert len(records.suggestions.of_call(calling.call_id)) == 2
        await browser.get("/seat")
        assert len(records.suggestions.of_call(calling.call_id)) == 2, "each once"


async def test_the_form_is_drafted_after_the_call_accepted_and_edits_are_kept(
    seat: Browser, desk: House, roster: Roster, kept: CallRecorder, records: Records
) -> None:
    roster.talks("二线02", kept.call_id)
    roster.finished("二线02", kept.call_id)
    page = (await seat.get("/seat")).text
    assert "由规则起草" in page and 'name="field-problem"' in page
    form = records.forms.get(kept.call_id)
    assert form is not None and form.drafted()["problem"]
    path = f"/seat/forms/{kept.call_id}"
    wrong = await seat.send_form(path, **{"field-problem_class": "不在树里"})
    assert wrong.status_code == 400 and "标签树" in wrong.text
    assert desk.labels is not None
    chosen = desk.labels.problem[0]
    fields = {"field-problem": "硬盘故障", "field-problem_class": chosen, "ready": "yes"}
    assert (await seat.send_form(path, **fields)).status_code == 303
    done = records.forms.get(kept.call_id)
    assert done is not None and done.accepted is not None
    assert done.accepted["problem"] == "硬盘故障" and done.seat == "二线02"
    assert done.edits()["problem"][1] == "硬盘故障"
    assert roster.seat("二线02").state is SeatState.READY
    assert "二线02 已确认" in (await seat.get(path)).text


async def test_a_class_of_a_version_published_meanwhile_is_chosen_and_kept(
    house: House, tree: LabelTree, people: Records, kept: CallRecorder
) -> None:
    renewed = load_pack(SERVER_PACK)
    new = "故障/刚发布的一类"
    labels = dataclasses.replace(renewed.labels, problem=(*renewed.labels.problem, new))
    in_use = [tree]
    desk = dataclasses.replace(house, label_tree=lambda: in_use[-1])
    path, fields = f"/seat/forms/{kept.call_id}", {"field-problem_class": new}
    async with browse(desk) as browser:
        await browser.sign_in("supervisor")
        assert (await browser.send_form(path, **fields)).status_code == 400
        in_use.append(LabelTree(dataclasses.replace(renewed, labels=labels)))
        assert (await browser.send_form(path, **fields)).status_code == 303
        assert f"<option selected>{new}</option>" in (await browser.get(path)).text
    stored = desk.records.forms.get(kept.call_id)
    assert stored is not None and stored.accepted is not None
    assert stored.accepted["problem_class"] == new


async def test_a_promised_call_is_taken_by_one_seat_who_alone_reads_the_number(
    seat: Browser, desk: House, kept: CallRecorder, records: Records
) -> None:
    now = datetime.now(UTC)
    booking = Booking("13800138000", "明天上午", now - timedelta(hours=2), now - timedelta(hours=1))
    booked = book(records, kept.call_id, booking, now)
    page = (await seat.get("/seat")).text
    assert "138******00" in page and "明天上午" in page and "已过时" in page
    early = await seat.send_form("/seat/callbacks", id=booked, action="number")
    assert early.status_code == 409
    await seat.send_form("/seat/callbacks", id=booked, action="take")
    shown = await seat.send_form("/seat/callbacks", id=booked, action="number")
    assert shown.text == "13800138000"
    assert records.custody.audit(1)[0]["what"] == "reveal"
    records.people.set_role("tester", "seat", "二线01")
    async with browse(desk) as other:
        await other.sign_in("tester")
        taken = await other.send_form("/seat/callbacks", id=booked, action="take")
        assert taken.status_code == 409 and "别的坐席" in taken.text
    none = await seat.send_form("/seat/callbacks", id=booked, action="close", result=" ")
    assert "写一句处理结果" in none.text
    await seat.send_form("/seat/callbacks", id=booked, action="close", result="已回电解决")
    assert "没有要回的电话" in (await seat.get("/seat")).text


def book(records: Records, call_id: str, booking: Booking, now: datetime) -> str:
    from voicebot.records.callbacks import insert

    assert records._keys is not None
    with records._engine.begin() as connection:
        return insert(connection, call_id, booking, records._keys, now)


async def test_the_page_follows_seat_queue_and_call_over_a_real_socket(
    desk: House, roster: Roster, calling: CallRecorder
) -> None:
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with running(listener, desk), Browser(base_url=base, trust_env=False) as client:
        await client.sign_in("seat")
        async with client.stream("GET", "/seat/events") as answer:
            stream = Stream(answer)
            first = (await stream.next())[1]
            assert "二线02 · 空闲" in first["my-state"]
            roster.rings("二线02", calling.call_id)
            parts = (await stream.next())[1]
            assert "振铃" in parts["my-state"] and "客户：138******00" in parts["my-story"]
            assert "my-callbacks" not in parts, "what did not change is not sent"
            roster.talks("二线02", calling.call_id)
            desk.live(calling.call_id, facts.CallerSpoke(9000, "又变黄灯了", 0.8, 8000, 8900))
            seen = ""
            while "又变黄灯了" not in seen:
                seen = (await stream.next())[1].get("my-story", "")


async def test_without_seats_the_page_says_what_to_do(browser: Browser) -> None:
    assert "还没有配置坐席" in (await browser.get("/seat")).text

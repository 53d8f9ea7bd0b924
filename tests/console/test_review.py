"""质检/回放 and 报表: finding calls, judging turns, counting."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from telephony import CallInfo
from tests.console.conftest import EVIL, Browser
from voicebot.console import House
from voicebot.errors import RecordsError
from voicebot.records import CallRecorder, Records
from voicebot.records.report import report
from voicebot.records.search import PAGE, Wanted, search
from voicebot.records.tables import CALLS

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


class Day:
    """Writes invented calls at invented times."""

    def __init__(self, records: Records) -> None:
        self.records = records

    async def call(
        self,
        at: datetime,
        *,
        caller: str = "13800138000",
        asked: str = "硬盘亮黄灯",
        said: str = "换硬盘",
        kind: str = "answer",
        wait_ms: int = 900,
        reason: str = "",
        seat: str = "",
    ) -> str:
        call = self.records.start_call(CallInfo("x", caller, "400", codec="pcma"), pack="server")
        call.event("caller_spoke", 2000, text=asked, confidence=0.9, speech_start_ms=900)
        call.event("bot_spoke", 3000, text=said, kind=kind, since_caller_ms=wait_ms)
        if reason:
            call.event("handoff_started", 4000, reason=reason, skill="", summary_id="S1")
            outcome = "accepted" if seat else "no_answer"
            call.event("handoff_finished", 5000, outcome=outcome, seat=seat)
        call.finish("handed_off" if seat else "caller_hung_up", "remote")
        assert await call.stored(10)
        ended = at + timedelta(minutes=6)
        moved = CALLS.update().where(CALLS.c.id == call.call_id)
        with self.records._engine.begin() as connection:
            connection.execute(moved.values(started_at=at, ended_at=ended))
        return call.call_id


@pytest.fixture
def day(records: Records) -> Day:
    return Day(records)


async def test_calls_are_found_by_day_outcome_seat_words_and_labels(
    records: Records, day: Day
) -> None:
    first = await day.call(NOON, asked="RAID 降级了")
    second = await day.call(
        NOON + timedelta(days=1), asked="100%_满", reason="requested", seat="二线02"
    )
    third = await day.call(NOON + timedelta(days=2))

    def ids(**wanted: object) -> list[str]:
        return [row.id for row in search(records, Wanted(**wanted))]  # type: ignore[arg-type]

    assert ids() == [third, second, first]
    assert ids(since=NOON + timedelta(hours=1)) == [third, second]
    assert ids(until=NOON + timedelta(hours=1)) == [first]
    assert ids(outcome="handed_off") == [second]
    assert ids(seat="二线02") == [second]
    assert ids(seat="二线01") == []
    assert ids(words="raid") == [first], "as people type"
    assert ids(words="换硬盘") == [third, second, first]
    assert ids(words="%_") == [second], "what is typed is no pattern"
    records.turn_labels.put(first, 0, "wrong", "", "t", NOON)
    assert ids(labelled="wrong") == ids(labelled="any") == [first]
    assert ids(labelled="none") == [third, second]


@pytest.mark.parametrize(
    "words", ["' OR '1'='1", "'; DROP TABLE calls; --", "\\", '"', "\x00x", "%"]
)
async def test_sql_in_a_search_finds_nothing_and_harms_nothing(
    browser: Browser, day: Day, words: str
) -> None:
    kept = await day.call(NOON)
    for field in ("words", "seat", "outcome", "since", "page", "labelled"):
        await browser.send_form("/review", **{field: words})
        page = await browser.get("/review")
        assert page.status_code == 200, field
        if field in ("words", "seat", "outcome"):
            assert kept not in page.text
    await browser.send_form("/review")
    assert kept in (await browser.get("/review")).text


async def test_a_search_stands_in_no_address(browser: Browser, day: Day) -> None:
    await day.call(NOON, asked="客户张伟")
    answer = await browser.send_form("/review", words="张伟")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    page = (await browser.get("/review")).text
    assert 'value="张伟"' in page
    assert "?" not in page.split("<main")[1].replace("?</", "").replace("（?）", "")


async def test_many_calls_are_turned_over_page_by_page(browser: Browser, day: Day) -> None:
    ids = [await day.call(NOON + timedelta(minutes=n)) for n in range(PAGE + 3)]
    page = (await browser.get("/review")).text
    assert page.count("/calls/") == PAGE
    assert "下一页" in page and "上一页" not in page
    await browser.send_form("/review", page="1")
    page = (await browser.get("/review")).text
    assert page.count("/calls/") == 3
    assert ids[0] in page and "上一页" in page and "下一页" not in page


async def test_empty_states_say_what_to_do(browser: Browser) -> None:
    assert "还没有通话记录" in (await browser.get("/review")).text
    await browser.send_form("/review", words="没有这句话")
    assert "放宽日期或减少条件" in (await browser.get("/review")).text
    assert "没有来电" in (await browser.get("/report")).text


async def test_turns_are_judged_stored_and_exported(
    browser: Browser, kept: CallRecorder, records: Records
) -> None:
    path = f"/calls/{kept.call_id}/labels"
    done = await browser.send_form(path, seq="1", verdict="wrong", note=f"我叫张伟{EVIL}")
    assert done.headers["location"] == f"/calls/{kept.call_id}#turn-1"
    page = (await browser.get(f"/calls/{kept.call_id}")).text
    assert "judge wrong" in page and EVIL not in page
    mark = records.turn_labels.of_call(kept.call_id)[1]
    assert (mark.verdict, mark.who) == ("wrong", "supervisor")
    assert mark.note.startswith("我叫张*"), "masked like everything that is kept"
    part = await browser.post(
        path, data={"seq": "2", "verdict": "right"}, headers={"X-CSRF": browser.csrf, "X-Part": "1"}
    )
    assert 'aria-pressed="true"' in part.text and "<html" not in part.text
    exported = (await browser.get("/review/labels.jsonl")).text
    rows = [json.loads(line) for line in exported.splitlines()]
    assert [(row["seq"], row["verdict"], row["who_spoke"]) for row in rows] == [
        (1, "wrong", "caller"),
        (2, "right", "bot"),
    ]
    await browser.send_form(path, seq="1", verdict="")
    assert 1 not in records.turn_labels.of_call(kept.call_id)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"seq": "99", "verdict": "right"}, 404),
        ({"seq": "5", "verdict": "right"}, 404),
        ({"seq": "-1", "verdict": "right"}, 400),
        ({"seq": "1", "verdict": "maybe"}, 400),
        ({"seq": "9" * 30, "verdict": "right"}, 400),
        ({}, 400),
    ],
)
async def test_what_is_no_turn_is_not_judged(
    browser: Browser, kept: CallRecorder, fields: dict[str, str], status: int
) -> None:
    answer = await browser.send_form(f"/calls/{kept.call_id}/labels", **fields)
    assert answer.status_code == status


def test_the_store_refuses_a_judgement_of_nothing(records: Records) -> None:
    with pytest.raises(RecordsError, match="has no turn 1"):
        records.turn_labels.put("x" * 36, 1, "right", "", "t", NOON)
    with pytest.raises(RecordsError, match="expected right or wrong"):
        records.turn_labels.put("x" * 36, 1, "maybe", "", "t", NOON)


async def test_turns_carry_the_time_at_which_they_begin_on_the_recording(
    browser: Browser, day: Day
) -> None:
    call_id = await day.call(NOON)
    page = (await browser.get(f"/calls/{call_id}")).text
    assert 'data-seq="0" data-start="900"' in page, "the caller's first sound, not the end"
    assert 'data-seq="1" data-start="3000"' in page


async def test_a_seat_sees_the_calls_that_were_brought_to_it_and_no_others(
    stranger: Browser, kept: CallRecorder, day: Day, records: Records
) -> None:
    other = await day.call(NOON, reason="requested", seat="二线01")
    await stranger.sign_in("seat")  # of 二线02
    assert (await stranger.get(f"/calls/{kept.call_id}")).status_code == 200
    for path in ("", "/audio", "/events"):
        answer = await stranger.get(f"/calls/{other}{path}")
        assert answer.status_code == 403
        assert "没有转给您" in answer.text


async def test_listening_and_reading_numbers_leave_a_line(
    browser: Browser, kept: CallRecorder, records: Records
) -> None:
    await browser.get(f"/calls/{kept.call_id}/audio")
    await browser.get(f"/calls/{kept.call_id}/audio", headers={"Range": "bytes=100-200"})
    path = f"/calls/{kept.call_id}/reveal"
    assert (await browser.send_form(path, why=" ")).status_code == 400
    shown = await browser.send_form(path, why="回电给 13800138000")
    assert shown.text == "13800138000"
    rows = [(row["who"], row["what"], row["why"]) for row in records.custody.audit()]
    assert rows[:2] == [
        ("supervisor", "reveal", "回电给 138******00"),
        ("supervisor", "listened", ""),
    ]


async def test_a_report_counts_what_was_solved_beside_what_came_back(
    records: Records, day: Day, house: House
) -> None:
    solved = {"said": house.solved_texts[0], "kind": "clarify"}
    await day.call(NOON, wait_ms=500, **solved)  # type: ignore[arg-type]
    await day.call(NOON + timedelta(days=3), wait_ms=700)  # the same caller again
    await day.call(NOON, caller="13900139000", wait_ms=800, **solved)  # type: ignore[arg-type]
    await day.call(NOON + timedelta(days=9), caller="13900139000", wait_ms=900)  # later than a week
    await day.call(NOON, caller="anonymous", reason="requested", seat="二线02", **solved)  # type: ignore[arg-type]
    await day.call(
        NOON, caller="13700137000", asked="机房几点开门？", kind="refuse", reason="danger"
    )
    await day.call(NOON, caller="13600136000", asked="机房几点开门", kind="refuse", wait_ms=3000)
    made = report(records, NOON, NOON + timedelta(days=4), house.solved_texts)
    assert (made.calls, made.solved, made.handed_off) == (6, 2, 1)
    assert (made.known_callers, made.repeated) == (5, 1)
    assert (made.solved_known, made.solved_repeated) == (2, 1)
    assert dict(made.reasons) == {"requested": 1, "danger": 1}
    assert dict(made.outcomes) == {"caller_hung_up": 5, "handed_off": 1}
    assert made.unanswered == (("机房几点开门", 2),)
    assert (made.answers, made.p50_ms, made.p95_ms) == (6, 800, 3000)
    assert sum(calls for _, calls, _ in made.by_day) == 6


async def test_label_hours_count_work_not_breaks(records: Records, day: Day) -> None:
    call_id = await day.call(NOON)
    other = await day.call(NOON, caller="13900139000")
    for minutes, seq, who in ((0, 0, "a"), (4, 1, "a"), (60, 0, "b")):
        which = call_id if who == "a" else other
        records.turn_labels.put(
            which, seq, "wrong" if seq else "right", "", who, NOON + timedelta(minutes=minutes)
        )
    work = report(records, NOON, NOON + timedelta(days=1)).labelling
    assert (work.turns, work.wrong) == (3, 1)
    assert work.hours == pytest.approx(4 / 60)
    assert work.heard_hours == pytest.approx(12 / 60)


async def test_the_report_page_never_shows_containment_alone(browser: Browser, day: Day) -> None:
    now = datetime.now(UTC)
    await day.call(now, asked=EVIL, kind="refuse")
    page = (await browser.get("/report?days=1")).text
    for words in ("客户确认解决", "7 天内重复来电", "没转人工不等于解决", "&lt;script&gt;alert"):
        assert words in page
    assert EVIL not in page
    for odd in ("?days=-1", "?days=99999999", "?since=x&until=y", "?since=9999-12-31", "?days=٣"):
        assert (await browser.get(f"/report{odd}")).status_code == 200, odd


async def test_forgetting_a_caller_forgets_what_was_said_of_their_turns(
    records: Records, kept: CallRecorder
) -> None:
    records.turn_labels.put(kept.call_id, 1, "wrong", "x", "t", NOON)
    assert records.custody.forget("13800138000", who="t", why="test") == 1
    assert records.turn_labels.of_call(kept.call_id) == {}
    assert records.fetch(sa.select(CALLS)) == []

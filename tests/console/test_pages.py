"""What a supervisor reads: the calls now, the calls kept, one call."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from telephony.admission import Admission, Limits, Refusal
from tests.console.conftest import EVIL, TAPE, Browser, browse
from voicebot.console import House, LiveCalls, labels
from voicebot.records import CallRecorder, Records
from voicebot.session import events as facts
from voicebot.settings import Settings

ANSWERED = facts.CallAnswered(0, "13800138000", "400", "pcma", "server")


async def test_home_shows_calls_now_and_calls_kept(
    browser: Browser, live: LiveCalls, kept: CallRecorder
) -> None:
    call_id = str(uuid.uuid4())
    live(call_id, ANSWERED)
    live(call_id, facts.CallerSpoke(900, "我手机是13900139000", 0.71, 100, 800))
    page = (await browser.get("/live")).text
    assert f'href="/calls/{call_id}"' in page
    assert "我手机是139******00" in page
    assert "0.71" in page
    assert f'href="/calls/{kept.call_id}"' in page
    assert "已转人工" in page
    assert "138******00" in page
    assert "13800138000" not in page
    assert "13900139000" not in page


async def test_home_says_when_there_is_nothing(browser: Browser) -> None:
    page = (await browser.get("/live")).text
    assert "现在没有通话" in page
    assert "还没有通话记录" in page


async def test_home_shows_the_calls_now_when_the_records_cannot_be_read(
    browser: Browser, live: LiveCalls, records: Records, tmp_path: Path
) -> None:
    live("1", ANSWERED)
    records.close()
    for file in (tmp_path / "records").iterdir():
        file.unlink()
    (tmp_path / "records" / "records.db").write_bytes(b"no database" * 100)
    page = await browser.get("/live")
    assert page.status_code == 200
    assert "138******00" in page.text
    assert "暂时读不到通话记录" in page.text
    assert (await browser.get(f"/calls/{uuid.uuid4()}")).status_code == 503


async def test_a_kept_call_tells_everything(browser: Browser, kept: CallRecorder) -> None:
    page = (await browser.get(f"/calls/{kept.call_id}")).text
    for piece in (
        "客户：138******00",
        "已接通",
        "二线02",
        "原因：客户要求",
        "人工通话 1:00",
        "二线01：坐席忙",
        "SIP 486",
        "置信度 0.83",
        "依据：用户手册 3.1 硬盘指示灯",
        "黄色常亮表示故障",
        "客户说完后 1820 毫秒",
        "识别",
        "160–410 毫秒",
        "跳过：需要 900 毫秒，只剩 700 毫秒",
        "被打断，没有说出：硬盘坏了。",
        "异常：voice late；已提议转人工",
        "客户保持通话",
        "客户回到通话，保持了 0:08",
        "客户要求不录音，录音已停止",
        "线路 MOS 4.1（估算） · 丢包 1.2% · 抖动 6 毫秒",
        f'src="/calls/{kept.call_id}/audio"',
    ):
        assert piece in page, piece
    assert page.index("情况摘要") < page.index("录音") < page.index("通话文字")
    assert "data-events" not in page, "a finished call is not followed"


async def test_what_a_caller_says_is_never_markup(
    browser: Browser, live: LiveCalls, kept: CallRecorder
) -> None:
    live("1", facts.CallAnswered(0, EVIL, EVIL, EVIL, EVIL))
    live("1", facts.CallerSpoke(1, EVIL, 0.5, 0, 1))
    for address in ("/live", f"/calls/{kept.call_id}"):
        page = (await browser.get(address)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
        assert page.count("<script") == page.count('<script src="/static/'), "only our own files"


async def test_a_call_in_progress_is_shown_from_memory_and_followed(
    browser: Browser, live: LiveCalls
) -> None:
    call_id = str(uuid.uuid4())
    live(call_id, ANSWERED)
    live(call_id, facts.BotSpoke(20, "您好", "greeting", 1.0, None))
    page = (await browser.get(f"/calls/{call_id}")).text
    assert f'data-events="/calls/{call_id}/events"' in page
    assert "您好" in page
    assert "通话中" in page
    live(call_id, facts.CallEnded(900, "remote", "", "caller_hung_up"))
    assert (await browser.get(f"/calls/{call_id}")).status_code == 404, "no longer in memory"


async def test_a_recording_is_played_in_ranges(browser: Browser, kept: CallRecorder) -> None:
    whole = await browser.get(f"/calls/{kept.call_id}/audio")
    assert whole.content == TAPE
    assert whole.headers["content-type"] == "audio/wav"
    part = await browser.get(f"/calls/{kept.call_id}/audio", headers={"Range": "bytes=44-143"})
    assert part.status_code == 206
    assert part.content == bytes(range(100))


async def test_a_lost_recording_is_a_404_page(
    browser: Browser, kept: CallRecorder, tape: Path
) -> None:
    await asyncio.to_thread(tape.unlink)
    answer = await browser.get(f"/calls/{kept.call_id}/audio")
    assert answer.status_code == 404
    assert "没有录音" in answer.text


async def test_healthz_counts_calls(browser: Browser, live: LiveCalls) -> None:
    live("1", ANSWERED)
    health = (await browser.get("/healthz")).json()
    assert health["status"] == "ok"
    assert health["calls"] == 1


async def test_home_shows_how_full_the_bot_is(people: Records, settings: Settings) -> None:
    judge = Admission(Limits(max_calls=1))
    house = House(people, LiveCalls(judge.snapshot), settings)
    async with browse(house) as browser:
        await browser.sign_in("supervisor")
        assert "在线 0 通，上限 1 · 推理等待 0.0 秒" in (await browser.get("/live")).text
        assert "refuses" not in (await browser.get("/healthz")).json()
        assert judge.judge("a").admitted
        assert not judge.judge("b").admitted
        page = (await browser.get("/live")).text
        assert "通话已满，不接新电话 · 在线 1 通" in page and "已拒绝 1 通" in page
        assert (await browser.get("/healthz")).json()["refuses"] == "calls"
        judge.drain()
        assert "正在停机" in (await browser.get("/live")).text


def test_every_reason_to_refuse_has_words() -> None:
    assert set(labels.REFUSALS) == set(Refusal)

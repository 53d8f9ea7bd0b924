"""The main paths in a real browser: Debian's Chromium, without a screen, over a real socket."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page

from telephony import CallInfo
from tests.console.chromium import WIDTH, chromium, person
from tests.console.fakes import FakeAdviser, FakeCall, FakeControls
from tests.console.invented import PASSWORD, SEATS, add_people, add_talk, tape
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.handoff import CallFacts, Queue, Roster, SeatState, build_package
from voicebot.pack_loader import load_pack
from voicebot.records import CallRecorder, Records
from voicebot.session import events as facts
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.wrapup.labels import LabelTree

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]
SHOWN_MS = 15_000  # a deadline, not a measure


@dataclass
class Site:
    """A served console, a browser, and what went wrong in its pages."""

    house: House
    roster: Roster
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def page(self, name: str, path: str = "/") -> Page:
        page = await person(self.browser, self.address, name, PASSWORD)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(self.address + path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def tree() -> LabelTree:
    return LabelTree(load_pack(SERVER_PACK))


@pytest.fixture
async def site(tmp_path: Path, tree: LabelTree) -> AsyncIterator[Site]:
    records = Records.open(tmp_path / "records")
    add_people(records)
    settings = load_settings(
        environ={}, overrides={"console.listen": "127.0.0.1:0", "handoff.seats": SEATS}
    )
    roster = Roster(settings.handoff.seats, wrap_up_s=600)
    house = House(
        records,
        LiveCalls(),
        settings,
        roster=roster,
        queue=Queue(roster),
        label_tree=lambda: tree,
        adviser=FakeAdviser,
        controls=FakeControls(),
    )
    listener = open_listener(settings.console)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with running(listener, house), chromium() as browser:
        site = Site(house, roster, address, browser)
        yield site
    records.close()
    assert site.complaints == [], "scripts failed, or the policy forbade something of our own"


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SHOWN_MS / 1000
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_tester_replays_a_call_in_step_and_judges_turns_by_keys(
    site: Site, tmp_path: Path
) -> None:
    recording = tape(tmp_path / "talk.wav")
    call = await add_talk(site.house.records, recording, datetime.now(UTC))
    page = await site.page("陈测")
    assert page.url.endswith("/review"), "a tester begins the day there"
    await page.keyboard.press("/")
    await page.keyboard.type("黄灯常亮")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name=re.compile("回放 .*的通话")).click()
    await page.wait_for_url(f"**/calls/{call.call_id}")
    await page.get_by_role("button", name="从 0:16 播放").click()
    lit = page.locator(".turn.now")
    await lit.filter(has_text="第三个槽位黄灯常亮").wait_for(timeout=SHOWN_MS)
    played = await page.evaluate("document.getElementById('tape').currentTime")
    assert 16.8 <= played < 24, "clicking a turn plays it"
    await page.evaluate("document.getElementById('tape').currentTime = 28.4")
    await lit.filter(has_text="这个时间资料里没有").wait_for(timeout=SHOWN_MS)
    await page.keyboard.press("2")
    await lit.locator(".judge.wrong").wait_for(timeout=SHOWN_MS)
    await page.keyboard.press("n")
    await page.keyboard.type("手册 5.2 有")
    await page.keyboard.press("Escape")
    await lit.get_by_role("button", name="这一轮错").click()
    labels = site.house.records.turn_labels
    await until(lambda: any(m.note for m in labels.of_call(call.call_id).values()))
    (mark,) = labels.of_call(call.call_id).values()
    assert (mark.verdict, mark.note, mark.who) == ("wrong", "手册 5.2 有", "陈测")
    await page.locator("h1").first.click(force=True)
    await page.keyboard.press("g")
    await page.keyboard.press("r")
    await page.wait_for_url("**/report")


async def test_the_story_goes_from_the_seat_that_declines_to_the_one_that_accepts(
    site: Site,
) -> None:
    """Two seats, two browsers; a story is on the right screen before that telephone would ring."""
    order: list[str] = []
    first = await site.page("李雷")
    second = await site.page("韩梅")
    for page in (first, second):
        await page.get_by_text("实时更新中").wait_for(timeout=SHOWN_MS)
    call = await _waiting_call(site, order)
    for page, seat, other in ((first, "二线01", second), (second, "二线02", first)):
        site.roster.rings(seat, call.call_id)
        assert await site.house.screens.shown(seat, call.call_id, 10), "the page never said so"
        order.append(f"shown {seat}")
        assert await page.locator("#my-story").get_by_text("客户：139******23").is_visible()
        assert not await other.locator("#my-story").get_by_text("客户：139").is_visible()
        order.append(f"invite {seat}")
        if seat == "二线01":
            site.roster.passed(seat, call.call_id)
            site.house.live(call.call_id, facts.SeatRang(5000, seat, "declined", 603))
            await page.get_by_text("现在没有转给您的通话").wait_for(timeout=SHOWN_MS)
    await _talk_and_wrap_up(site, second, call, order)
    assert order == [
        "summary stored",
        "shown 二线01",
        "invite 二线01",
        "shown 二线02",
        "invite 二线02",
        "accepted 二线02",
        "form drafted",
        "form accepted",
    ]


async def _waiting_call(site: Site, order: list[str]) -> CallRecorder:
    info = CallInfo("x", "13900000123", "400")
    call = site.house.records.start_call(info, pack="server")
    live = site.house.live
    live(call.call_id, facts.CallAnswered(0, "13900000123", "400", "pcma", "server"))
    spoken = {"speech_start_ms": 900, "speech_end_ms": 1800, "confidence": 0.9}
    call.event("caller_spoke", 2000, text="服务器硬盘亮黄灯", **spoken)
    live(call.call_id, facts.CallerSpoke(2000, "服务器硬盘亮黄灯", 0.9, 900, 1800))
    live(call.call_id, facts.HandoffStarted(3000, "low_confidence", "", "S1"))
    package = build_package(CallFacts("13900000123", "low_confidence"), (), {}, summary_id="S1")
    assert await call.store_summary(package, 10)
    order.append("summary stored")
    live(call.call_id, facts.SummaryDelivered(3100, "S1", True, package.to_dict()))
    return call


async def _talk_and_wrap_up(site: Site, page: Page, call: CallRecorder, order: list[str]) -> None:
    site.roster.talks("二线02", call.call_id)
    order.append("accepted 二线02")
    await page.get_by_text("请问硬盘灯是常亮还是闪烁").wait_for(timeout=SHOWN_MS)
    await page.keyboard.press("u")  # uses the suggestion
    suggestions = site.house.records.suggestions
    await until(lambda: suggestions.of_call(call.call_id)[0].verdict == "used")
    call.event("handoff_started", 3000, reason="low_confidence", skill="", summary_id="S1")
    call.event("handoff_finished", 6000, outcome="accepted", seat="二线02")
    call.finish("handed_off", "remote")
    assert await call.stored(10)
    site.roster.finished("二线02", call.call_id)
    site.house.live(call.call_id, facts.CallEnded(9000, "remote", "", "handed_off"))
    await page.get_by_text("由规则起草").wait_for(timeout=SHOWN_MS)
    order.append("form drafted")
    await page.get_by_label("问题描述").fill("硬盘故障，已报修")
    await page.get_by_role("button", name="确认并转空闲").click()
    await until(lambda: site.roster.seat("二线02").state is SeatState.READY)
    form = site.house.records.forms.get(call.call_id)
    assert form is not None and form.edits()["problem"][1] == "硬盘故障，已报修"
    order.append("form accepted")


async def test_a_supervisor_hears_a_call_and_tells_the_bot_what_to_say(site: Site) -> None:
    call_id, call = "7d0a2f0e-0000-4000-8000-000000000001", FakeCall()
    site.house.live(call_id, facts.CallAnswered(0, "13900000123", "400", "pcma", "server"))
    assert isinstance(site.house.controls, FakeControls)
    site.house.controls[call_id] = call
    page = await site.page("周敏")
    await page.get_by_role("link", name="139******23").click()
    await page.get_by_role("button", name="监听", exact=True).click()
    heard = page.locator("#listen[data-heard-ms]")
    await heard.wait_for(timeout=SHOWN_MS)
    await page.get_by_label("让机器人说的话").fill("请您稍等")
    await page.keyboard.press("Enter")
    await page.get_by_text("机器人正在说。").wait_for(timeout=SHOWN_MS)
    assert call.told == [("say", "请您稍等", "周敏")]
    site.house.live(call_id, facts.CallerSpoke(5200, "<img src=x onerror=alert(1)>", 0.62, 1, 2))
    await page.get_by_text("<img src=x").wait_for(timeout=SHOWN_MS)
    assert await page.locator("#turns img").count() == 0, "what a caller says is never markup"


async def test_every_page_fits_the_screen_and_names_what_can_be_used(
    site: Site, tmp_path: Path
) -> None:
    call = await add_talk(site.house.records, tape(tmp_path / "t.wav"), datetime.now(UTC))
    page = await site.page("admin")
    paths = ["/live", "/seat", "/review", "/report", "/users", "/password", "/knowledge"]
    paths += [f"/calls/{call.call_id}", f"/seat/forms/{call.call_id}"]
    session = await page.context.new_cdp_session(page)
    for path in paths:
        await page.goto(site.address + path)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= WIDTH, f"{path} is {width} pixels wide"
        tree = await session.send("Accessibility.getFullAXTree")
        used = ("button", "link", "textbox", "combobox", "searchbox", "checkbox")
        for node in tree["nodes"]:
            role = node.get("role", {}).get("value")
            if role in used and not node.get("ignored"):
                assert node.get("name", {}).get("value"), f"{path}: a {role} without a name"
    await page.keyboard.press("?")
    await page.get_by_role("dialog", name="快捷键").wait_for(timeout=SHOWN_MS)


async def test_a_page_left_open_after_sign_out_shows_nothing_more(site: Site) -> None:
    page = await site.page("周敏", "/live")
    other = await page.context.new_page()
    await other.goto(f"{site.address}/password")
    await other.get_by_role("button", name="退出").click()
    await other.wait_for_url("**/login")
    await page.reload()
    assert page.url.endswith("/login")
    await page.go_back()
    assert "实时通话" not in await page.locator("main").inner_text()


def test_the_house_of_a_test_is_like_that_of_a_bot() -> None:
    named = {each.name for each in dataclasses.fields(House)}
    assert {"roster", "queue", "controls", "label_tree", "adviser", "editor", "phones"} <= named

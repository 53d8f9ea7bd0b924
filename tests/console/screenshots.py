"""``make screenshots``: every page of the console, from an invented store, as small PNGs."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from tests.console.chromium import HEIGHT, WIDTH, chromium, person
from tests.console.fakes import FakeAdviser, FakeCall, FakeControls
from tests.console.invented import PASSWORD, SEATS, add_history, add_people, add_talk, tape
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.handoff import Queue, Roster, Want
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.records.draft import DraftKind, new_draft
from voicebot.session import events as facts
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.workshop.editing import PackEditor
from voicebot.wrapup.labels import LabelTree

CALL_NOW = "7d0a2f0e-0000-4000-8000-000000000001"
SUPERVISOR = (
    ("/live", "live"),
    (f"/calls/{CALL_NOW}", "call_now"),
    ("/review", "review"),
    ("/report?days=30", "report"),
    ("/knowledge", "drafts"),
)
OUT = Path(__file__).parents[2] / "docs" / "screenshots"


async def take(page: Page, name: str) -> None:
    """One picture of 1366 by 768 pixels with 64 colours: 20 to 60 KB."""
    await page.wait_for_load_state("load")
    picture = Image.open(BytesIO(await page.screenshot())).convert("RGB")
    small = picture.quantize(64, dither=Image.Dither.NONE)
    small.save(OUT / f"{name}.png", optimize=True)
    print(f"docs/screenshots/{name}.png")


async def main() -> None:
    """Seed, serve, look."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        records = Records.open(Path(folder))
        try:
            await _look(records, Path(folder))
        finally:
            records.close()


async def _look(records: Records, folder: Path) -> None:
    now = datetime.now(UTC)
    add_people(records)
    await add_history(records, now)
    call = await add_talk(records, tape(folder / "talk.wav"), now)
    records.turn_labels.put(call.call_id, 6, "wrong", "手册 5.2 有重建时间表", "陈测", now)
    records.turn_labels.put(call.call_id, 4, "right", "", "陈测", now)
    house = _house(records, folder)
    listener = open_listener(house.settings.console)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with running(listener, house), chromium() as browser:
        size = {"width": WIDTH, "height": HEIGHT}
        stranger = await (await browser.new_context(viewport=size)).new_page()
        await stranger.goto(f"{address}/login")
        await take(stranger, "login")
        page = await person(browser, address, "周敏", PASSWORD)
        _call_now(house.live)
        for path, name in SUPERVISOR:
            await page.goto(address + path)
            await page.wait_for_timeout(400)
            await take(page, name)
        await _edit(page, address)
        await page.goto(f"{address}/calls/{call.call_id}")
        await page.locator("button.at").nth(4).click()
        await page.wait_for_timeout(500)
        await take(page, "call")
        await _seat(await person(browser, address, "韩梅", PASSWORD), house, call.call_id)
        page = await person(browser, address, "admin", PASSWORD)
        await page.goto(f"{address}/users")
        await take(page, "users")


def _house(records: Records, folder: Path) -> House:
    overrides = {"console.listen": "127.0.0.1:0", "handoff.seats": SEATS}
    settings = load_settings(environ={}, overrides=overrides)
    roster = Roster(settings.handoff.seats, wrap_up_s=3600)
    pack = Path(shutil.copytree(SERVER_PACK, folder / "server"))
    drafts = [
        new_draft(DraftKind.FAQ, "重建 RAID 要多久", answer="", count=9, confidence=0.81),
        new_draft(DraftKind.SIMILAR, "硬盘灯黄了是坏了吗", near_entry="disk.amber", nearness=0.93),
    ]
    records.drafts.add("server", drafts)
    tree = LabelTree(load_pack(SERVER_PACK))
    return House(
        records,
        LiveCalls(),
        settings,
        roster=roster,
        queue=Queue(roster),
        controls=FakeControls({CALL_NOW: FakeCall()}),
        label_tree=lambda: tree,
        adviser=FakeAdviser,
        editor=PackEditor(pack),
        phones=tuple((seat.uri, seat.name) for seat in settings.handoff.seats),
        solved=lambda: ("太好了，解决了就好。",),
    )


def _call_now(live: LiveCalls) -> None:
    live(CALL_NOW, facts.CallAnswered(0, "13900000456", "400", "pcma", "server"))
    live(CALL_NOW, facts.BotSpoke(300, "您好，云岚科技服务热线。", "greeting", 1.0, None))
    live(CALL_NOW, facts.CallerSpoke(5200, "服务器开不了机了。", 0.62, 2600, 4900))


async def _edit(page: Page, address: str) -> None:
    """A scene with a line added, checked, not yet published."""
    await page.goto(f"{address}/knowledge/texts?file=scenes/storage_disk_not_detected.yaml")
    text = page.locator("textarea")
    await text.fill("# 班长核对过 2026-11\n" + await text.input_value())
    await page.get_by_role("button", name="检查和测试").click()
    await page.get_by_label("检查结果").wait_for(timeout=120_000)
    await page.get_by_label("检查结果").scroll_into_view_if_needed()
    await take(page, "texts")
    await page.get_by_label("改了什么").fill("核对过")
    await page.get_by_role("button", name="发布").click()
    await page.get_by_text("已发布为第").wait_for(timeout=120_000)
    await page.goto(f"{address}/knowledge/versions?show=2")
    await take(page, "versions")


async def _seat(page: Page, house: House, call_id: str) -> None:
    """The story while it rings and in the talk; the form after it."""
    if house.roster is None or house.queue is None:
        raise RuntimeError("the house has no seats")
    house.roster.talks("二线01", CALL_NOW)
    house.roster.rings("二线02", call_id)
    house.queue.join("waits", Want(), "requested")
    await page.get_by_text("来电转入").wait_for()
    house.roster.talks("二线02", call_id)
    await page.get_by_text("请问硬盘灯是常亮还是闪烁").wait_for()
    await take(page, "seat")
    house.roster.finished("二线02", call_id)
    await page.get_by_text("由规则起草").wait_for()
    await page.locator("#my-form").scroll_into_view_if_needed()
    await take(page, "wrap_up")


if __name__ == "__main__":
    asyncio.run(main())

"""``make screenshots``: every page of the console, from an invented store, as small PNGs."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from tests.console.chromium import chromium, person
from tests.console.invented import PASSWORD, SEATS, add_history, add_people, add_talk, tape
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.records import Records
from voicebot.session import events as facts
from voicebot.settings import load_settings

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
    live = LiveCalls()
    settings = load_settings(
        environ={}, overrides={"console.listen": "127.0.0.1:0", "handoff.seats": SEATS}
    )
    house = House(records, live, settings, solved_texts=("太好了，解决了就好。",))
    listener = open_listener(settings.console)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with running(listener, house), chromium() as browser:
        await _live_call(live)
        stranger = await (
            await browser.new_context(viewport={"width": 1366, "height": 768})
        ).new_page()
        await stranger.goto(f"{address}/login")
        await take(stranger, "login")
        page = await person(browser, address, "周敏", PASSWORD)
        for path, name in (("/live", "live"), ("/review", "review"), ("/report?days=30", "report")):
            await page.goto(address + path)
            await page.wait_for_timeout(300)
            await take(page, name)
        await page.goto(f"{address}/calls/{call.call_id}")
        await page.locator("button.at").nth(4).click()
        await page.wait_for_timeout(500)
        await take(page, "call")
        page = await person(browser, address, "admin", PASSWORD)
        await page.goto(f"{address}/users")
        await take(page, "users")


async def _live_call(live: LiveCalls) -> None:
    call_id = "7d0a2f0e-0000-4000-8000-000000000001"
    live(call_id, facts.CallAnswered(0, "13900000456", "400", "pcma", "server"))
    live(call_id, facts.BotSpoke(300, "您好，云岚科技服务热线。", "greeting", 1.0, None))
    live(call_id, facts.CallerSpoke(5200, "服务器开不了机了。", 0.62, 2600, 4900))


if __name__ == "__main__":
    asyncio.run(main())

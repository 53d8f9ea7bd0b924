"""Debian's Chromium, without a screen."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

WIDTH, HEIGHT = 1366, 768


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser; nothing is downloaded: it is the program that `make peers` installs."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "chromium is missing: make peers"
    # Root has no sandbox; sound goes nowhere, but it plays.
    flags = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def person(browser: Browser, address: str, name: str, password: str) -> Page:
    """A page of somebody who has signed in, in a context of their own."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN", ignore_https_errors=True
    )
    page = await context.new_page()
    await page.goto(f"{address}/login")
    await page.get_by_label("用户名").fill(name)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/login" not in url)
    return page

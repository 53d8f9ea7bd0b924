"""Forms that other sites, or other sessions, would send in somebody's name."""

from __future__ import annotations

import pytest

from tests.console.conftest import Browser, browse
from voicebot.console import House
from voicebot.records import Records


@pytest.mark.parametrize("csrf", ["", "0" * 64, "é"])
async def test_csrf_a_form_of_nobody_else_counts(browser: Browser, csrf: str) -> None:
    for path in ("/logout", "/password", "/review", "/login", "/alive"):
        answer = await browser.post(path, data={"csrf": csrf})
        assert answer.status_code == 403, path
        assert "页面已过期" in answer.text
    assert (await browser.get("/live")).status_code == 200, "still signed in"


async def test_csrf_the_proof_of_one_session_is_none_in_another(
    house: House, people: Records
) -> None:
    async with browse(house) as one, browse(house) as other:
        await one.sign_in("supervisor")
        await other.sign_in("tester")
        assert (await one.post("/logout", data={"csrf": other.csrf})).status_code == 403


async def test_csrf_other_sites_may_not_post(browser: Browser) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = await browser.post("/logout", data={"csrf": browser.csrf}, headers=headers)
        assert answer.status_code == 403, headers
    own = {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
    done = await browser.post("/logout", data={"csrf": browser.csrf}, headers=own)
    assert done.status_code == 303

"""What a supervisor does to a running call reaches it, is noted, and is told how it ended."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.console.conftest import EVIL, Browser, browse
from tests.console.fakes import FakeCall, FakeControls
from voicebot.console import House, following, labels
from voicebot.records import Records
from voicebot.session import events as facts

CALL_ID = str(uuid.uuid4())
PHONE = "sip:2001@127.0.0.1"


@pytest.fixture
def call() -> FakeCall:
    return FakeCall()


@pytest.fixture
def steered(house: House, call: FakeCall, people: Records) -> House:
    house.live(CALL_ID, facts.CallAnswered(0, "13800138000", "400", "pcma", "server"))
    controls = FakeControls({CALL_ID: call})
    return dataclasses.replace(house, controls=controls, phones=((PHONE, "二线01"),))


@pytest.fixture
async def boss(steered: House) -> AsyncIterator[Browser]:
    async with browse(steered) as browser:
        await browser.sign_in("supervisor")
        yield browser


async def act(browser: Browser, **fields: str) -> str:
    answer = await browser.post(
        f"/calls/{CALL_ID}/act",
        data=fields,
        headers={"X-CSRF": browser.csrf, "X-Part": "1"},
    )
    return answer.text


async def test_each_action_reaches_the_call_with_who_did_it(
    boss: Browser, call: FakeCall, people: Records
) -> None:
    assert await act(boss, action="say", text="请稍等") == "机器人正在说。"
    assert await act(boss, action="whisper", text="先问序列号") == "坐席正在听。"
    assert await act(boss, action="hand_over", seat="二线02") == "开始转人工。"
    assert await act(boss, action="join", uri=PHONE) == "已加入通话。"
    assert await act(boss, action="take_over", uri=PHONE) == "已接管。"
    assert call.told == [
        ("say", "请稍等", "supervisor"),
        ("whisper", "先问序列号", "supervisor"),
        ("hand_over", "二线02", "supervisor"),
        ("join", PHONE, "supervisor"),
        ("take_over", PHONE, "supervisor"),
    ]
    noted = [(row["what"], row["call_id"]) for row in people.custody.audit(5)]
    assert ("call_take_over", CALL_ID) in noted and ("call_say", CALL_ID) in noted


async def test_why_an_action_came_to_nothing_is_told_in_words(
    boss: Browser, call: FakeCall
) -> None:
    for call.why, words in labels.WHY_NOT.items():
        assert await act(boss, action="say", text="喂") == f"没有成功：{words}。"


async def test_only_known_phones_are_rung(boss: Browser, call: FakeCall) -> None:
    for uri in ("sip:0190666@evil.example", "", "sip:2001@127.0.0.1;x", EVIL):
        for action in ("join", "take_over"):
            assert "不能呼叫这部电话" in await act(boss, action=action, uri=uri)
    assert "没有这个操作" in await act(boss, action="explode")
    assert call.told == []


async def test_a_call_that_is_over_is_not_acted_upon(boss: Browser) -> None:
    for path in ("act", "listen"):
        gone = f"/calls/{uuid.uuid4()}/{path}"
        answer = await (
            boss.send_form(gone, action="say", text="x") if path == "act" else boss.get(gone)
        )
        assert answer.status_code == 404
        assert "已经结束" in answer.text


async def test_the_page_of_a_running_call_offers_the_actions(boss: Browser) -> None:
    page = (await boss.get(f"/calls/{CALL_ID}")).text
    for words in ("监听", "让机器人说", "对坐席密语", "转人工", "介入三方", "接管", "二线02"):
        assert words in page


async def test_listening_in_gives_the_sound_whole_and_leaves_when_one_leaves(
    boss: Browser, call: FakeCall, people: Records
) -> None:
    answer = await boss.get(f"/calls/{CALL_ID}/listen")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len(answer.content) == 600 * 640
    assert answer.content[640:641] == b"\x01"
    assert call.listeners == 0
    assert people.custody.audit(1)[0]["what"] == "call_listen"


@pytest.mark.parametrize("fate", ["signed out", "shut out", "another role"])
async def test_listening_in_ends_when_one_may_no_longer(
    boss: Browser, call: FakeCall, people: Records, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    async def frames() -> AsyncIterator[bytes]:
        for nth in range(600):
            if nth == 50 and fate == "signed out":
                people.people.sign_out(boss.cookies["voicebot"])
            elif nth == 50 and fate == "shut out":
                people.people.set_disabled("supervisor", True)
            elif nth == 50:
                people.people.set_role("supervisor", "seat", "")
            yield bytes(640)

    monkeypatch.setattr(following, "RECHECK_S", 0.0)
    monkeypatch.setattr(call, "listen", frames)
    answer = await boss.get(f"/calls/{CALL_ID}/listen")
    assert answer.status_code == 200
    assert 45 * 640 <= len(answer.content) <= 55 * 640

"""What is told at the very end, what nobody foresaw, and where a message must never go."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
import structlog

from tests.webhooks.telling import INFO, Make, delivering, endpoint, until
from voicebot.records import Records
from voicebot.records.outbox import WAITING, Outbox
from voicebot.webhooks import deliver
from voicebot.webhooks.teller import CallTeller


async def test_what_is_written_while_the_last_look_goes_on_is_sent_too(
    store: Records, receivers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, release = threading.Event(), threading.Event()
    claim = Outbox.claim

    def slow(self: Outbox, *args: Any, **more: Any) -> Any:
        found = claim(self, *args, **more)
        looked.set()
        release.wait(30)
        return found

    monkeypatch.setattr(Outbox, "claim", slow)
    crm = receivers()
    told = [endpoint(crm.url)]
    async with delivering(store, told) as deliverer:
        assert await asyncio.to_thread(looked.wait, 30)
        CallTeller(told, deliverer, store.start_call(INFO)).call_ended("bot_ended", "local", 5)
        assert await store.settled()
        asyncio.get_running_loop().call_later(0.1, release.set)  # when it closes already
    assert [each["type"] for each in crm.got] == ["call.ended"]


async def test_an_error_that_nobody_foresaw_ends_no_delivery(
    store: Records, receivers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "IDLE_S", 0.02)
    crm = receivers()
    told = [endpoint(crm.url), endpoint("https://a b:1/", "odd")]
    failures = iter([ValueError("unforeseen")])
    claim = Outbox.claim

    def claimed(self: Outbox, *args: Any, **more: Any) -> Any:
        for error in failures:
            raise error
        return claim(self, *args, **more)

    monkeypatch.setattr(Outbox, "claim", claimed)
    with structlog.testing.capture_logs() as logs:
        async with delivering(store, told) as deliverer:
            CallTeller(told, deliverer, store.start_call(INFO)).call_ended("x", "local", 1)
            await until(lambda: crm.got and [m for m in store.outbox.messages() if m.error])
    assert "webhooks_failed" in [each["event"] for each in logs]
    odd = next(m for m in store.outbox.messages() if m.endpoint == "odd")
    assert odd.state == WAITING and odd.attempts == 1


async def test_plain_http_never_leaves_this_machine_by_a_proxy(
    store: Records, receivers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, proxy = receivers(), receivers()
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    told = [endpoint(crm.url)]
    async with delivering(store, told) as deliverer:
        CallTeller(told, deliverer, store.start_call(INFO)).call_ended("x", "local", 1)
        await until(lambda: crm.ids or proxy.ids)
    assert len(crm.ids) == 1 and proxy.ids == []

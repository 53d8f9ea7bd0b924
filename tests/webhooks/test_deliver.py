"""What is in the outbox arrives: signed, once it can, and whatever the receiver does."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.webhooks.receiver import SECRET
from tests.webhooks.telling import INFO, Make, delivering, endpoint, until
from voicebot.records import Records
from voicebot.records.outbox import DELIVERED, GIVEN_UP, WAITING
from voicebot.webhooks import backoff, deliver
from voicebot.webhooks.teller import CallTeller


async def test_a_call_is_told_from_its_beginning_to_its_end(
    store: Records, receivers: Make
) -> None:
    crm = receivers()
    told = [endpoint(crm.url)]
    recorder = store.start_call(INFO)
    async with delivering(store, told) as deliverer:
        teller = CallTeller(told, deliverer, recorder)
        teller.call_started(INFO, "server")
        summary = {"id": "S1", "lines": ["客户 我叫张伟 手机13912345678"]}
        assert await teller.handoff_started("requested", summary)
        told_before = {each["type"] for each in crm.got}
        assert "handoff.started" in told_before, "the seat would have rung before"
        teller.handoff_finished("accepted", "二线01")
        teller.call_ended("handed_off", "remote", 61_000)
        await until(lambda: len(crm.got) == 4)
    assert crm.forged == 0
    kinds = ["call.started", "handoff.started", "handoff.finished", "call.ended"]
    assert sorted(each["type"] for each in crm.got) == sorted(kinds)
    assert {each["data"]["call_id"] for each in crm.got} == {recorder.call_id}
    assert not any("13912345678" in str(each) or "13800138000" in str(each) for each in crm.got)
    story = next(each for each in crm.got if each["type"] == "handoff.started")["data"]
    assert story["summary"]["lines"] == ["客户 我叫张* 手机139******78"]
    assert store.outbox.counts() == {("crm", DELIVERED): 4}


async def test_only_what_was_asked_for_is_told(store: Records, receivers: Make) -> None:
    crm = receivers()
    told = [endpoint(crm.url, kinds=["call.ended"])]
    async with delivering(store, told) as deliverer:
        teller = CallTeller(told, deliverer, store.start_call(INFO))
        teller.call_started(INFO, "server")
        teller.call_ended("bot_ended", "local", 5)
        await until(lambda: crm.got)
    assert [each["type"] for each in crm.got] == ["call.ended"]


async def test_a_receiver_that_fails_gets_it_again_under_the_same_id(
    store: Records, receivers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "_WAITS_S", (0.05,))
    monkeypatch.setattr(deliver, "IDLE_S", 0.02)
    crm = receivers(lambda nth, handler: 500 if nth < 2 else 200)
    told = [endpoint(crm.url)]
    with structlog.testing.capture_logs() as logs:
        async with delivering(store, told) as deliverer:
            teller = CallTeller(told, deliverer, store.start_call(INFO))
            teller.call_ended("bot_ended", "local", 5)
            await until(lambda: store.outbox.counts() == {("crm", DELIVERED): 1})
    assert len(crm.ids) == 3 and len(set(crm.ids)) == 1
    assert [each["event"] for each in logs] == ["webhook_not_delivered", "webhook_answers_again"]
    assert logs[0]["error"] == "status 500"


def hang(_nth: int, handler: BaseHTTPRequestHandler) -> int:
    while handler.connection.recv(1):  # until the other side has had enough
        time.sleep(0.01)
    return 0


def endless(_nth: int, handler: BaseHTTPRequestHandler) -> int:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65536)
    return 0


def half_a_line(_nth: int, handler: BaseHTTPRequestHandler) -> int:
    handler.wfile.write(b"HTT")
    handler.close_connection = True
    return 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda nth, handler: 404, "status 404"),
        (lambda nth, handler: 302, "redirects are not followed"),
        (hang, "no answer within 0.3 s"),
        (half_a_line, "Error"),
    ],
)
async def test_whatever_else_it_does_is_told_in_a_line_and_tried_later(
    store: Records, receivers: Make, answer: Any, says: str
) -> None:
    told = [endpoint(receivers(answer).url, timeout_s=0.3)]
    with structlog.testing.capture_logs():
        async with delivering(store, told) as deliverer:
            teller = CallTeller(told, deliverer, store.start_call(INFO))
            teller.call_ended("bot_ended", "local", 5)
            await until(lambda: [m for m in store.outbox.messages() if m.attempts])
    (message,) = store.outbox.messages()
    assert says in message.error
    assert message.state == WAITING
    wait_s = (message.next_at - message.created_at).total_seconds()
    assert 5 <= wait_s <= 60


async def test_an_endless_answer_is_not_read(store: Records, receivers: Make) -> None:
    crm = receivers(endless)
    told = [endpoint(crm.url)]
    async with delivering(store, told) as deliverer:
        teller = CallTeller(told, deliverer, store.start_call(INFO))
        teller.call_ended("bot_ended", "local", 5)
        await until(lambda: store.outbox.counts() == {("crm", DELIVERED): 1})


async def test_a_receiver_that_hangs_holds_up_no_other_and_no_seat(
    store: Records, receivers: Make
) -> None:
    release = threading.Event()

    def stuck(_nth: int, _handler: BaseHTTPRequestHandler) -> int:
        release.wait(30)
        return 204

    dead, crm = receivers(stuck), receivers()
    told = [endpoint(dead.url, "dead"), endpoint(crm.url, "crm")]
    async with delivering(store, told) as deliverer:
        teller = CallTeller(told, deliverer, store.start_call(INFO))
        started = time.monotonic()
        assert not await teller.handoff_started("requested", {"id": "S1"})
        assert time.monotonic() - started < 5.0, "the seat waited for a dead system"
        await until(lambda: crm.got)
        release.set()


async def test_what_never_arrives_is_given_up_and_can_be_retried(
    store: Records, receivers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "IDLE_S", 0.02)
    alive = threading.Event()
    crm = receivers(lambda nth, handler: 204 if alive.is_set() else 503)
    told = [endpoint(crm.url, give_up_after_h=1 / 3600)]
    with structlog.testing.capture_logs() as logs:
        async with delivering(store, told) as deliverer:
            teller = CallTeller(told, deliverer, store.start_call(INFO))
            teller.call_ended("bot_ended", "local", 5)
            await until(lambda: store.outbox.counts() == {("crm", GIVEN_UP): 1})
            alive.set()
            assert store.outbox.retry(datetime.now(UTC)) == 1
            await until(lambda: store.outbox.counts() == {("crm", DELIVERED): 1})
    assert logs[0]["event"] == "webhook_given_up"
    assert "voicebot webhooks retry" in logs[0]["do"]


async def test_a_secret_that_differs_is_noticed_by_the_receiver(
    store: Records, receivers: Make
) -> None:
    crm = receivers()
    crm.secret = "whsec_" + "QUFB" * 10
    told = [endpoint(crm.url)]
    with structlog.testing.capture_logs() as logs:
        async with delivering(store, told) as deliverer:
            CallTeller(told, deliverer, store.start_call(INFO)).call_ended("x", "local", 1)
            await until(lambda: crm.forged)
            await until(lambda: [m for m in store.outbox.messages() if m.attempts])
    assert crm.got == []
    assert SECRET not in str(logs)


async def test_what_was_written_last_is_sent_before_the_bot_is_gone(
    store: Records, receivers: Make
) -> None:
    crm = receivers()
    told = [endpoint(crm.url)]
    async with delivering(store, told) as deliverer:
        CallTeller(told, deliverer, store.start_call(INFO)).call_ended("bot_ended", "local", 5)
        assert await store.settled()
    assert [each["type"] for each in crm.got] == ["call.ended"]
    assert store.outbox.counts() == {("crm", DELIVERED): 1}


SENDER = """
import asyncio, sys
from datetime import UTC, datetime
from telephony.api import CallInfo
from voicebot.records import Records
from voicebot.settings import WebhookSettings
from voicebot.webhooks.deliver import Deliverer
from voicebot.webhooks.teller import CallTeller

async def main():
    store = Records.open(sys.argv[1])
    crm = {"name": "crm", "url": sys.argv[2], "secret": sys.argv[3]}
    told = [WebhookSettings.model_validate(crm)]
    deliverer = Deliverer(store.outbox, told)
    async with deliverer.running():
        recorder = store.start_call(CallInfo("x", "13800138000", "400"))
        CallTeller(told, deliverer, recorder).call_ended("bot_ended", "local", 5)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_bot_killed_while_it_sends_loses_no_message(
    store: Records, receivers: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "IDLE_S", 0.02)
    release = threading.Event()

    def first_hangs(nth: int, _handler: BaseHTTPRequestHandler) -> int:
        if nth == 0:
            crm_has_it.set()
            release.wait(30)
            return 0
        return 204

    crm_has_it = threading.Event()
    crm = receivers(first_hangs)
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDER, str(tmp_path), crm.url, SECRET
    )
    assert await asyncio.to_thread(crm_has_it.wait, 60)
    sender.kill()
    await sender.wait()
    release.set()
    (message,) = store.outbox.messages()
    assert message.state == WAITING
    store.outbox.retry(datetime.now(UTC))  # its claim would run out by itself in half a minute
    async with delivering(store, [endpoint(crm.url)]):
        await until(lambda: crm.got)
    assert crm.got[0]["type"] == "call.ended"
    assert crm.ids[-1] == message.id

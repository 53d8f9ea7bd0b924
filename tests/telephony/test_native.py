"""Work on the stack's own thread, where its timers and sockets live."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from baresip import CommandTimeout
from raw_phone import raw_phone

from telephony import HangupBy
from telephony.baresip.line import BaresipEndpoint
from telephony.baresip.logs import LOGGERS, clean_logs
from telephony.errors import LineError


async def test_work_is_done_on_the_stacks_thread_and_its_result_comes_back(
    endpoint: BaresipEndpoint,
) -> None:
    stack = endpoint._stack
    assert stack is not None
    names = [stack._run(lambda: threading.current_thread().name) for _ in range(3)]
    assert names == ["baresip-re"] * 3
    nested = stack._run(lambda: stack._run(lambda: threading.current_thread().name))
    assert nested == "baresip-re"
    with pytest.raises(ZeroDivisionError):
        stack._run(lambda: 1 // 0)


async def test_work_for_a_stack_that_has_stopped_is_refused(endpoint: BaresipEndpoint) -> None:
    stack = endpoint._stack
    assert stack is not None
    await endpoint.stop()
    with pytest.raises(LineError, match="does not run"):
        stack.codec("nobody")


async def test_a_refusal_is_sent_again_until_it_is_acknowledged(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    """Its timer runs only if it was started on the stack's thread."""
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await anext(endpoint.incoming())
        await call.reject(480)
        for _ in range(3):
            assert (await phone.until(480)).line == "SIP/2.0 480 Temporarily Unavailable"
        phone.request("ACK")
        async with asyncio.timeout(20):
            ended = await call.wait_ended()
        assert ended.by == "local"


async def test_a_stack_that_is_busy_costs_the_event_loop_a_glance_only(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    """Everybody's audio waits for the loop: a hundred hang-ups may keep the stack for seconds."""
    stack = endpoint._stack
    assert stack is not None
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        busy, free = threading.Event(), threading.Event()

        def work() -> None:
            busy.set()
            free.wait(10)

        done = stack._post(work)
        assert await asyncio.to_thread(busy.wait, 5)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        hanging_up = asyncio.create_task(call.hangup())
        await asyncio.sleep(0)
        waited_s = loop.time() - began_s
        free.set()
        await hanging_up
        done.result(5)
        assert waited_s < 1.0
        assert await asyncio.wait_for(call.wait_ended(), 20) is not None


async def test_an_answer_that_failed_leaves_no_call_behind(
    endpoint: BaresipEndpoint, sip_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answer = call._native.answer

        async def too_late() -> None:
            await answer()
            raise CommandTimeout("no completion in 5 s")

        monkeypatch.setattr(call._native, "answer", too_late)
        with pytest.raises(LineError, match="cannot be answered: no completion"):
            await call.answer()
        assert (await asyncio.wait_for(call.wait_ended(), 20)).by is HangupBy.LOCAL


async def test_what_the_network_says_cannot_steer_a_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clean_logs()
    for name in LOGGERS:
        logging.getLogger(name).warning("403 %s", "No\x1b[2J\x1b]0;pwned\x07\u202eevil")
    assert [record.getMessage() for record in caplog.records] == ["403 No[2J]0;pwnedevil"] * len(
        LOGGERS
    )

"""Work on the stack's own thread, where its timers and sockets live."""

from __future__ import annotations

import asyncio
import threading

import pytest
from raw_phone import raw_phone

from telephony.baresip.line import BaresipEndpoint
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
        async with asyncio.timeout(5):
            ended = await call.wait_ended()
        assert ended.by == "local"

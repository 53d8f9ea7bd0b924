"""A line whose event loop is kept from running refuses the next call, and takes it later."""

from __future__ import annotations

import asyncio
import time

from raw_phone import raw_phone

from telephony.admission import Admission, Limits, Refusal
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port


async def test_a_loop_that_is_kept_busy_refuses_calls_until_it_is_free_again() -> None:
    port, admission = free_port(), Admission(Limits(max_lag_ms=150))
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="22000-22498"), admission
    )
    await endpoint.start()
    try:
        async with raw_phone(port, number=1) as first, raw_phone(port, number=2) as second:
            first.invite()
            await first.until(180)
            async with asyncio.timeout(20):
                while admission.refusal() is not Refusal.LAG:
                    time.sleep(0.5)  # noqa: ASYNC251 - what no task of a line should do
                    await asyncio.sleep(0)
            second.invite()
            answer = await second.until(503)
            assert 5 <= int(answer.headers["retry-after"]) <= 10
            second.request("ACK")
            second.request("OPTIONS", cseq=2)
            await second.until(503)
            async with asyncio.timeout(30):
                while admission.refusal() is not None:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            second._cseq += 2
            second.invite()
            await second.until(180)
            assert admission.snapshot().refused == {Refusal.LAG: 1}
    finally:
        await endpoint.stop()

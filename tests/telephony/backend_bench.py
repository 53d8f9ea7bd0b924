"""Both SIP backends side by side: endpoints to start, phones to ring them, and the scenarios."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from line_support import calm
from raw_phone import Message, RawPhone, raw_phone

from telephony import Call, Endpoint
from telephony.backends import Function
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.pyvoip.line import PyVoipEndpoint
from tests.ports import free_port

BACKENDS: dict[str, Callable[[LineConfig], Endpoint]] = {
    "baresip": lambda config: BaresipEndpoint(config, calm()),
    "pyvoip": lambda config: PyVoipEndpoint(config, calm()),
}
RTP_PORTS = {"baresip": "24100-24198", "pyvoip": "24200-24298"}


class Bench:
    """One backend under one scenario; what it starts ends with it."""

    def __init__(self, backend: str, cleanup: contextlib.AsyncExitStack, folder: Path) -> None:
        self.backend = backend
        self.cleanup = cleanup
        self.folder = folder
        self.port = free_port()
        self.config = LineConfig(
            listen=f"127.0.0.1:{self.port}", rtp_ports=RTP_PORTS[backend], jitter_buffer_ms=20
        )

    async def start(self, **settings: Any) -> Endpoint:
        """The backend's endpoint, with `settings` of LineConfig changed."""
        endpoint = BACKENDS[self.backend](replace(self.config, **settings))
        await endpoint.start()
        self.cleanup.push_async_callback(endpoint.stop)
        return endpoint

    async def phone(self, number: int = 1) -> RawPhone:
        """A phone of bare messages that rings this endpoint."""
        return await self.cleanup.enter_async_context(raw_phone(self.port, number=number))

    async def connected(
        self, endpoint: Endpoint, phone: RawPhone, body: str = "", **headers: str
    ) -> tuple[Call, Message]:
        """`phone` rings with `body` and is answered: our call, and the 200."""
        if body:
            phone.request("INVITE", body, **headers)
        else:
            phone.invite(**headers)
        call = await ringing(endpoint)
        answering = asyncio.create_task(call.answer())
        answer = await phone.connect()
        await answering
        return call, answer


async def ringing(endpoint: Endpoint) -> Call:
    return await asyncio.wait_for(anext(aiter(endpoint.incoming())), 5)


Scenario = Callable[[Bench], Awaitable[None]]
SCENARIOS: dict[Function, Scenario] = {}


def shows(function: Function) -> Callable[[Scenario], Scenario]:
    """The scenario passes if and only if the backend can do `function`."""

    def keep(scenario: Scenario) -> Scenario:
        assert function not in SCENARIOS, function
        SCENARIOS[function] = scenario
        return scenario

    return keep

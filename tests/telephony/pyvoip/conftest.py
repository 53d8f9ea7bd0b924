from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from line_support import calm
from raw_phone import RawPhone, raw_phone

from telephony.config import LineConfig
from telephony.pyvoip.line import PyVoipEndpoint


@pytest.fixture
async def endpoint(sip_port: int) -> AsyncIterator[PyVoipEndpoint]:
    """A started endpoint on a free port; two calls at most."""
    config = LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="24400-24448")
    endpoint = PyVoipEndpoint(config, calm(max_calls=2, requests_per_s=1e6))
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def phone(endpoint: PyVoipEndpoint, sip_port: int) -> AsyncIterator[RawPhone]:
    """A phone that may ring it."""
    async with raw_phone(sip_port) as phone:
        yield phone

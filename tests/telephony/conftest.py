from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port


@pytest.fixture
def sip_port() -> int:
    return free_port()


@pytest.fixture
async def endpoint(sip_port: int) -> AsyncIterator[BaresipEndpoint]:
    """A started endpoint on a free port; two calls at most."""
    endpoint = BaresipEndpoint(
        LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="20000-20998", jitter_buffer_ms=20),
        Admission(Limits(max_calls=2, max_lag_ms=math.inf)),
    )
    await endpoint.start()
    yield endpoint
    await endpoint.stop()

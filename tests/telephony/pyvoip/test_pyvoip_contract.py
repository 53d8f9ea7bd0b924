"""The pyVoIP backend, against a second process over SIP and RTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from contract import LineContract
from line_support import calm
from sip_line import SipLineUnderTest

from telephony.config import LineConfig
from telephony.pyvoip.line import PyVoipEndpoint


@pytest.fixture
async def line(sip_port: int, tmp_path: Path) -> AsyncIterator[SipLineUnderTest]:
    config = LineConfig(listen=f"127.0.0.1:{sip_port}", rtp_ports="24000-24098")
    endpoint = PyVoipEndpoint(config, calm())
    await endpoint.start()
    line = SipLineUnderTest(endpoint, sip_port, tmp_path)
    yield line
    await line.close()
    await endpoint.stop()


class TestPyVoipLine(LineContract):
    """The same promises as a recorded call and as the other backend."""

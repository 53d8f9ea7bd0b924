"""UDP and TCP, in and out, and the headers that travel with a call."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from calls_support import our_line, say
from debian_baresip import debian_baresip
from line_support import clarity_db, voice, write_wav

from telephony.config import Trunk

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_trunks_transport_carries_our_call_and_its_headers(
    tmp_path: Path, transport: Literal["udp", "tcp"]
) -> None:
    ours = voice(1, seed=1)
    wav = write_wav(tmp_path / "say.wav", voice(20, seed=2))
    trunks = (Trunk("other"), Trunk("chosen", transport=transport))
    headers = {"X-Summary-Id": "42", "User-to-User": "3432;encoding=hex"}
    async with our_line(trunks=trunks) as line, debian_baresip(tmp_path / "b", say=wav) as phone:
        result = await line.endpoint.dial(phone.uri, trunk="chosen", headers=headers)
        assert result.call is not None, result
        await say(result.call, ours)
        await result.call.hangup()
        await phone.event("CALL_CLOSED")
        assert clarity_db(ours, phone.heard()) >= 35
        invite = phone.log().partition("INVITE sip:peer@")[2].partition("v=0")[0]
    assert f"Via: SIP/2.0/{transport.upper()} 127.0.0.1" in invite
    assert "From: <sip:voicebot@127.0.0.1" in invite
    assert "X-Summary-Id: 42" in invite
    assert "User-to-User: 3432;encoding=hex" in invite
    assert "m=video" not in phone.log()


async def test_debian_baresip_calls_over_tcp(tmp_path: Path) -> None:
    ours = voice(1, seed=3)
    wav = write_wav(tmp_path / "say.wav", voice(20, seed=4))
    async with (
        our_line() as line,
        debian_baresip(tmp_path / "b", say=wav, transport="tcp") as phone,
    ):
        await phone.command("dial", f"{line.uri};transport=tcp")
        call = await line.answered()
        await say(call, ours)
        await phone.command("hangup")
        await call.wait_ended()
        assert clarity_db(ours, phone.heard()) >= 35
        assert "SIP/2.0/TCP" in phone.log()

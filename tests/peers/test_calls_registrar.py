"""REGISTER with digest at kamailio, and calls both ways through it with Record-Route."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import pytest
from calls_support import heard_by_us, hears_sound, our_line, say, until
from debian_baresip import debian_baresip
from kamailio_proxy import PASSWORD, USER, Proxy, kamailio
from line_support import clarity_db, voice, write_wav

from telephony import HangupBy, TransferOutcome
from telephony.config import Registration, Trunk
from tests.ports import free_port

pytestmark = pytest.mark.peer


def office(proxy: Proxy, password: str = PASSWORD, interval_s: int = 60) -> dict[str, object]:
    """Our line with a trunk that is a login at kamailio."""
    login = Registration(proxy.address, USER, password, interval_s=interval_s)
    return {"trunks": (Trunk("local"), Trunk("office", registration=login))}


async def test_we_register_with_digest_and_sign_off_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with kamailio(tmp_path / "k") as proxy:
        async with our_line(**office(proxy)) as line:
            state = line.endpoint.registrations
            await until(lambda: "office" in state and state["office"].registered, "registered")
            assert (state["office"].registrar, state["office"].reason) == (proxy.address, "")
            await proxy.told("SAVED", "1001")
            contact = f"@127.0.0.1:{line.port}"
        saved = await proxy.told("SAVED", "1001", count=2)
    assert contact in saved[0]
    assert "expires=0" in saved[1] or "expires 0" in saved[1]
    assert "trunk office is registered at" in caplog.text
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr(line.config)


async def test_a_wrong_password_is_told_and_the_line_works_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        kamailio(tmp_path / "k") as proxy,
        our_line(**office(proxy, password="wrong-open")) as line,
    ):
        state = line.endpoint.registrations
        await until(lambda: "office" in state and state["office"].reason, "told of the failure")
        assert not state["office"].registered
        assert "401" in state["office"].reason
        # Nobody is there, but the dial goes out.
        result = await line.endpoint.dial("sip:1@127.0.0.1:9", trunk="local", timeout_s=1)
        assert result.outcome is TransferOutcome.UNREACHABLE
    assert "trunk office is not registered at" in caplog.text
    assert "wrong-open" not in caplog.text + str(state)


async def test_a_registrar_that_is_not_there_is_told_and_does_not_hold_up_start_or_stop(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.baresip.agents.PATIENCE_S", 0.5)
    login = Registration(f"127.0.0.1:{free_port()}", USER, PASSWORD)
    began_s = time.monotonic()
    async with our_line(trunks=(Trunk("office", registration=login),)) as line:
        assert time.monotonic() - began_s < 5
        state = line.endpoint.registrations
        await until(lambda: "office" in state and state["office"].reason, "told of the failure")
        assert not state["office"].registered
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    assert f"trunk office is not registered at {login.registrar}" in caplog.text


async def test_registrations_are_renewed_with_fresh_nonces(tmp_path: Path) -> None:
    async with (
        kamailio(tmp_path / "k", nonce_s=1) as proxy,
        our_line(**office(proxy, interval_s=3)) as line,
    ):
        await proxy.told("SAVED", "1001", count=3, timeout_s=15)
        assert line.endpoint.registrations["office"].registered
        log = proxy.log.read_text()
    # kamailio finds an old nonce stale and hands out a new one; the stack takes it.
    assert log.count("CHALLENGED REGISTER") >= 2


@pytest.mark.parametrize("who", ["us", "them"])
async def test_a_call_in_through_the_proxy_ends_through_it(tmp_path: Path, who: str) -> None:
    ours = voice(1.2, seed=1)
    wav = write_wav(tmp_path / "say.wav", voice(20, seed=2))
    async with (
        kamailio(tmp_path / "k") as proxy,
        our_line(**office(proxy)) as line,
        debian_baresip(tmp_path / "b", say=wav) as phone,
    ):
        await proxy.told("SAVED", "1001")
        await phone.command("dial", f"sip:{USER}@{proxy.address}")
        call = await line.answered()
        assert call.info.headers["x-summary-id"] == "from-the-pbx"
        assert call.info.headers["user-to-user"] == "3131;encoding=hex"
        ear = heard_by_us(call)
        await say(call, ours)
        await hears_sound(ear, 1000)
        await (call.hangup() if who == "us" else phone.command("hangup"))
        ended = await call.wait_ended()
        await phone.event("CALL_CLOSED")
        (bye,) = await proxy.told("SEEN BYE")
        heard = clarity_db(ours, phone.heard())
    assert ended.by is (HangupBy.LOCAL if who == "us" else HangupBy.REMOTE)
    assert re.search(rf"route <sip:127\.0\.0\.1:{proxy.port};lr", bye), bye
    assert heard >= 35


@pytest.mark.parametrize("who", ["us", "them"])
async def test_a_call_out_answers_the_proxys_challenge(tmp_path: Path, who: str) -> None:
    ours = voice(1.2, seed=3)
    wav = write_wav(tmp_path / "say.wav", voice(20, seed=4))
    async with (
        debian_baresip(tmp_path / "b", say=wav) as phone,
        kamailio(tmp_path / "k", peer=phone.port) as proxy,
        our_line(**office(proxy)) as line,
    ):
        await proxy.told("SAVED", "1001")
        result = await line.endpoint.dial(
            "sip:2001@127.0.0.1",  # the name of the domain; the way there is the proxy
            trunk="office",
            headers={"X-Summary-Id": "42", "User-to-User": "3432;encoding=hex"},
        )
        assert result.call is not None, result
        await say(result.call, ours)
        await (result.call.hangup() if who == "us" else phone.command("hangup"))
        await result.call.wait_ended()
        await phone.event("CALL_CLOSED")
        assert len(proxy.lines("CHALLENGED INVITE")) == 1
        invites = proxy.lines("SEEN INVITE from 1001 to 2001")
        (bye,) = await proxy.told("SEEN BYE")
        heard = clarity_db(ours, phone.heard())
    assert len(invites) == 2
    assert "x 42 uui 3432;encoding=hex" in invites[1]
    assert re.search(rf"route <sip:127\.0\.0\.1:{proxy.port};lr", bye), bye
    assert heard >= 35

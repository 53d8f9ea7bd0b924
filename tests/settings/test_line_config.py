"""From settings to the line: what the operator wrote is what the stack is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from telephony.config import LOOPBACK, Tls, Trunk
from voicebot.errors import SettingsError
from voicebot.line import line_config
from voicebot.settings import SipSettings

SECRET = "correct horse"


def sip(**keys: Any) -> SipSettings:
    return SipSettings.model_validate(keys)


def trunk(**keys: Any) -> dict[str, Any]:
    return {"name": "carrier", "allow": ["10.0.0.5", "10.1.0.0/16"], **keys}


def test_without_trunks_only_this_machine_may_ring() -> None:
    assert line_config(sip()).trunks == (Trunk("local", LOOPBACK),)


def test_what_was_written_is_what_the_line_is_told(tmp_path: Path) -> None:
    certificate = tmp_path / "bot.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    config = line_config(
        sip(
            listen="10.0.0.8:5060",
            tls={"listen": "10.0.0.8:5061", "certificate": certificate},
            rtp_ports="47000-47098",
            codecs=["g722", "pcma"],
            trunks=[trunk(transport="tls")],
            strangers="forbid",
            jitter_buffer_ms=20,
        )
    )
    assert (config.listen, config.rtp_ports) == ("10.0.0.8:5060", "47000-47098")
    assert config.tls == Tls("10.0.0.8:5061", certificate)
    assert config.codecs == ("g722", "pcma")
    assert config.trunks == (Trunk("carrier", ("10.0.0.5", "10.1.0.0/16"), "tls"),)
    assert (config.strangers, config.jitter_buffer_ms) == ("forbid", 20)


@pytest.mark.parametrize("listen", ["10.0.0.8:5060", "0.0.0.0:5060", "bot.example:5060"])
def test_an_address_at_which_nobody_could_ring_is_refused(listen: str) -> None:
    with pytest.raises(SettingsError, match=r"nobody could ring .*\[\[sip.trunks\]\]"):
        line_config(sip(listen=listen))
    assert line_config(sip(listen=listen, trunks=[trunk()])).listen == listen


def test_the_password_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n", encoding="utf-8")
    register = {"registrar": "10.0.0.5", "user": "4008", "password_file": file}
    config = line_config(sip(trunks=[trunk(register=register)]))
    (only,) = config.trunks
    assert only.registration is not None
    assert (only.registration.user, only.registration.password) == ("4008", SECRET)
    assert SECRET not in repr(config)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a\x00b\n", b"\xff\xfe"])
def test_a_password_file_without_a_password(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    register = {"registrar": "10.0.0.5", "user": "4008", "password_file": file}
    with pytest.raises(SettingsError, match=r"sip\.trunks\.0\.register\.password_file"):
        line_config(sip(trunks=[trunk(register=register)]))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"listen": "5060"}, "sip.listen.*ADDRESS:PORT"),
        ({"trunks": [trunk(allow=["10.0.0.0/33"])]}, r"sip.trunks.0.*10\.0\.0\.0/33"),
        ({"trunks": [trunk(), trunk(name="b", allow=["pbx"])]}, "sip.trunks.1.*'pbx'"),
        ({"tls": {"certificate": "/nowhere/bot.pem"}}, "sip.tls.certificate.*/nowhere/bot.pem"),
        (
            {"trunks": [trunk(register={"registrar": "r", "user": "u", "password": ""})]},
            "sip.trunks.0.register.password",
        ),
    ],
)
def test_what_cannot_be_used_is_named(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        line_config(sip(**keys))

"""From settings to the line: what the operator wrote is what the stack is told."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from telephony.admission import Admission, Limits
from telephony.config import LOOPBACK, LineConfig, Tls, Trunk
from voicebot.errors import SettingsError
from voicebot.line import admission, check_backend, line_config, make_endpoint
from voicebot.settings import LimitSettings, SipSettings

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


def test_a_backend_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "telephony.pyvoip.line", None)
    monkeypatch.setitem(sys.modules, "telephony.pyvoip", ModuleType("telephony.pyvoip"))
    with pytest.raises(SettingsError, match=r"sip\.backend.*pyvoip") as told:
        check_backend(sip(backend="pyvoip"))
    assert "\n" not in str(told.value)
    check_backend(sip())


def test_the_other_backend_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class PyVoipEndpoint:
        def __init__(self, config: LineConfig, admission: Admission) -> None:
            self.config, self.admission = config, admission

    module = ModuleType("telephony.pyvoip.line")
    module.PyVoipEndpoint = PyVoipEndpoint  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "telephony.pyvoip", ModuleType("telephony.pyvoip"))
    monkeypatch.setitem(sys.modules, "telephony.pyvoip.line", module)
    keys = sip(backend="pyvoip", trunks=[trunk()])
    judge = admission(keys)
    made: Any = make_endpoint(keys, judge)
    assert isinstance(made, PyVoipEndpoint)
    assert (made.config, made.admission) == (line_config(keys), judge)


def test_the_limits_reach_admission() -> None:
    limits = {"max_calls": 3, "overflow": "notice", "notice_calls": 1, "max_queue_ms": 900}
    judge = admission(sip(limits=limits))
    assert judge.limits == Limits(max_calls=3, overflow="notice", notice_calls=1, max_queue_ms=900)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
def test_every_limit_has_its_setting_with_the_same_default(name: str) -> None:
    assert getattr(LimitSettings.model_validate({}), name) == getattr(Limits(), name)
    assert set(LimitSettings.model_fields) == {f.name for f in dataclasses.fields(Limits)}


def test_the_defaults_are_the_lines_own() -> None:
    assert line_config(sip()) == LineConfig()

"""From the settings of the line to the line: `LineConfig`, limits, the backend."""

from __future__ import annotations

import importlib
import ipaddress
from pathlib import Path
from typing import Any

from telephony.admission import Admission, Limits
from telephony.api import Endpoint
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig, Registration, Tls, Trunk
from telephony.errors import LineError
from telephony.ports import split_address
from voicebot.errors import SettingsError
from voicebot.settings import RegisterSettings, SipSettings, TlsSettings, TrunkSettings

_ANY_ADDRESS = "0.0.0.0"  # noqa: S104


def admission(sip: SipSettings) -> Admission:
    """Who decides about each call, within the operator's limits."""
    return Admission(Limits(**sip.limits.model_dump()))


def make_endpoint(sip: SipSettings, judge: Admission) -> Endpoint:
    """The line, not yet started. Raises SettingsError; also where the backend is not installed."""
    config = line_config(sip)
    if sip.backend == "baresip":
        return BaresipEndpoint(config, judge)
    endpoint: Endpoint = _pyvoip()(config, judge)
    return endpoint


def check_backend(sip: SipSettings) -> None:
    """Whether the backend is installed; asked before anything slow. Raises SettingsError."""
    if sip.backend == "pyvoip":
        _pyvoip()


def _pyvoip() -> Any:
    """PyVoIP is GPL and an extra: nothing of it is imported unless the operator asks for it."""
    try:
        return importlib.import_module("telephony.pyvoip.line").PyVoipEndpoint
    except (ImportError, LineError) as error:
        raise SettingsError(
            f"settings: sip.backend: {error}; or leave the key out for baresip"
        ) from None


def line_config(sip: SipSettings) -> LineConfig:
    """What telephony/ is told. Without trunks only this machine may ring.

    Raises SettingsError for an address, a network or a file that cannot be used, and where the
    address is one at which nobody could ring.
    """
    _check_somebody_can_ring(sip)
    trunks = tuple(_trunk(number, trunk) for number, trunk in enumerate(sip.trunks))
    return LineConfig(
        listen=sip.listen,
        tls=_tls(sip.tls) if sip.tls else None,
        rtp_ports=sip.rtp_ports,
        codecs=sip.codecs,
        trunks=trunks or LineConfig().trunks,
        strangers=sip.strangers,
        jitter_buffer_ms=sip.jitter_buffer_ms,
    )


def _check_somebody_can_ring(sip: SipSettings) -> None:
    try:
        host, _ = split_address(sip.listen)
    except LineError as error:
        raise SettingsError(f"settings: sip.listen: {error}") from None
    if not sip.trunks and (host == _ANY_ADDRESS or not _is_loopback(host)):
        raise SettingsError(
            f"settings: sip.trunks: nobody could ring {sip.listen}: without trunks only this "
            'machine may, at 127.0.0.1; add [[sip.trunks]] with name = "carrier" and allow = '
            '["the addresses your calls come from"]'
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _trunk(number: int, trunk: TrunkSettings) -> Trunk:
    registration = _registration(number, trunk.register_) if trunk.register_ else None
    try:
        return Trunk(trunk.name, trunk.allow, trunk.transport, registration)
    except LineError as error:
        raise SettingsError(f"settings: sip.trunks.{number}: {error}") from None


def _registration(number: int, register: RegisterSettings) -> Registration:
    return Registration(
        registrar=register.registrar,
        user=register.user,
        password=_password(f"sip.trunks.{number}.register", register),
        auth_user=register.auth_user,
        interval_s=register.interval_s,
    )


def _password(key: str, register: RegisterSettings) -> str:
    """The password itself; whoever calls this must not print it."""
    if register.password_file is None:
        secret = register.password.get_secret_value() if register.password else ""
        key = f"{key}.password"
    else:
        key = f"{key}.password_file"
        text = _read(key, register.password_file)
        secret = text.splitlines()[0].strip() if text.strip() else ""
    if not secret or not secret.isprintable():
        raise SettingsError(f"settings: {key}: a password of printable characters is expected")
    return secret


def _tls(tls: TlsSettings) -> Tls:
    _read("sip.tls.certificate", tls.certificate)
    if tls.authority is not None:
        _read("sip.tls.authority", tls.authority)
    return Tls(tls.listen, tls.certificate, tls.authority)


def _read(key: str, path: Path) -> str:
    """A small text file. Raises SettingsError that names the key."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"settings: {key}: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"settings: {key}: {path} is not a text file") from None

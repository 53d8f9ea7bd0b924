"""Where other systems are told what happened."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, model_validator

from voicebot.settings.section import Section

SECRET_PREFIX = "whsec_"  # noqa: S105
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
WebhookKind = Literal[
    "call.started", "handoff.started", "handoff.finished", "call.ended", "call_back.booked"
]
ALL_KINDS: tuple[WebhookKind, ...] = (
    "call.started",
    "handoff.started",
    "handoff.finished",
    "call.ended",
    "call_back.booked",
)


class WebhookSettings(Section):
    """One endpoint of another system (docs/webhooks.md)."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,32}$", description="what logs and commands call it")
    url: str = Field(description="where messages are posted; https, or http on this machine")
    secret: SecretStr = Field(description="whsec_ and the base64 of 24 to 64 random bytes")
    kinds: tuple[WebhookKind, ...] = Field(ALL_KINDS, min_length=1, description="what it is told")
    timeout_s: float = Field(10.0, gt=0, le=60, description="for one attempt")
    give_up_after_h: float = Field(
        72.0, gt=0, le=8760, description="then the message waits for a person"
    )

    @model_validator(mode="after")  # of the table: an error of the key would show the secret
    def _usable(self) -> Self:
        self.key()
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{self.name}: url: expected https://HOST/…")
        if not _is_port(parts):
            raise ValueError(f"{self.name}: url: expected a port of 1 to 65535")
        if parts.username or parts.password:
            raise ValueError(f"{self.name}: url: a login does not belong there; sign with secret")
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise ValueError(f"{self.name}: url: calls are told over https only; http came")
        return self

    def key(self) -> bytes:
        """The bytes that messages are signed with."""
        secret = self.secret.get_secret_value()
        try:
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        right = MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES
        if not right or not secret.startswith(SECRET_PREFIX):
            raise ValueError(
                f"{self.name}: secret: expected {SECRET_PREFIX} and {MIN_SECRET_BYTES} to "
                f"{MAX_SECRET_BYTES} bytes in base64; voicebot webhooks secret makes one"
            )
        return key


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:  # what urllib says names the port's text, which may be anything
        return False


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

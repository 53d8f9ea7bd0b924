"""The web console: where it listens and how long a person stays signed in."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from voicebot.settings.section import Section


class ConsoleSettings(Section):
    """The web console (docs/console.md). Beyond this machine only over TLS, or behind a proxy."""

    listen: str = Field("", description="ADDR:PORT, e.g. 127.0.0.1:8080; empty: no console")
    hosts: tuple[str, ...] = Field(
        (), description="names that browsers reach it by, e.g. hotline.corp.example"
    )
    certificate: Path | None = Field(None, description="TLS certificate chain (PEM)")
    certificate_key: Path | None = Field(None, description="its private key (PEM)")
    proxies: tuple[str, ...] = Field(
        (),
        description="addresses of the proxies in front that end TLS; nobody else may connect, and "
        "their X-Forwarded-For is believed",
    )
    idle_minutes: float = Field(
        120, gt=0, le=1440, description="without a key or a click for so long: signed out"
    )
    session_hours: float = Field(12, gt=0, le=168, description="signed out after so long anyway")

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            try:
                ipaddress.ip_address(each)
            except ValueError:
                raise ValueError(f"expected the proxy's IP address, got {each!r}") from None
        return proxies

    @model_validator(mode="after")
    def _both_of_the_pair(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key: give both or neither")
        return self

    @property
    def over_tls(self) -> bool:
        """Whether browsers reach it over TLS: its own, or a proxy's."""
        return self.certificate is not None or bool(self.proxies)

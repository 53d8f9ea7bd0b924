"""What operators watch the bot with."""

from __future__ import annotations

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from voicebot.settings.section import Section


class MetricsSettings(Section):
    """Prometheus metrics and OpenTelemetry traces (docs/metrics.md)."""

    listen: str = Field(
        "", description="ADDR:PORT for Prometheus, e.g. 127.0.0.1:9464; empty: no metrics"
    )
    remote: bool = Field(
        False, description="let listen be an address that other machines reach; there is no login"
    )
    traces: str = Field(
        "", description="OTLP/HTTP collector, e.g. http://127.0.0.1:4318/v1/traces; empty: none"
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.listen:
            host, _ = self.address()
            if not self.remote and not ipaddress.ip_address(host).is_loopback:
                raise ValueError(
                    f"listen: expected 127.0.0.1:PORT or [::1]:PORT, got {self.listen!r}; "
                    "there is no login: remote = true serves it all the same"
                )
        parts = urlsplit(self.traces)
        if self.traces and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError(f"traces: expected http(s)://HOST:PORT/v1/traces, got {self.traces!r}")
        return self

    def address(self) -> tuple[str, int]:
        """Host and port of `listen`. Raises ValueError, one line, if it has none."""
        host, _, port = self.listen.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address(host)
        except ValueError:
            host = ""
        if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
            raise ValueError(f"listen: expected ADDR:PORT, got {self.listen!r}")
        return host, int(port)

"""`[speech.edge]`: how long the online voice is waited for, and by which way (docs/voice.md)."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from voicebot.settings.section import Section


class EdgeSettings(Section):
    """Used when `speech.engine` is "edge". What is late is said by the next voice."""

    first_audio_ms: int = Field(1500, ge=100, description="wait for a clause's first sound")
    stall_ms: int = Field(1500, ge=100, description="wait for more of it")
    total_ms: int = Field(20_000, ge=1000, description="wait for all of it")
    proxy: SecretStr = Field(
        SecretStr(""),
        description="http://[USER:PASSWORD@]HOST:PORT; empty: as HTTPS_PROXY says, if it does",
    )

    @model_validator(mode="after")  # of the table: an error of the key would show the password
    def _proxy_is_one(self) -> Self:
        if self.proxy.get_secret_value() and not _is_proxy(self.proxy.get_secret_value()):
            raise ValueError("proxy: http://[USER:PASSWORD@]HOST:PORT is expected")
        return self


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

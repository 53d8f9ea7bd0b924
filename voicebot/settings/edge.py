"""`[speech.edge]`: how long the online voice is waited for, and by which way (docs/voice.md)."""

from __future__ import annotations

from pydantic import Field, SecretStr

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

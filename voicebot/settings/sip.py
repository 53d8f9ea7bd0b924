"""The settings of the phone line: what `voicebot.line` hands to telephony/."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from telephony.config import Codec, LineConfig, Strangers, Transport
from voicebot.settings.section import Section


class RegisterSettings(Section):
    """A registrar that we log in to, so that it sends us calls (REGISTER with digest)."""

    registrar: str = Field(min_length=1, description="HOST[:PORT]")
    user: str = Field(min_length=1, description="user part of our address there")
    password: SecretStr | None = Field(None, description="or name a file, or set the environment")
    password_file: Path | None = Field(None, description="its first line is the password")
    auth_user: str = Field("", description="user name of the digest; empty: `user`")
    interval_s: int = Field(600, ge=30, le=86_400, description="the refresh that we ask for")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            raise ValueError("exactly one of password and password_file is expected")
        return self


class TrunkSettings(Section):
    """Somebody who may ring us, and through whom we ring out. The first is the default one."""

    name: str = Field(pattern=r"^[\w.-]{1,64}$", description="shown in records, e.g. carrier")
    allow: tuple[str, ...] = Field(
        description="addresses and networks its requests come from, e.g. 10.0.0.5 or 10.1.0.0/16"
    )
    transport: Transport = Field("udp", description="how it is reached")
    register_: RegisterSettings | None = Field(
        None, alias="register", description="log in to it; none: it trusts our address"
    )


class TlsSettings(Section):
    """SIP over TLS beside UDP and TCP; calls on it have SDES-SRTP."""

    listen: str = Field("127.0.0.1:5061", description="ADDR:PORT")
    certificate: Path = Field(description="PEM file with our private key and certificate")
    authority: Path | None = Field(
        None, description="PEM file of the CA of the servers we dial and of callers' certificates"
    )


class LimitSettings(Section):
    """How much is taken in. Upper bounds: measured lag and queue refuse earlier than these."""

    max_calls: int = Field(50, ge=1, description="calls at the same time")
    calls_per_s: float = Field(10.0, ge=0.01, description="new calls a second, on average")
    burst: int = Field(20, ge=1, description="new calls at once, before the average counts")
    max_lag_ms: float = Field(60.0, ge=1, description="event-loop lag above which calls wait")
    max_queue_ms: float = Field(
        1500.0, ge=1, description="wait for the next model run above which no call is let in"
    )
    overflow: Literal["refuse", "notice"] = Field(
        "refuse",
        description="over the limit: 503 with Retry-After, or a spoken notice (prompt "
        "queue_notice) and a polite end",
    )
    notice_calls: int = Field(5, ge=0, description="calls that may hear the notice at once")
    retry_after_s: int = Field(5, ge=1, description="what a 503 tells the far end")
    requests_per_s: float = Field(
        50.0, ge=0.01, description="SIP requests a second from one address"
    )


class SipSettings(Section):
    """The phone line."""

    backend: Literal["baresip", "pyvoip"] = Field(
        "baresip", description="the SIP stack; pyvoip needs the extra of that name"
    )
    listen: str = Field("127.0.0.1:5060", description="SIP listen address, ADDR:PORT (UDP and TCP)")
    tls: TlsSettings | None = None
    rtp_ports: str = Field("40000-44000", description="UDP port range for RTP, LOW-HIGH")
    codecs: tuple[Codec, ...] = Field(
        ("pcma", "pcmu"), description="codecs offered and accepted, in order of preference"
    )
    jitter_buffer_ms: int = Field(
        LineConfig().jitter_buffer_ms,  # as measured there
        ge=0,
        le=400,
        description="received audio is held this long against jitter; 0: by the call's clock alone",
    )
    trunks: tuple[TrunkSettings, ...] = Field(
        (), description="who may ring; none: this machine only"
    )
    strangers: Strangers = Field(
        "ignore", description="requests from elsewhere get no answer at all, or 403"
    )
    limits: LimitSettings = LimitSettings()  # type: ignore[call-arg]
    answer_after_ms: int = Field(
        0, ge=0, le=30_000, description="a call rings this long before it is answered"
    )
    early_media: bool = Field(
        False, description="while it rings the caller hears our ringback tone (183), not the PBX's"
    )
    drain_timeout_s: float = Field(
        300.0, ge=0, description="on SIGTERM calls in progress have this long to end by themselves"
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [trunk.name for trunk in self.trunks]
        if len(set(names)) < len(names):
            raise ValueError(f"trunks need names of their own, got {', '.join(names)}")
        if not self.codecs:
            raise ValueError("at least one codec is expected in codecs, got none")
        if self.tls is None and any(trunk.transport == "tls" for trunk in self.trunks):
            raise ValueError("a trunk over TLS needs [sip.tls] with our certificate")
        if self.early_media and not self.answer_after_ms:
            raise ValueError("early_media is heard before the answer: set answer_after_ms too")
        return self

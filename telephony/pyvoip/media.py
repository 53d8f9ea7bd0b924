"""The media of one call: what was agreed upon, and the RTP that follows it."""

from __future__ import annotations

from collections.abc import Callable

from telephony.pyvoip import sdp
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.ring import RtpRing
from telephony.pyvoip.rtp import CallRtp, Target
from telephony.pyvoip.sdp import Audio, Direction, SdpError
from telephony.quality import Quality


class Media:
    """Offers and answers of one call; RTP runs from `open` to `close`."""

    def __init__(self, agent: Agent, peer: str, on_key: Callable[[str], None]) -> None:
        self._agent = agent
        self._address = agent.host_towards(peer)
        self._on_key = on_key
        self._rtp: CallRtp | None = None
        self._theirs: Audio | None = None
        self._version = 0
        self._last: Quality | None = None
        self.ring = RtpRing()
        self.codec = ""
        self.holding = False

    @property
    def held(self) -> bool:
        """Whether the far end wants to hear nothing."""
        return self._theirs is not None and self._theirs.muted

    @property
    def quality(self) -> Quality | None:
        return self._rtp.quality() if self._rtp is not None else self._last

    @property
    def silent_s(self) -> float:
        """How long RTP has been missing that the far end had agreed to send."""
        return self._rtp.silent_s() if self._rtp is not None and not self.held else 0.0

    def open(self) -> None:
        """Take an RTP port. Raises LineError; idempotent."""
        if self._rtp is None:
            self._rtp = self._agent.open_rtp(self.ring, self._address, self._on_key)
            self.ring.open(self._rtp.take)

    def close(self) -> None:
        if self._rtp is not None:
            self._last = self._rtp.quality()
            self._rtp.stop()
            self._rtp = None
        self.ring.close()

    def describe(self, offered: str) -> str:
        """Our answer to what was offered, or our offer where nothing was. Raises as they do."""
        return self.answer(offered) if offered else self.offer()

    def offer(self) -> str:
        """Our description. Raises LineError where no port is free."""
        self.open()
        self._version += 1
        direction = "sendonly" if self.holding else "sendrecv"
        port = self._rtp.inPort if self._rtp is not None else 0
        codecs = [self.codec] if self.codec else self._agent.config.codecs
        return sdp.offer(self._address, port, self._version, codecs, direction)

    def answer(self, offered: str) -> str:
        """Our answer to the far end's offer. Raises SdpError, or LineError without a port."""
        theirs = sdp.read(offered)
        codec, _ = sdp.agree(theirs, self._agent.config.codecs)
        self.open()
        self._settle(theirs)
        self._version += 1
        port = self._rtp.inPort if self._rtp is not None else 0
        return sdp.answer(
            self._address, port, self._version, theirs, codec, self._direction(theirs)
        )

    def answered(self, answer: str) -> None:
        """The far end's answer to our offer. Raises SdpError."""
        self._settle(sdp.read(answer))

    def _direction(self, theirs: Audio) -> Direction:
        """Ours, facing theirs (RFC 3264 section 6.1)."""
        facing = sdp.REVERSED[theirs.direction]
        if not self.holding:
            return facing
        return "sendonly" if facing in ("sendrecv", "sendonly") else "inactive"

    def _settle(self, theirs: Audio) -> None:
        codec, kind = sdp.agree(theirs, self._agent.config.codecs)
        self.codec, self._theirs = codec, theirs
        if self._rtp is None:
            raise SdpError("an answer is expected after an offer")
        self._rtp.aim(
            Target(
                address=theirs.address,
                port=theirs.port,
                codec=codec,
                payload_type=kind,
                event_type=theirs.event_type,
                sends=not theirs.muted,
                hears=theirs.direction in ("sendrecv", "sendonly") and not self.holding,
            )
        )

    def press(self, keys: str) -> bool:
        """Queue keys; False if the far end takes none."""
        return self._rtp is not None and self._rtp.press(keys)

    @property
    def pressing(self) -> bool:
        return self._rtp is not None and self._rtp.pressing

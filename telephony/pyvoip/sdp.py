"""Media descriptions: what the far end says, and what we answer (RFC 4566, RFC 3264). Sans-I/O.

pyVoIP answers every offer with all that it was offered and sends with the first; here one codec
is agreed upon, or none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

EVENT = "telephone-event/8000"
EVENT_TYPE = 101
CODECS = {"pcma": (8, "PCMA/8000"), "pcmu": (0, "PCMU/8000")}
REVERSED: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
_STATIC = {kind: name for kind, name in CODECS.values()}
_MEDIA = re.compile(r"(\w{1,16}) (\d{1,5})(?:/\d+)? (\S{1,32}) ([0-9 ]{1,256})")
_RTPMAP = re.compile(r"rtpmap:(\d{1,3}) (\S{1,64})")


class SdpError(ValueError):
    """No media description, or none with audio that we can take."""


@dataclass(frozen=True)
class Audio:
    """One side's audio: where it wants RTP, its payload types in its order, its direction.

    `other_media` are the further m= lines, which an answer has to refuse one by one; `place` is
    where among them the audio stands.
    """

    address: str
    port: int
    types: tuple[tuple[int, str], ...]
    direction: Direction = "sendrecv"
    other_media: tuple[str, ...] = ()
    place: int = 0

    @property
    def event_type(self) -> int | None:
        """The payload type of DTMF events, or None."""
        return next((kind for kind, name in self.types if name == EVENT), None)

    @property
    def muted(self) -> bool:
        """Whether this side does not want to hear anything now (hold, old and new)."""
        return self.direction in ("sendonly", "inactive") or self.address == _NOWHERE


_NOWHERE = "0.0.0.0"  # noqa: S104


def read(text: str) -> Audio:
    """The first RTP/AVP audio of a description. Raises SdpError."""
    session, *media = re.split(r"\r?\n(?=m=)", text.strip()[:8192])
    for place, part in enumerate(media):
        lines = part.splitlines()
        found = _MEDIA.fullmatch(lines[0][2:].strip())
        if found and (found[1], found[3]) == ("audio", "RTP/AVP") and int(found[2]):
            others = tuple(m.splitlines()[0][2:] for m in media if m is not part)
            return _audio(session.splitlines(), lines, found, others, place)
    raise SdpError("a description with an m=audio PORT RTP/AVP line is expected")


def _audio(
    session: list[str], lines: list[str], media: re.Match[str], others: tuple[str, ...], place: int
) -> Audio:
    address = _connection(lines) or _connection(session)
    port = int(media[2])
    if address is None or port > 65535:
        raise SdpError("a c=IN IP4 ADDRESS line and a port up to 65535 are expected")
    names = {int(m[1]): m[2] for line in lines if (m := _RTPMAP.match(line.removeprefix("a=")))}
    kinds = [int(kind) for kind in media[4].split() if int(kind) < 128]
    types = tuple((kind, _name(names.get(kind, _STATIC.get(kind, "")))) for kind in kinds)
    direction = _direction(lines) or _direction(session) or "sendrecv"
    return Audio(address, port, types, direction, others, place)


def _name(name: str) -> str:
    name = name.removesuffix("/1")  # the number of channels
    return name.lower() if name.lower() == EVENT else name.upper()


def _connection(lines: Sequence[str]) -> str | None:
    for line in lines:
        if line.startswith("c=IN IP4 "):
            try:
                address = ipaddress.IPv4Address(line[9:].strip())
            except ValueError:
                return None
            return None if address.is_multicast else str(address)
    return None


def _direction(lines: Sequence[str]) -> Direction | None:
    for line in lines:
        if (word := line.removeprefix("a=").strip()) in REVERSED:
            return word
    return None


def agree(audio: Audio, codecs: Sequence[str]) -> tuple[str, int]:
    """Our first codec that the far end has too, and its payload type. Raises SdpError."""
    for codec in codecs:
        for kind, name in audio.types:
            if name == CODECS[codec][1]:
                return codec, kind
    offered = ", ".join(name or str(kind) for kind, name in audio.types)
    raise SdpError(f"one of {', '.join(codecs)} is expected, got {offered[:200]}")


def offer(address: str, port: int, version: int, codecs: Sequence[str], direction: str) -> str:
    """Our offer of all `codecs` and DTMF events."""
    types = [CODECS[codec] for codec in codecs]
    media = _lines(port, [*types, (EVENT_TYPE, EVENT)], direction)
    return _session(address, version, media)


def answer(address: str, port: int, version: int, theirs: Audio, codec: str, direction: str) -> str:
    """The answer to an offer: one codec, its payload types, every other medium refused."""
    kind = next(kind for kind, name in theirs.types if name == CODECS[codec][1])
    types = [(kind, CODECS[codec][1])]
    if theirs.event_type is not None:
        types.append((theirs.event_type, EVENT))
    media = [[f"m={_refused(line)}"] for line in theirs.other_media]
    media.insert(theirs.place, _lines(port, types, direction))
    return _session(address, version, [line for lines in media for line in lines])


def _refused(media: str) -> str:
    words = media.split()
    return " ".join([words[0], "0", *words[2:]]) if len(words) > 3 else "audio 0 RTP/AVP 0"


def _lines(port: int, types: list[tuple[int, str]], direction: str) -> list[str]:
    kinds = " ".join(str(kind) for kind, _ in types)
    maps = [f"a=rtpmap:{kind} {name}" for kind, name in types]
    events = [f"a=fmtp:{kind} 0-15" for kind, name in types if name == EVENT]
    return [f"m=audio {port} RTP/AVP {kinds}", *maps, *events, "a=ptime:20", f"a={direction}"]


def _session(address: str, version: int, media: list[str]) -> str:
    head = ["v=0", f"o=voicebot 1 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}"]
    return "\r\n".join([*head, "t=0 0", *media, ""])

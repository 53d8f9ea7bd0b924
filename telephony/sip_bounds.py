"""What a SIP request may look like at all: sizes, single headers, methods. Sans-I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telephony.sip_request import VALUE_BYTES, RawRequest, Reply

# What a bot has a use for; the rest is refused before any code of the stack sees it.
METHODS = (
    *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "INFO", "NOTIFY", "PRACK", "REFER"),
)
_KNOWN = {"REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH"}
_SINGLE = ("from", "to", "call-id", "cseq")  # RFC 3261 section 7.3.1, table 2
_CALL_ID = re.compile(r"[!-~]+")
# Spaces as the stack knows them: where it sees no tag, neither may we.
_SPACE = r"[ \t\r\n]*"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_TAG = re.compile(rf";{_SPACE}tag{_SPACE}={_SPACE}[^;\s\"]", re.IGNORECASE)
_MADDR = re.compile(rf";{_SPACE}maddr{_SPACE}=", re.IGNORECASE)


@dataclass(frozen=True)
class Bounds:
    """The largest request that is read. Bytes; `headers` is their number, `total` is all of
    their names and values, `body` what Content-Length promises."""

    uri: int = 512
    call_id: int = 256
    headers: int = 128
    value: int = 2048
    total: int = 16_384
    body: int = 16_384


def misshapen(request: RawRequest, bounds: Bounds) -> Reply | None:
    """The answer to a request that is too large or ambiguous; None if it is neither."""
    if len(request.uri.encode()) > bounds.uri:
        return Reply(414, "Request-URI Too Long")
    if len(request.headers) > bounds.headers:
        return Reply(513, "Too Many Headers")
    if request.longest > bounds.value:
        return Reply(513, "Header Value Too Large")
    if request.size > bounds.total:
        return Reply(513, "Message Too Large")
    for name in _SINGLE:
        if len(request.all(name)) != 1:
            return Reply(400, f"Exactly One {name.title()} Expected")
    call_id = request.first("call-id")
    if len(call_id) > bounds.call_id or not _CALL_ID.fullmatch(call_id):
        return Reply(400, "Bad Call-ID")
    length = request.first("content-length") or "0"
    if not (length.isascii() and length.isdigit()):
        return Reply(400, "Bad Content-Length")
    if len(length) > 9 or int(length) > bounds.body:
        return Reply(513, "Body Too Large")
    return None


def unwanted(method: str) -> Reply | None:
    """The answer to a method that a bot has no use for; None for the others."""
    if method in METHODS:
        return None
    if method in _KNOWN:
        return Reply(405, "Method Not Allowed", (f"Allow: {', '.join(METHODS)}",))
    return Reply(501, "Not Implemented")


def has_tag(value: str) -> bool:
    """Whether a From or To value has a tag (RFC 3261 section 20.10): of its own, not one inside
    a display name or a URI."""
    name = _QUOTED.match(value.lstrip(" \t\r\n"))
    rest = value.lstrip(" \t\r\n")[name.end() if name else 0 :]
    before, angle, after = rest.partition("<")
    uri, closed, parameters = after.partition(">") if angle else ("", ">", before)
    if not closed or "<" in uri or (angle and '"' in before):
        return False
    # Without angle brackets all parameters are the header's.
    return _TAG.search(_QUOTED.sub("", parameters)) is not None


def redirects(request: RawRequest) -> bool:
    """Whether the answer would go to an address that the sender names (maddr, RFC 3261 section
    18.2.2) in place of its own: a way to aim our answers at others.

    A Via that is too long to be seen whole may say so behind what is seen.
    """
    via = request.first("via")
    return len(via.encode()) >= VALUE_BYTES or _MADDR.search(via) is not None

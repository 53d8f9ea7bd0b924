"""A SIP message as it came, on pyVoIP's `SIPMessage`; and the answer to a request. Sans-I/O.

pyVoIP's own reading gives up on compact names, folded lines, `tel:` callers, a second Via in
one line, a status it has no name for and most media descriptions. So the head is read here, and
pyVoIP is handed the values that its own texts (REGISTER, digest) are made of.
"""

from __future__ import annotations

import contextlib
import re

from telephony.outcomes import REASONS
from telephony.pyvoip.stack import SIPMessage, SIPMessageType, SIPParseError
from telephony.sip_request import full_name

Address = tuple[str, int]

HEAD_MAX = 16_384
HEADERS_MAX = 128
_FOLD = re.compile(rb"\r\n[ \t]+")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_REQUEST = re.compile(r"([A-Z]{1,32}) (\S{1,2048}) SIP/2\.0")
_STATUS = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?")
_CSEQ = re.compile(r"(\d{1,10})[ \t]+([A-Z]{1,32})")
_TAG = re.compile(r";\s*tag\s*=\s*([^;,\s>]{1,256})", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;,\s]{1,256})", re.IGNORECASE)
_SENT_BY = re.compile(r"SIP\s*/\s*2\.0\s*/\s*\w+\s+(\[[^\]]*\]|[^\s:;]+)(?:\s*:\s*(\d{1,5}))?")
_RPORT = re.compile(r";\s*rport(?=[;,\s]|$)", re.IGNORECASE)
_ADDRESS = re.compile(r"<\s*([^<>\s]{1,1024})\s*>")
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^<]*>)')
_PYVOIP_READS = {
    "from": "From",
    "to": "To",
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "contact": "Contact",
    "www-authenticate": "WWW-Authenticate",
    "proxy-authenticate": "WWW-Authenticate",
}


class Message(SIPMessage):  # type: ignore[misc]  # pyVoIP has no types
    """A request (`method`, `uri`) or a response (`code`, `reason`) from `source`.

    `values` are the headers in their order, names in lower case and not abbreviated; `text` is
    the body. Raises SIPParseError for anything that is no SIP message with its five headers.
    """

    def __init__(self, data: bytes, source: Address) -> None:
        self.source = source
        self.method = ""
        self.uri = ""
        self.code = 0
        self.reason = ""
        self.values: tuple[tuple[str, str], ...] = ()
        self.text = ""
        self.cseq = 0
        super().__init__(data)

    def parse(self, data: bytes) -> None:
        """Fill in everything from a datagram; pyVoIP calls it. Raises SIPParseError."""
        head, end, body = data.partition(b"\r\n\r\n")
        if not end or len(head) > HEAD_MAX:
            raise SIPParseError("the head of a SIP message is expected")
        first, *lines = _FOLD.sub(b" ", head).split(b"\r\n")
        self._start(first.decode("utf-8", "replace"))
        if len(lines) > HEADERS_MAX:
            raise SIPParseError(f"at most {HEADERS_MAX} headers are expected, got {len(lines)}")
        self.values = tuple(_header(line) for line in lines)
        self._check()
        self.text = self._body(body)
        for name, value in self.values:
            if name in _PYVOIP_READS:
                with contextlib.suppress(Exception):  # only its own texts would miss it
                    self.parse_header(_PYVOIP_READS[name], value)

    def _start(self, line: str) -> None:
        if request := _REQUEST.fullmatch(line):
            self.type = SIPMessageType.MESSAGE
            self.method, self.uri = request[1], request[2]
        elif status := _STATUS.fullmatch(line):
            self.type = SIPMessageType.RESPONSE
            self.code, self.reason = int(status[1]), (status[2] or "").strip()
        else:
            raise SIPParseError("a SIP/2.0 request or status line is expected")

    def _check(self) -> None:
        for name in ("via", "from", "to", "call-id"):
            if not self.first(name):
                raise SIPParseError(f"a {name} header is expected")
        cseq = _CSEQ.fullmatch(self.first("cseq"))
        if not cseq or (self.method and cseq[2] != self.method):
            raise SIPParseError("a cseq header with the request's method is expected")
        self.cseq = int(cseq[1])
        self.cseq_method = cseq[2]

    def _body(self, body: bytes) -> str:
        length = self.first("content-length")
        if length and (not length.isdigit() or int(length) > len(body)):
            raise SIPParseError(f"content-length {length[:16]!r} with {len(body)} bytes of body")
        return (body[: int(length)] if length else body).decode("utf-8", "replace")

    def first(self, name: str) -> str:
        """The first value of a header (lower-case name), or an empty string."""
        return next((value for key, value in self.values if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header that may be a list (Via, Route, Record-Route, Require)."""
        lines = (value for key, value in self.values if key == name)
        return tuple(part.strip() for line in lines for part in _COMMA.split(line))

    @property
    def call_id(self) -> str:
        return self.first("call-id")

    @property
    def from_tag(self) -> str:
        return tag_of(self.first("from"))

    @property
    def to_tag(self) -> str:
        return tag_of(self.first("to"))

    @property
    def branch(self) -> str:
        found = _BRANCH.search(self.all("via")[0])
        return found[1] if found else ""

    @property
    def reply_to(self) -> Address:
        """Where the answer goes (RFC 3261 section 18.2.2, RFC 3581 section 4)."""
        via = self.all("via")[0]
        sent_by = _SENT_BY.match(via)
        if _RPORT.search(via) or not sent_by:
            return self.source
        port = int(sent_by[2] or 5060)
        return (self.source[0], port) if 0 < port < 65536 else self.source


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("utf-8", "replace").partition(":")
    name = name.strip()
    if not colon or not _NAME.fullmatch(name) or "\n" in value or "\r" in value:
        raise SIPParseError("NAME: VALUE is expected in every header line")
    name = name.lower()
    return full_name(name), value.strip()


def tag_of(value: str) -> str:
    """The tag of a From or To value; empty where it has none."""
    found = _TAG.search(value.rpartition(">")[2])
    return found[1] if found else ""


def uri_of(value: str) -> str:
    """The URI of a Contact, From or Record-Route value."""
    found = _ADDRESS.search(value)
    if found:
        return found[1]
    words = value.split(";")[0].split()
    return words[-1][:1024] if words else ""


def respond(
    request: Message,
    code: int,
    *,
    tag: str = "",
    headers: tuple[str, ...] = (),
    body: str = "",
    reason: str = "",
) -> bytes:
    """The answer to `request` (RFC 3261 section 8.2.6); `tag` is put on a To that has none.

    `headers` are whole lines. A body is a media description.
    """
    first, *others = request.all("via")
    host, port = request.source
    first = _RPORT.sub(f";rport={port}", first)
    to = request.first("to")
    if tag and not tag_of(to):
        to = f"{to};tag={tag}"
    lines = [
        f"SIP/2.0 {code} {reason or REASONS.get(code, 'Refused')}",
        f"Via: {first};received={host}",
        *(f"Via: {via}" for via in others),
        *(f"Record-Route: {route}" for route in request.all("record-route")),
        f"From: {request.first('from')}",
        f"To: {to}",
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.first('cseq')}",
        *headers,
    ]
    return finish(lines, body)


def finish(lines: list[str], body: str) -> bytes:
    """Start line and headers as a datagram, with what a body needs."""
    octets = body.encode()
    kind = ["Content-Type: application/sdp"] if octets else []
    tail = [*kind, f"Content-Length: {len(octets)}", "", ""]
    return "\r\n".join([*lines, *tail]).encode() + octets

"""Many calls by bare SIP over one UDP socket (RFC 3261): cheap, and no stack of ours. Sans-I/O."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

T1_S = 0.5
ANSWER_TIMEOUT_S = 10.0
_RESENDS = 6


class State(enum.Enum):
    CALLING = "calling"
    UP = "up"
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"


@dataclass
class Dialog:
    """One call of ours. `ssrc` is what we send with; `far_rtp` where the far end listens."""

    number: int
    call_id: str
    ssrc: int
    local_rtp: int
    started_s: float
    state: State = State.CALLING
    to: str = ""
    target: str = ""
    far_rtp: int = 0
    setup_s: float = 0.0
    why: str = ""
    cseq: int = 1
    pending: str = ""
    resend_s: float = 0.0
    resends: int = 0
    history: list[str] = field(default_factory=list)


def header(message: str, name: str) -> str:
    """The first value of a header, empty without it."""
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$", message, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


class Caller:
    """Dials, confirms, hangs up; `on_message` and `due` give the datagrams to send."""

    def __init__(self, port: int, far_port: int, user: str = "400", prefix: str = "bench") -> None:
        self._port = port
        self._far_port = far_port
        self._user = user
        self._prefix = prefix
        self._by_id: dict[str, Dialog] = {}
        self._numbers = 0

    @property
    def dialogs(self) -> list[Dialog]:
        return list(self._by_id.values())

    def forget(self, dialog: Dialog) -> None:
        self._by_id.pop(dialog.call_id, None)

    def dial(self, local_rtp: int, now_s: float) -> tuple[Dialog, bytes]:
        """A new call whose RTP comes to `local_rtp`, and its INVITE."""
        number, self._numbers = self._numbers, self._numbers + 1
        dialog = Dialog(
            number, f"{self._prefix}-{number}-{self._port}", 0x10000 + number, local_rtp, now_s
        )
        dialog.to = f"<sip:{self._user}@127.0.0.1:{self._far_port}>"
        dialog.target = f"sip:{self._user}@127.0.0.1:{self._far_port}"
        self._by_id[dialog.call_id] = dialog
        sdp = (
            f"v=0\r\no=- {number} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {local_rtp} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        )
        return dialog, self._keep(dialog, self._request(dialog, "INVITE", sdp), now_s)

    def hang_up(self, dialog: Dialog, now_s: float) -> bytes:
        """The BYE of a call that is up."""
        dialog.state = State.ENDING
        dialog.cseq += 1
        return self._keep(dialog, self._request(dialog, "BYE"), now_s)

    def on_message(self, data: bytes, now_s: float) -> list[bytes]:
        """What to say to a datagram from the far end."""
        text = data.decode("utf-8", "replace")
        dialog = self._by_id.get(header(text, "Call-ID"))
        if not text.startswith("SIP/2.0 "):
            return self._on_request(dialog, text)
        if dialog is None:
            return []
        return self._on_answer(dialog, text, int(text[8:11]), now_s)

    def due(self, now_s: float) -> Iterator[bytes]:
        """What must be sent again (RFC 3261, timers A and E); gives up after a while."""
        for dialog in self._by_id.values():
            if not dialog.pending or now_s < dialog.resend_s:
                continue
            if dialog.resends >= _RESENDS or now_s - dialog.started_s > ANSWER_TIMEOUT_S > 0:
                ending = dialog.state is State.ENDING
                self._end(dialog, State.ENDED if ending else State.FAILED, "no answer in time")
                continue
            dialog.resends += 1
            dialog.resend_s = now_s + T1_S * 2**dialog.resends
            yield dialog.pending.encode()

    def _on_request(self, dialog: Dialog | None, text: str) -> list[bytes]:
        method = text.split(" ", 1)[0]
        if method == "ACK":
            return []
        known = dialog is not None and dialog.state in (State.UP, State.ENDING)
        if dialog is not None and method == "BYE" and dialog.state is State.UP:
            self._end(dialog, State.FAILED, "the far end hung up")
        copied = "".join(
            f"{name}: {header(text, name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq")
        )
        status = "200 OK" if known and method in ("BYE", "OPTIONS") else "481 Unknown"
        return [f"SIP/2.0 {status}\r\n{copied}Content-Length: 0\r\n\r\n".encode()]

    def _on_answer(self, dialog: Dialog, text: str, status: int, now_s: float) -> list[bytes]:
        if header(text, "CSeq").endswith("BYE"):
            if status >= 200:
                self._end(dialog, State.ENDED, "")
            return []
        dialog.resend_s = now_s + 3600  # heard: no need to send the INVITE again
        if status < 200:
            return []
        dialog.to = header(text, "To") or dialog.to
        if status >= 300:
            if dialog.state is State.CALLING:
                self._end(dialog, State.FAILED, text[8:].split("\r\n", 1)[0])
            return [self._request(dialog, "ACK", answer_via=text).encode()]
        if dialog.state is State.CALLING:
            contact = re.search(r"<([^>]+)>", header(text, "Contact"))
            media = re.search(r"^m=audio (\d+) ", text, re.MULTILINE)
            dialog.target = contact[1] if contact else dialog.target
            dialog.far_rtp = int(media[1]) if media else 0
            dialog.setup_s = now_s - dialog.started_s
            dialog.state, dialog.pending = State.UP, ""
        return [self._request(dialog, "ACK").encode()]

    def _end(self, dialog: Dialog, state: State, why: str) -> None:
        dialog.state, dialog.why, dialog.pending = state, why, ""

    def _keep(self, dialog: Dialog, text: str, now_s: float) -> bytes:
        dialog.pending, dialog.resends = text, 0
        dialog.resend_s, dialog.started_s = now_s + T1_S, now_s
        return text.encode()

    def _request(self, dialog: Dialog, method: str, body: str = "", answer_via: str = "") -> str:
        # The ACK of a refusal belongs to the INVITE's transaction, that of a 200 does not.
        branch = f"z9hG4bK{dialog.call_id}-{dialog.cseq}" + (
            "-ack" if method == "ACK" and not answer_via else ""
        )
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} {dialog.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch={branch};rport\r\n"
            f"From: <sip:{self._prefix}@127.0.0.1:{self._port}>;tag=f{dialog.number}\r\n"
            f"To: {dialog.to}\r\nCall-ID: {dialog.call_id}\r\nCSeq: {dialog.cseq} {method}\r\n"
            f"Contact: <sip:{self._prefix}@127.0.0.1:{self._port}>\r\nMax-Forwards: 70\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

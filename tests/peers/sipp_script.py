"""SIPp scenarios from a few lines of Python, and SIPp's run.

A scenario calls our line in one dialog. SIPp fails, and with it the test, where an answer is
not the one that was expected.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.ports import free_port

PCMA = "m=audio [rtpstream_audio_port] RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\n" + (
    "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=ptime:20\n"
)
# SIPp says back what it hears on this one.
ECHO = PCMA.replace("[rtpstream_audio_port]", "[media_port]")


def sdp(media: str = PCMA, *, direction: str = "sendrecv", address: str = "[media_ip]") -> str:
    """A session description with one audio stream; `media` are its m= and a= lines."""
    return (
        f"v=0\no=carrier 1 [cseq] IN IP4 [local_ip]\ns=-\nc=IN IP4 {address}\nt=0 0\n"
        f"{media}a={direction}\n"
    )


class Script:
    """The caller's side of a dialog, step by step."""

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._cseq = 0
        self._answered = False
        self._early = False  # within a dialog that is not yet confirmed
        self._invite_at = self._invite_cseq = 0
        self._checks = 1

    def send(self, method: str, body: str = "", *, headers: str = "", kind: str = "") -> Script:
        """A request; `headers` are whole lines, `kind` the body's type (SDP by default)."""
        if method not in ("ACK", "CANCEL"):
            self._cseq += 1
        within = self._answered or self._early
        to = "[last_To:]" if within else "To: <sip:[service]@[remote_ip]:[remote_port]>"
        target = "[next_url]" if within else "sip:[service]@[remote_ip]:[remote_port]"
        branch = "[branch]"
        if method == "INVITE":
            self._invite_at = len(self._steps)
            self._invite_cseq = self._cseq
        elif method == "CANCEL" or (method == "ACK" and not self._answered):
            # They repeat the branch of their INVITE; SIPp counts back by steps.
            branch = f"[branch-{len(self._steps) - self._invite_at}]"
        number = self._invite_cseq if method in ("ACK", "CANCEL") else self._cseq
        text = (
            f"{method} {target} SIP/2.0\n"
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}\n"
            + ("[routes]\n" if within else "")
            + "From: <sip:13900139000@[local_ip]:[local_port]>;tag=sipp[call_number]\n"
            f"{to}\nCall-ID: [call_id]\nCSeq: {number} {method}\n"
            "Contact: <sip:13900139000@[local_ip]:[local_port];transport=[transport]>\n"
            "Max-Forwards: 70\n" + headers
        )
        if body:
            text += f"Content-Type: {kind or 'application/sdp'}\n"
        text += "Content-Length: [len]\n\n" + body.replace("[cseq]", str(self._cseq))
        again = "" if method == "ACK" else ' retrans="500"'
        return self._add(f"<send{again}><![CDATA[\n{text}\n]]></send>")

    def invite(self, body: str | None = None, headers: str = "") -> Script:
        return self.send("INVITE", sdp() if body is None else body, headers=headers)

    def expect(self, status: int, *checks: str, optional: tuple[int, ...] = (100, 180)) -> Script:
        """The next answer but the optional ones; `checks` are regexes that it must match."""
        for early in optional:
            self._add(f'<recv response="{early}" optional="true"/>')
        self._add(f'<recv response="{status}" rrs="true">{self._must_match(checks)}</recv>')
        if 200 <= status < 300:
            self._answered = True
        return self

    def expect_reliable(self, status: int) -> Script:
        """A provisional answer that wants a PRACK (RFC 3262)."""
        self._add('<recv response="100" optional="true"/>')
        number = '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" '
        self._checks = max(self._checks, 2)
        self._add(
            f'<recv response="{status}" rrs="true"><action>{number}assign_to="1"/></action></recv>'
        )
        return self

    def prack(self) -> Script:
        """The PRACK for it, and its 200."""
        self._early = True
        self.send("PRACK", headers=f"RAck: [$1] {self._cseq} INVITE\n")
        self._early = False
        return self._add('<recv response="200"/>')

    def reinvite(self, body: str, *checks: str) -> Script:
        return self.send("INVITE", body).expect(200, *checks, optional=(100,)).send("ACK")

    def expect_request(self, method: str, *checks: str) -> Script:
        return self._add(f'<recv request="{method}">{self._must_match(checks)}</recv>')

    def reply(self, status: str = "200 OK", body: str = "") -> Script:
        """The answer to the request that came last."""
        kind = "Content-Type: application/sdp\n" if body else ""
        return self._add(
            f"<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:]\n"
            "[last_Call-ID:]\n[last_CSeq:]\n"
            "Contact: <sip:13900139000@[local_ip]:[local_port];transport=[transport]>\n"
            f"{kind}Content-Length: [len]\n\n{body}\n]]></send>"
        )

    def pause(self, ms: int) -> Script:
        return self._add(f'<pause milliseconds="{ms}"/>')

    def do(self, command: str) -> Script:
        """A media command of SIPp such as ``rtp_stream="pause"``."""
        return self._add(f"<nop><action><exec {command}/></action></nop>")

    def bye(self) -> Script:
        """After a moment, so that the call has begun for our side too."""
        return self.pause(400).send("BYE").expect(200, optional=())

    def xml(self) -> str:
        steps = "\n".join(self._steps)
        if self._checks > 1:  # SIPp wants every variable used
            steps += f'\n<Reference variables="{",".join(map(str, range(1, self._checks)))}"/>'
        return f'<?xml version="1.0"?>\n<scenario name="call">\n{steps}\n</scenario>\n'

    def _must_match(self, checks: tuple[str, ...]) -> str:
        found = ""
        for check in checks:
            pattern = quoteattr(check)
            found += f'<ereg regexp={pattern} search_in="msg" check_it="true" '
            found += f'assign_to="{self._checks}"/>'
            self._checks += 1
        return f"<action>{found}</action>" if found else ""

    def _add(self, step: str) -> Script:
        self._steps.append(step)
        return self


def free_media_port() -> int:
    """The first of six ports that are free for RTP and RTCP: SIPp takes two for each stream."""
    while True:
        first = random.randrange(22700, 22990, 2)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + 6):
                probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", port))
            return first


async def run_sipp(script: Script, port: int, folder: Path, *, calls: int = 1) -> None:
    """Call our line at `port`; fails with SIPp's screen and messages if SIPp does."""
    (folder / "call.xml").write_text(script.xml())
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{port}", "-sf", "call.xml", "-s", "4008001234"),
        *("-m", str(calls), "-l", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1"),
        *("-p", str(free_port()), "-mp", str(free_media_port()), "-t", "u1", "-nostdin"),
        *(("-rtp_echo",) if "[media_port]" in script.xml() else ()),
        *("-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"),
        *("-timeout", "25s", "-timeout_error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        screen, _ = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        told = [screen.decode(errors="replace")[-1500:]]
        told += [
            (folder / name).read_text(errors="replace")
            for name in ("errors", "messages")
            if (folder / name).exists()
        ]
        raise AssertionError("SIPp failed\n" + "\n".join(told))

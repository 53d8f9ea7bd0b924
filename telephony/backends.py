"""What each SIP backend can do: the claims of docs/backends.md, which the tests hold it to.

`python -m telephony.backends` prints the table. No stack is imported here.
"""

from __future__ import annotations

import enum


class Function(enum.StrEnum):
    """One thing that a line may be asked to do; each has a scenario in the tests."""

    ANSWER = "answer a call"
    REFUSE = "refuse a call with any final status"
    CANCEL = "be cancelled while ringing"
    BYE_IN = "far end hangs up"
    BYE_OUT = "we hang up"
    EARLY_MEDIA = "early media (183)"
    DELAYED_OFFER = "INVITE without SDP"
    NO_COMMON_CODEC = "488 for codecs we lack"
    FAR_HOLD = "far end holds and resumes (re-INVITE)"
    UPDATE = "far end holds by UPDATE"
    OUR_HOLD = "we hold and resume"
    OPTIONS = "OPTIONS answered"
    DRAIN = "503 while draining, OPTIONS too"
    STRANGERS = "only trunks may ring"
    MALFORMED = "malformed packets on the SIP and RTP ports"
    HEADERS_IN = "extra headers of the INVITE"
    PCMA = "G.711A both ways at 35 dB or more"
    PCMU = "G.711U both ways at 35 dB or more"
    G722 = "G.722"
    DIGITS_IN = "DTMF in (RFC 4733)"
    DIGITS_OUT = "DTMF out (RFC 4733)"
    CLOCK = "a frame every 20 ms, whatever comes"
    FLUSH = "flush stops the sound"
    TAPS = "taps hear both directions"
    QUALITY = "packets received and lost, jitter"
    FAR_QUALITY = "what the far end received (RTCP)"
    DIAL = "dial: accepted, with headers"
    DIAL_REFUSED = "dial: busy, declined, failed"
    DIAL_NO_ANSWER = "dial: no answer, then CANCEL"
    DIAL_UNREACHABLE = "dial: unreachable"
    TRANSFER = "blind transfer (REFER)"
    ATTENDED = "attended transfer (REFER with Replaces)"
    REGISTER = "log in to a registrar"
    TCP = "SIP over TCP"
    TLS = "SIP over TLS, with SRTP"


SUPPORTED: dict[str, frozenset[Function]] = {
    "baresip": frozenset(Function),
    "pyvoip": frozenset(Function)
    - {
        Function.G722,
        Function.FAR_QUALITY,
        Function.TRANSFER,
        Function.ATTENDED,
        Function.TCP,
        Function.TLS,
    },
}
"""Function by backend; a claim that the tests find wrong, either way, fails them."""


def table() -> str:
    """The claims as a Markdown table, one function a row."""
    names = list(SUPPORTED)
    lines = [f"| function | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for function in Function:
        marks = ["yes" if function in SUPPORTED[name] else "no" for name in names]
        lines.append(f"| {function} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")

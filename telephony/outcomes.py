"""SIP's final answers as the outcomes the rest of the house acts upon. Sans-I/O."""

from __future__ import annotations

import re

from telephony.api import Hangup, HangupBy, TransferOutcome
from telephony.network_text import plain

_STATUS = re.compile(r"^\s*([1-6]\d\d)(?:\s+(.*))?$", re.DOTALL)
_USER = re.compile(r"sips?:([^@;>?\s]*)@|tel:([^;>?\s]*)", re.IGNORECASE)
_USER_CHARS_MAX = 128
_REASON_CHARS = 256
_CUT_AT = 1000
_SIP_URI = re.compile(
    r"sip:(?:[\w.~%!$&'()*+,/=-]{1,256}@)?"  # user
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])"  # host
    r"(?::[1-9]\d{0,4})?(?:;[\w.~%=-]{1,128}){0,8}",  # port, parameters
    re.ASCII,
)
_TRANSFERRED = "Call transfered"  # the stack's spelling

REASONS = {  # RFC 3261 section 21
    180: "Ringing",
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
}

_BUSY = {486, 600}
_DECLINED = {603, 607, 608}
_NO_ANSWER = {408, 480, 487}


def split_status(text: str) -> tuple[int | None, str]:
    """``486 Busy Here`` as (486, "Busy Here"); text without a status as (None, text)."""
    text = plain(text, _REASON_CHARS)
    match = _STATUS.match(text)
    return (int(match[1]), (match[2] or "").strip()) if match else (None, text.strip())


def outcome_of(status: int | None) -> TransferOutcome:
    """The outcome of a final SIP status (RFC 3261 §21); None is a failure of the transport."""
    if status is None:
        return TransferOutcome.UNREACHABLE
    if status in _BUSY:
        return TransferOutcome.BUSY
    if status in _DECLINED:
        return TransferOutcome.DECLINED
    if status in _NO_ANSWER:
        return TransferOutcome.NO_ANSWER
    return TransferOutcome.FAILED


def hangup_of(text: str, *, ours: bool, answered: bool) -> Hangup:
    """How a call ended that the stack closed with `text`; `ours`: we had asked for it.

    The stack reports a BYE or CANCEL of the far end as a connection reset, a refusal as its
    status and a completed REFER in its own words; every other text is a failure (lost media,
    transport).
    """
    text = plain(text, _REASON_CHARS)
    if text == _TRANSFERRED:
        return Hangup(HangupBy.LOCAL, "transferred")
    if ours:
        return Hangup(HangupBy.LOCAL, "hung up")
    if "reset by peer" in text:
        return Hangup(HangupBy.REMOTE, "BYE" if answered else "CANCEL")
    if split_status(text)[0] is not None:
        return Hangup(HangupBy.REMOTE, text)
    return Hangup(HangupBy.ERROR, text)


def user_part(address: str) -> str:
    """The user of a From or To value or URI; empty where it has none. Bounded in length."""
    if len(address) >= _CUT_AT:  # the stack cut it off, perhaps inside the user
        address += "@"
    match = _USER.search(address)
    return (match[1] or match[2] or "")[:_USER_CHARS_MAX] if match else ""


def check_sip_uri(uri: str) -> str:
    """`uri` itself if it is a plain ``sip:`` URI (RFC 3261 §19.1.1). Raises ValueError.

    Asked before the stack sees it: baresip 0.5.2a3 corrupts its memory over a URI that it
    cannot dial, and aborts the process when it closes.
    """
    if not _SIP_URI.fullmatch(uri):
        raise ValueError(f"sip:USER@HOST[:PORT] is expected, got {uri!r}")
    return uri

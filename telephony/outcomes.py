"""SIP's final answers as the outcomes the rest of the house acts upon. Sans-I/O."""

from __future__ import annotations

import re
from urllib.parse import quote

from telephony.api import HangupBy, TransferOutcome

_STATUS = re.compile(r"^\s*([1-6]\d\d)(?:\s+(.*))?$", re.DOTALL)
_USER = re.compile(r"sips?:([^@;>?\s]*)@|tel:([^;>?\s]*)", re.IGNORECASE)
_USER_CHARS_MAX = 128

_BUSY = {486, 600}
_DECLINED = {603, 607, 608}
_NO_ANSWER = {408, 480, 487}


def split_status(text: str) -> tuple[int | None, str]:
    """``486 Busy Here`` as (486, "Busy Here"); text without a status as (None, text)."""
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


def hangup_by(text: str, *, ours: bool) -> HangupBy:
    """Who ended a call that the stack closed with `text`; `ours`: we had asked for it.

    The stack reports a BYE or CANCEL of the far end as a connection reset and a refusal as its
    status; every other text is a failure (lost media, transport).
    """
    if ours:
        return HangupBy.LOCAL
    if "reset by peer" in text or split_status(text)[0] is not None:
        return HangupBy.REMOTE
    return HangupBy.ERROR


def user_part(address: str) -> str:
    """The user of a From or To value or URI; empty where it has none. Bounded in length."""
    match = _USER.search(address)
    return (match[1] or match[2] or "")[:_USER_CHARS_MAX] if match else ""


def refer_to(uri: str, headers: dict[str, str]) -> str:
    """A Refer-To value whose URI carries `headers` into the new INVITE (RFC 3261 §19.1.1).

    Raises ValueError for a URI that would break out of the header.
    """
    if not uri or re.search(r"[\s<>\"]", uri):
        raise ValueError(f"a SIP URI without spaces, quotes or brackets is expected, got {uri!r}")
    if not headers:
        return uri
    fields = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in headers.items())
    return f"<{uri}{'&' if '?' in uri else '?'}{fields}>"

"""The headers that we may add to an INVITE, or to one that we ask for by REFER. Sans-I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from telephony.outcomes import check_sip_uri

VALUE_BYTES_MAX = 1024
ALL_BYTES_MAX = 2048
"""Of all names and values together, encoded: a REFER is to fit into a few UDP fragments."""

_NAME = re.compile(r"X-[A-Za-z0-9-]{1,62}|User-to-User", re.IGNORECASE | re.ASCII)


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A copy of `headers` if each may be added to an INVITE.

    Names are ``X-…`` or ``User-to-User`` (RFC 7433): any other could steer the far end's
    routing or identity (RFC 3261 section 19.1.5). Values are free of control characters, which
    would end the header and begin another, also after the far end has decoded them. Raises
    ValueError.
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"header {name[:64]!r}: X-… or User-to-User is expected")
        if any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in value):
            raise ValueError(f"header {name}: a value without control characters is expected")
        if len(value.encode()) > VALUE_BYTES_MAX:
            raise ValueError(f"header {name}: at most {VALUE_BYTES_MAX} bytes are expected")
    if len(_uri_headers(headers)) > ALL_BYTES_MAX:
        raise ValueError(f"headers: at most {ALL_BYTES_MAX} bytes in all are expected")
    return dict(headers)


def refer_to(uri: str, headers: Mapping[str, str]) -> str:
    """A Refer-To value whose URI carries `headers` into the new INVITE (RFC 3261 §19.1.1).

    Raises ValueError for a URI or a header that must not travel.
    """
    check_sip_uri(uri)
    fields = _uri_headers(check_headers(headers))
    # Always in brackets: a bare URI's parameters would be read as those of the header.
    return f"<{uri}?{fields}>" if fields else f"<{uri}>"


def _uri_headers(headers: Mapping[str, str]) -> str:
    return "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in headers.items())

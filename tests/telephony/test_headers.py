"""Headers that we add to an INVITE or to Refer-To: which may travel, and how."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.headers import ALL_BYTES_MAX, VALUE_BYTES_MAX, check_headers, refer_to


def test_refer_to_keeps_headers_inside_the_uri() -> None:
    assert refer_to("sip:2001@pbx:5080", {}) == "<sip:2001@pbx:5080>"
    assert refer_to("sip:1@pbx;transport=tcp", {}) == "<sip:1@pbx;transport=tcp>"
    assert refer_to("sip:2001@pbx", {"X-A": "1>?&=", "X-B": "ü"}) == (
        "<sip:2001@pbx?X-A=1%3E%3F%26%3D&X-B=%C3%BC>"
    )
    assert refer_to("sip:2001@pbx", {"User-to-User": "5331;encoding=hex"}) == (
        "<sip:2001@pbx?User-to-User=5331%3Bencoding%3Dhex>"
    )


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"])
def test_control_characters_are_refused(sign: str) -> None:
    """Percent-encoded they would travel well, and break out where the far end decodes them."""
    with pytest.raises(ValueError, match="control"):
        check_headers({"X-Summary-Id": f"S1{sign}Route: <sip:evil>"})


@pytest.mark.parametrize(
    "name", ["Route", "From", "Replaces", "Content-Length", "X", "X-", "X-a:b", "X-ü", "", "X-a b"]
)
def test_only_headers_of_our_own_may_be_added(name: str) -> None:
    with pytest.raises(ValueError, match="X-"):
        refer_to("sip:2001@pbx", {name: "1"})


def test_length_is_bounded() -> None:
    assert check_headers({"X-A": "a" * VALUE_BYTES_MAX})
    with pytest.raises(ValueError, match="1024 bytes"):
        check_headers({"X-A": "张" * (VALUE_BYTES_MAX // 3 + 1)})
    with pytest.raises(ValueError, match="2048 bytes in all"):
        check_headers({f"X-{n}": "a" * (ALL_BYTES_MAX // 4) for n in range(5)})


@given(st.dictionaries(st.sampled_from(["X-A", "user-to-user", "X-B-9"]), st.text(max_size=60)))
def test_what_passes_stays_inside_its_header_and_is_read_back(headers: dict[str, str]) -> None:
    try:
        value = refer_to("sip:2001@pbx", headers)
    except ValueError:
        return
    assert not set(value) & set(' \r\n\t"\0')
    assert value.count("<") == value.count(">") == 1
    fields = value.strip("<>").partition("?")[2].split("&") if headers else []
    assert {unquote(k): unquote(v) for k, _, v in (f.partition("=") for f in fields)} == headers

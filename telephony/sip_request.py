"""A SIP request as it came, and what may be said to it: the words of the door. Sans-I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_COMPACT = {  # RFC 3261 section 7.3.3 and RFC 3515, 3892, 6665
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
}
VALUE_BYTES = 1024
"""Of a header's value, so many are looked at; what comes behind them is not known."""


@dataclass(frozen=True)
class RawRequest:
    """A SIP request as it came; all of it is the network's word.

    `headers` in their order, names in lower case and not abbreviated, values cut to 1024 bytes;
    `size` is the bytes of all names and values before the cut, `longest` those of the longest
    value.
    """

    method: str
    uri: str
    source: str
    port: int
    headers: tuple[tuple[str, str], ...]
    size: int
    longest: int = 0

    def all(self, name: str) -> list[str]:
        """The values of the headers of this (lower-case) name."""
        return [value for header, value in self.headers if header == name]

    def first(self, name: str) -> str:
        """The first of them; empty if there is none."""
        return next((value for header, value in self.headers if header == name), "")


@dataclass(frozen=True)
class Reply:
    """A final answer to a request. `headers` are whole lines without their line ends."""

    code: int
    reason: str
    headers: tuple[str, ...] = ()


Screen = Callable[[RawRequest], Reply | bool]
"""True lets a request through, False drops it without a word, a `Reply` answers it."""


def full_name(name: str) -> str:
    """A header's name in lower case and not abbreviated."""
    name = name.lower()
    return _COMPACT.get(name, name)

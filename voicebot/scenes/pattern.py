"""Regular expressions of packs, in time linear in the text whatever the pattern (RE2).

Python's own engine may take years over ``(A|A)*B``; patterns come from people who are no
programmers, and the texts from strangers. What RE2 does not know (look-ahead, back references) is
refused when the pack is read.
"""

from __future__ import annotations

import functools
from typing import Any

import re2

MAX_PROGRAM_BYTES = 1 << 20  # x{999}{999} and the like are refused instead of built
NEVER = "a^"


class PatternError(ValueError):
    """The text is no regular expression that RE2 takes; the message says why, in one line."""


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The compiled expression (``search``, ``fullmatch``). Raises PatternError."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM_BYTES
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options=options)
    except UnicodeEncodeError:
        raise PatternError("half a character") from None
    except re2.error as error:
        reason = error.args[0] if error.args else "unreadable"
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(" ".join(text.split())) from None


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches."""
    return compiled(pattern).fullmatch(text) is not None


def found(pattern: str, text: str) -> str:
    """The first match in `text`, letters in either case; empty: none."""
    match = compiled(pattern, True).search(text.encode(errors="replace").decode())
    return str(match.group()) if match else ""

"""Text that came over the network, made fit to be shown, logged and stored."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional overrides among them), surrogate, line and paragraph separator.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(text: str, most_chars: int) -> str:
    """`text` without characters that steer a terminal, a log or a page; cut to `most_chars`."""
    seen = (char for char in text if unicodedata.category(char) not in _UNSEEN)
    return "".join(seen)[:most_chars]

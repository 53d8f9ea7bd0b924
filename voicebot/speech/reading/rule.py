"""What a reading rule is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A pattern and a function from its match to spoken text.

    Spoken text is Chinese characters, spaced single letters and the pauses ``，。、``; it is
    never read again. If the pattern has a group `cue`, that stays as written and only what
    follows it is replaced. `name` is shown by ``voicebot say --explain``.
    """

    name: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], str]

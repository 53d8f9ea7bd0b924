"""What a reading rule is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A pattern and a function from its match to spoken text.

    Spoken text is Chinese characters, single letters and the pauses ``，。、``; it is never read
    again. If the pattern has a group `cue`, that stays as written and only what follows it is
    replaced. `pause`: a space between this and another reading before it is heard as a pause
    (``DDR4 10GbE`` is two things). A rule with `digit` is not tried on a text without one, as
    most of what is said has none. One of a pack's `own` comes first, and takes of a link all or
    nothing. `name` is shown by ``voicebot say --explain``.
    """

    name: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], str]
    pause: bool = True
    digit: bool = False
    own: bool = False


def rule(
    name: str,
    pattern: str,
    read: Callable[[re.Match[str]], str],
    *,
    pause: bool = True,
    digit: bool = True,
) -> Rule:
    """A rule that wants a digit somewhere in the text unless it says that it does not.

    Its pattern ignores case. Classes like ``\\d`` are ASCII: `plain` has made every other digit
    one.
    """
    return Rule(name, re.compile(pattern, re.I | re.A), read, pause, digit)


# What a number or code may not begin after, and not end before.
START = r"(?<![A-Z0-9.])"
END = r"(?![A-Z0-9]|\.\d)"
NUMBER = r"\d{1,12}(?:\.\d{1,6})?"
TO = r"\s{0,2}(?:-|~|—{1,2}|至|到)\s{0,2}"

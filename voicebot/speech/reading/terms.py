"""Terms read as a whole: a pack's own readings and the trade's English lexicon, as rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import Rule


def term_rule(name: str, readings: Mapping[str, str]) -> Rule:
    """A rule that finds the keys of `readings`, longest first, any case, and gives their values.

    `readings` must not be empty.
    """
    by_key = {key_of(term): reading.strip() for term, reading in readings.items()}
    longest_first = sorted(by_key, key=lambda key: (-len(key), key))
    pattern = re.compile("|".join(map(_pattern, longest_first)), re.I)
    return Rule(name, pattern, lambda match: by_key[key_of(match.group())])


def raid_rule(reading: str) -> Rule:
    """RAID levels, digit by digit: ``RAID10`` -> 锐德一零, ``RAID 0/1/5`` -> 锐德零、一、五."""

    def read(match: re.Match[str]) -> str:
        levels = re.findall(r"\d+", match["levels"])
        return reading + "、".join(d.one_by_one(level, yao=False) for level in levels)

    pattern = (
        r"(?<![A-Z0-9])RAID[\s-]?(?P<levels>\d{1,2}(?:\s?[/、]\s?\d{1,2}(?![\d个块台]))*)"
        r"(?!\.?\d|[A-Z])"
    )
    return Rule("raid", re.compile(pattern, re.I), read)


def key_of(term: str) -> str:
    """The written form by which a term is known: upper case, single spaces."""
    return re.sub(r"\s+", " ", term.strip()).upper()


def _pattern(key: str) -> str:
    """A term of letters must not begin or end inside a longer word or code."""
    before = r"(?<![A-Za-z0-9])" if re.match("[A-Z0-9]", key) else ""
    after = ""
    if re.search("[0-9]$", key):
        after = r"(?![A-Za-z0-9])"
    elif re.search("[A-Z]$", key):
        after = r"(?![A-Za-z]|[-_]?\d{3}|\d+[A-Za-z])"  # LED1 is LED and 1; RAM9A is a code
    return before + re.escape(key).replace(r"\ ", r"\s+") + after

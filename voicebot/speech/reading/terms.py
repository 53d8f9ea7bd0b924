"""Rules made of lists: the lexicon, a pack's own terms, RAID levels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import Rule, rule


def term_rule(name: str, readings: Mapping[str, str]) -> Rule:
    """A rule that finds the keys of `readings`, longest first, any case, and gives their values.

    `readings` must not be empty.
    """
    by_key = {key_of(term): reading.strip() for term, reading in readings.items()}
    longest_first = sorted(by_key, key=lambda key: (-len(key), key))
    pattern = "|".join(map(_pattern, longest_first))
    return rule(name, pattern, lambda match: by_key[key_of(match.group())], digit=False)


def raid_rule(reading: str) -> Rule:
    """RAID levels, digit by digit: ``RAID10`` -> 锐德一零, ``RAID 0/1/5`` -> 锐德零、一、五."""

    def read(match: re.Match[str]) -> str:
        levels = re.split(r"\s?([/、+])\s?", match["levels"])
        signs = {"/": "、", "、": "、", "+": "加"}
        return reading + "".join(signs.get(x) or d.one_by_one(x, yao=False) for x in levels)

    pattern = (
        r"(?<![A-Z0-9])RAID[\s-]?(?P<levels>\d{1,2}(?:\s?[/、+]\s?\d{1,2}(?![\d个块台条])){0,8})"
        r"(?!\.?\d|[A-Z])"
    )
    return rule("raid", pattern, read)


def key_of(term: str) -> str:
    """The written form by which a term is known: upper case, single spaces."""
    return re.sub(r"\s+", " ", term.strip()).upper()


def _pattern(key: str) -> str:
    """A term of letters must not begin or end inside a longer word or code."""
    before = r"(?<![A-Z0-9])" if re.match("[A-Z0-9]", key) else ""
    after = ""
    if re.search("[0-9]$", key):
        after = r"(?![A-Z0-9]|[-.]\d)"  # DDR4-3200 is a rule's
    elif re.search("[A-Z]$", key):
        after = r"(?![A-Z]|[-_]?\d{3}|\d+[A-Z])"  # LED1 is LED and 1; RAM9A is a code
    return before + re.escape(key).replace(r"\ ", r"\s") + after

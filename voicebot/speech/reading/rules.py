"""The order in which the built-in rules are tried.

A rule takes its text away from all later ones. So what is exact comes before what is general:
links, passwords and keys, codes and addresses, the lexicon, quantities, models, bare numbers.
"""

from __future__ import annotations

from voicebot.speech.reading.codes import (
    CODES,
    FILES,
    LATE_VERSIONS,
    MODELS,
    PASSWORDS,
    PHONES,
    PROCESSORS,
    VERSIONS,
)
from voicebot.speech.reading.dates import DATES
from voicebot.speech.reading.keys import KEYS
from voicebot.speech.reading.network import ADDRESSES
from voicebot.speech.reading.quantities import EARLY_QUANTITIES, NUMBERS, QUANTITIES
from voicebot.speech.reading.rule import Rule

BEFORE_LEXICON: tuple[Rule, ...] = (
    *PASSWORDS,
    *FILES,
    *KEYS,
    *PHONES,
    *VERSIONS,
    *ADDRESSES,
    *DATES,
    *CODES,
    *PROCESSORS,
)
AFTER_LEXICON: tuple[Rule, ...] = (
    *EARLY_QUANTITIES,
    *LATE_VERSIONS,
    *QUANTITIES,
    *MODELS,
    *NUMBERS,
)

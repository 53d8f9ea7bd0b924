"""Of which product a figure is: a passage on two of them must not lend one's figures to the other.

Works on text that `voicebot.language.numerals.plain` has normalised.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"(?<![A-Z0-9])[A-Z]{1,4}\d{3,5}[A-Z]?\d{0,2}(?![A-Z0-9])")
_SENTENCE = re.compile(r"[^。；;\n]+")


def of_owner(said: str, source: str) -> str:
    """What `source` says of the one product that `said` names; all of it where that is not clear.

    A sentence without a product's name goes on about the last one named.
    """
    named = set(_CODE.findall(said))
    products = set(_CODE.findall(source))
    if len(named) != 1 or len(products) < 2 or not named <= products:
        return source
    (owner,) = named
    kept: list[str] = []
    about: set[str] = set()
    for sentence in _SENTENCE.findall(source):
        about = set(_CODE.findall(sentence)) or about
        if not about or owner in about:
            kept.append(sentence)
    return "。".join(kept)

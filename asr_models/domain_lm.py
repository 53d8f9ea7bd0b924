"""A small language model of a domain: character trigrams of its own texts, interpolated.

A pack has some ten thousand characters: enough to prefer 硬盘亮黄灯 to 应盘量皇登, not to write.
Trained when loaded (tens of milliseconds). Interpolation after Jelinek and Mercer, with weights
by how often the context was seen (Witten and Bell).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from asr_models.script import normalize_script, strip_punctuation

_ORDER = 3
_ALPHABET = 6000  # characters a text may have: what was never seen costs as one of these


class DomainLm:
    """Log-probabilities of texts. Immutable after construction; thread-safe."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._followed: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        for text in texts:
            self._add(_plain(text))

    def score(self, text: str) -> float:
        """The mean log-probability (natural log) of a character of `text`; 0 for an empty one."""
        plain = _plain(text)
        if not plain:
            return 0.0
        padded = "\n" * (_ORDER - 1) + plain
        logs = [
            math.log(self._chance(padded[place - _ORDER + 1 : place], padded[place]))
            for place in range(_ORDER - 1, len(padded))
        ]
        return sum(logs) / len(logs)

    def _add(self, plain: str) -> None:
        padded = "\n" * (_ORDER - 1) + plain
        for place in range(_ORDER - 1, len(padded)):
            for size in range(_ORDER):
                context, char = padded[place - size : place], padded[place]
                if not self._counts[context + char]:
                    self._kinds[context] += 1
                self._counts[context + char] += 1
                self._followed[context] += 1

    def _chance(self, context: str, char: str) -> float:
        chance = 1.0 / _ALPHABET
        for size in range(len(context) + 1):
            tail = context[len(context) - size :]
            seen, kinds = self._followed[tail], self._kinds[tail]
            if seen:
                chance = (self._counts[tail + char] + kinds * chance) / (seen + kinds)
        return chance


def _plain(text: str) -> str:
    return strip_punctuation(normalize_script(text)).upper()

"""Where Chinese words begin and end (jieba's dictionary, loaded at the first question)."""

from __future__ import annotations

import functools
import logging

import jieba

jieba.setLogLevel(logging.WARNING)  # its loading messages are no business of a caller


def load_dictionary() -> None:
    """Load jieba's dictionary, which takes a second or so, unless it is there."""
    jieba.initialize()


@functools.lru_cache(maxsize=4096)
def word_bounds(text: str) -> frozenset[int]:
    """Return the positions in `text` at which a word begins or ends.

    Characters that form no known word stand alone, so that a misheard term is not glued to
    its neighbours.
    """
    bounds = {0}
    for _, _, end in jieba.tokenize(text, HMM=False):
        bounds.add(end)
    return frozenset(bounds)


def is_word(text: str) -> bool:
    """Whether the dictionary has `text` as a word of common use."""
    load_dictionary()
    return bool(jieba.dt.FREQ.get(text))

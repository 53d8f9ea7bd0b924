"""What was heard, bare: no punctuation, one width, and how it sounds."""

from __future__ import annotations

import functools
import unicodedata

from pypinyin import Style, lazy_pinyin

Sound = tuple[str, ...]


@functools.lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """Letters, digits and characters alone, half-width and lower case.

    A recognizer's punctuation is a guess from the same words, so that it proves nothing.
    """
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


@functools.lru_cache(maxsize=4096)
def sound(text: str) -> Sound:
    """Toneless pinyin of `bare(text)`, one entry a character; other characters stay themselves.

    zh/z, ch/c, sh/s and front and back nasals count as one, as accents and ears blur them.
    """
    syllables: list[str] = []
    for char in text:
        syllables.append(_fold(lazy_pinyin(char, style=Style.NORMAL)[0]))
    if any("\u4e00" <= char <= "\u9fff" for char in text):
        in_context = lazy_pinyin(text, style=Style.NORMAL)
        if len(in_context) == len(text):
            return tuple(map(_fold, in_context))
    return tuple(syllables)


def _fold(syllable: str) -> str:
    for retroflex, flat in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(retroflex):
            syllable = flat + syllable[2:]
    return syllable[:-1] if syllable.endswith(("ing", "eng", "ang")) else syllable

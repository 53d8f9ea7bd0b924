"""How far a text has been said, and where another voice may go on with it."""

from __future__ import annotations

_FIGURES = frozenset("零〇一二三四五六七八九十百千万亿两幺点洞拐勾")


def said_up_to(text: str, said: int, words: str) -> int:
    """Where in `text` the next `words` end, if all before `said` was said before.

    Only letters, figures and characters count: a voice may leave marks and spaces out. Marks that
    follow the words are theirs.
    """
    left = sum(char.isalnum() for char in words)
    at = said
    while at < len(text) and (left > 0 or not text[at].isalnum()):
        left -= text[at].isalnum()
        at += 1
    return at if any(char.isalnum() for char in words) else said


def may_part(text: str, at: int) -> bool:
    """Whether the rest of `text` from `at` on can be said by itself.

    Not where a number or a code begins or goes on: what it is, is told by what comes before it.
    """
    if at >= len(text):
        return True
    after = text[at]
    if after.isascii() and after.isalnum():
        return False
    before = text[:at].rstrip(" ")[-1:]
    return not (
        after in _FIGURES and (before in _FIGURES or (before.isascii() and before.isalnum()))
    )


def speakable(text: str) -> bool:
    """Whether there is anything in `text` that can be said."""
    return any(char.isalnum() for char in text)

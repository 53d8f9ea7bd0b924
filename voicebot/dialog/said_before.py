"""What the caller has heard in this call: nobody is told the same sentence twice unasked."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.dialog.textforms import sentences

SHORT_CHARS = 6  # shorter sentences (好的。) may come again


class SaidBefore:
    """The texts that were said in a call, and their sentences."""

    def __init__(self, spoken: Iterable[str]) -> None:
        self._spoken = tuple(spoken)
        self._sentences = {part for text in self._spoken for part in _long(text)}

    def whole(self, text: str) -> bool:
        """Whether `text` was said, by itself or with a lead before it."""
        return any(text in said for said in self._spoken)

    def same(self, sentence: str) -> bool:
        """Whether this very sentence was said."""
        return sentence in self._sentences

    def any_of(self, text: str) -> bool:
        """Whether a sentence of `text` was said, or all of it within a longer one."""
        return any(part in self._sentences for part in _long(text)) or self.whole(text)

    def fresh(self, parts: Iterable[str]) -> tuple[str, ...]:
        """What of the pieces of an answer was not said, sentence by sentence; a piece of short
        sentences alone may come again."""
        left = []
        for part in parts:
            kept = [each for each in sentences(part) if each not in self._sentences]
            if kept and (any(len(each) > SHORT_CHARS for each in kept) or not _long(part)):
                left.append("".join(kept))
        return tuple(left)


def _long(text: str) -> list[str]:
    return [each for each in sentences(text) if len(each) > SHORT_CHARS]

"""What the caller has heard in this call: nobody is told the same sentence twice unasked."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.dialog.events import Citation
from voicebot.dialog.textforms import sentences

SHORT_CHARS = 6  # shorter sentences (好的。) may come again


class SaidBefore:
    """The texts that were said in a call, their sentences, and the sources of its answers."""

    def __init__(self, spoken: Iterable[str], answered: Iterable[str] = ()) -> None:
        self._spoken = tuple(spoken)
        self._answered = frozenset(answered)
        self._sentences = {part for text in self._spoken for part in long_sentences(text)}

    def whole(self, text: str) -> bool:
        """Whether `text` was said, by itself or with a lead before it."""
        return any(text in said for said in self._spoken)

    def same(self, sentence: str) -> bool:
        """Whether this very sentence was said."""
        return sentence in self._sentences

    def any_of(self, text: str) -> bool:
        """Whether a sentence of `text` was said, or all of it within a longer one."""
        return any(part in self._sentences for part in long_sentences(text)) or self.whole(text)

    def told(self, source: str) -> bool:
        """Whether an answer out of `source`, or a piece of it, was said."""
        return source in self._answered

    def left(self, parts: tuple[str, ...], source: str) -> tuple[str, ...]:
        """What is to be said of an answer out of `source`: all of it, though a step of it be one of
        another answer too, unless all was said; of one that was told, what was not said."""
        fresh = self.fresh(parts)
        return fresh if self.told(source) or not fresh else parts

    def left_of_advice(self, parts: tuple[str, ...], scene: str, branch: str) -> tuple[str, ...]:
        """The same of a scene's advice."""
        return self.left(parts, branch_source(scene, branch))

    def fresh(self, parts: Iterable[str]) -> tuple[str, ...]:
        """What of the pieces of an answer was not said, sentence by sentence; a piece of short
        sentences alone may come again."""
        left = []
        for part in parts:
            kept = [each for each in sentences(part) if each not in self._sentences]
            if kept and (any(len(each) > SHORT_CHARS for each in kept) or not long_sentences(part)):
                left.append("".join(kept))
        return tuple(left)


def branch_source(scene: str, branch: str) -> str:
    """What a scene's own advice is known by as a source."""
    return f"{scene}/{branch}"


def sources(citations: Iterable[Citation], scene: str, branch: str) -> tuple[str, ...]:
    """What an answer with these citations, or of this branch, is out of."""
    own = (branch_source(scene, branch),) if branch else ()
    return (*own, *(each.id for each in citations))


def long_sentences(text: str) -> list[str]:
    """The sentences of `text` that are not said twice."""
    return [each for each in sentences(text) if len(each) > SHORT_CHARS]

"""Text to tokens and back for a model folder: prefixes to keep, marks that end, letters, quotes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from tokenizers import Tokenizer

from voicebot.errors import LanguageError
from voicebot.language.api import LETTERS, FewShot
from voicebot.language.chat_template import CHATML_MARK, END_MARKS, ChatTemplate

_UNFINISHED = "\ufffd"  # of a character whose last byte is in the next token


class ModelText:
    """The tokenizer and the chat template of a folder. Raises LanguageError if one is missing.

    `letters` holds for each of A to H the ids under which an answer may begin with it; `ends` the
    marks after which the model says no more; `quotes` the tokens that begin with a quote.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises bare Exceptions
            raise LanguageError(f"language: {folder}: tokenizer.json: {error}") from None
        knows_chatml = self._tokenizer.token_to_id(CHATML_MARK) is not None
        self._template = ChatTemplate.of(folder, knows_chatml=knows_chatml)
        self._prefixes: dict[FewShot, list[str]] = {}
        vocabulary = self._tokenizer.get_vocab()
        self.letters = [_forms(vocabulary, letter) for letter in LETTERS]
        if not all(self.letters):
            raise LanguageError(f"language: {folder}: its vocabulary lacks a letter of {LETTERS}")
        self.ends = [vocabulary[mark] for mark in END_MARKS if mark in vocabulary]
        self.quotes = sorted(
            number for token, number in vocabulary.items() if token.lstrip("Ġ▁").startswith('"')
        )

    def tokens(self, head: FewShot, prompt: str) -> tuple[list[str], list[str]]:
        """(what every prompt under this head begins with, the rest of this one)."""
        if head not in self._prefixes:
            self._prefixes[head] = self._common(head)
        prefix, whole = self._prefixes[head], self.pieces(self._template.render(head, prompt))
        if whole[: len(prefix)] != prefix:
            return [], whole
        return prefix, whole[len(prefix) :]

    def pieces(self, text: str) -> list[str]:
        """The tokens of `text` as it stands."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    def count(self, text: str) -> int:
        """How many tokens that are."""
        return len(self.pieces(text))

    def decode(self, ids: list[int]) -> str:
        """The text of these tokens, without marks."""
        return str(self._tokenizer.decode(ids))

    def stream(self, on_text: Callable[[str], None]) -> Callable[[int], None]:
        """What to tell each token to, so that `on_text` is told whole characters only."""
        ids: list[int] = []
        told = 0

        def each(token: int) -> None:
            nonlocal told
            if token in self.ends:
                return
            ids.append(token)
            text = self.decode(ids)
            if not text.endswith(_UNFINISHED) and len(text) > told:
                on_text(text[told:])
                told = len(text)

        return each

    def _common(self, head: FewShot) -> list[str]:
        """What two different prompts begin with; the last token of it might melt into a third's."""
        one, other = (self.pieces(self._template.render(head, text)) for text in ("甲", "乙、丙"))
        pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        return [token for token, _ in pairs][:-1]


def _forms(vocabulary: dict[str, int], letter: str) -> list[int]:
    """The ids of a letter, with and without the mark for a space before it."""
    found = (vocabulary.get(mark + letter) for mark in ("", "Ġ", "▁"))
    return [number for number in found if number is not None]

"""One clause of the online voice: MP3 and words in, `Chunk`s out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voicebot.speech.api import Chunk, Pcm
from voicebot.speech.edge_audio import CODEC_DELAY_S, EDGE_RATE, Mp3Error, Mp3Stream
from voicebot.speech.edge_words import SpokenWords

_LEAST_CHARACTER_S = 0.03  # a text that is over sooner than this a character was not all spoken
_MOST_CHARACTER_S = 1.5
_MOST_SILENCE_S = 10.0


class EdgeClause:
    """Holds sound back until the word in it is over.

    So a clause that breaks off breaks off between two words (a code counts as one): what was
    yielded is said in full, what was not has not been heard. Where no words are reported, all
    sound is held back to the end.
    """

    def __init__(self, words: SpokenWords, characters: int) -> None:
        self._words, self._characters = words, characters
        self._mp3 = Mp3Stream()
        self._held: Pcm = np.zeros(0, np.int16)
        self._given = 0

    def word(self, word: str, start_s: float, end_s: float) -> Iterator[Chunk]:
        """Take a word with its times; yield what is complete by it."""
        self._words.add(word, start_s, end_s)
        yield from self._complete()

    def audio(self, data: bytes) -> Iterator[Chunk]:
        """Take MP3; yield what is complete by it. Raises Mp3Error."""
        self._hold(self._mp3.feed(data))
        if self._sound_s > self._characters * _MOST_CHARACTER_S + _MOST_SILENCE_S:
            raise Mp3Error("more sound came than its text can be")
        yield from self._complete()

    def end(self) -> Iterator[Chunk]:
        """All has come: yield the rest. Raises Mp3Error if it cannot be all of the text."""
        self._hold(self._mp3.end())
        if self._sound_s < self._characters * _LEAST_CHARACTER_S:
            raise Mp3Error("less sound came than its text can be")
        yield from self._complete()
        text = self._words.rest()
        if text or len(self._held):
            yield Chunk(self._held, text)
        self._held = self._held[:0]

    @property
    def is_said(self) -> bool:
        """Whether every word has been yielded, so that only silence can follow."""
        return self._words.is_over

    @property
    def _sound_s(self) -> float:
        return (self._given + len(self._held)) / EDGE_RATE

    def _hold(self, pcm: Pcm) -> None:
        self._held = np.concatenate([self._held, pcm])

    def _complete(self) -> Iterator[Chunk]:
        while (said := self._words.said_by(self._sound_s - CODEC_DELAY_S)) is not None:
            count = max(0, round((said.at_s + CODEC_DELAY_S) * EDGE_RATE) - self._given)
            pcm, self._held = self._held[:count], self._held[count:]
            self._given += len(pcm)
            yield Chunk(pcm, said.text)

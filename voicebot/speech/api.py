"""What a voice is to the rest of the house: `Voice`, and the `Clause` it speaks at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
LINE_RATE = 8000


@dataclass(frozen=True)
class Clause:
    """A piece of an utterance that is synthesised and played as one.

    `text` is written text (the voice reads ``RAID5`` by itself), `index` counts from 0 within
    the utterance, `pause_ms` is the silence that belongs after it.
    """

    text: str
    index: int
    pause_ms: int


@dataclass(frozen=True)
class Chunk:
    """A stretch of a clause's sound: mono int16, shape (n,), at the voice's `stream_rate`.

    `text` is the written text that has been said in full when `pcm` ends and had not been before
    it; empty where a voice cannot tell yet. The texts of a clause's chunks, joined, are its text.
    """

    pcm: Pcm
    text: str = ""


class Voice(Protocol):
    """Speech from written text. Thread-safe; blocking (CPU-bound or waiting for a network)."""

    @property
    def name(self) -> str:
        """The voice as people know it, e.g. ``zf_xiaobei``."""

    @property
    def sample_rate(self) -> int:
        """Rate of what `render` returns, in Hz."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would sound different; part of every cache key."""

    def warm_up(self) -> None:
        """Load what is loaded late, so that the first clause of a call does not pay for it."""

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        """Speak one clause of `plain` written text; the voice's own front end reads it.

        Returns mono int16, shape (n,), trimmed, levelled and faded at its edges; n is 0 if the
        text holds nothing to say. Raises VoiceError if it cannot, or not within `timeout_s`.
        """


class StreamingVoice(Voice, Protocol):
    """A voice that can be heard before its clause is done.

    One that tells words as it goes may have an attribute ``tells_words = True``: what it says
    without text then waits for the text, so that no word is said twice when another voice follows.
    """

    @property
    def stream_rate(self) -> int:
        """Rate of the chunks of `stream`, in Hz."""

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        """Speak one clause as it is made: what `render` returns, in pieces and not yet shaped.

        `timeout_s` bounds the wait for the first chunk and between two chunks. Once `stop` is set
        nothing more is made, and the iterator ends. Raises VoiceError, at whichever chunk it
        comes to that: what was yielded before stays said.
        """

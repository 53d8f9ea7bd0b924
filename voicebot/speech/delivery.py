"""One voice speaks one clause: its chunks to line audio, in pieces that can be accounted for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from voicebot.errors import VoiceError
from voicebot.speech.api import Chunk, Pcm, StreamingVoice, Voice
from voicebot.speech.in_time import in_time
from voicebot.speech.progress import may_part, said_up_to
from voicebot.speech.shaper import Shaper, VoiceLevels

_GRACE_S = 0.5  # a voice that keeps its deadline by itself has the better error


@dataclass(frozen=True)
class Spoken:
    """Line audio (int16, 8 kHz, shape (n,)) and the voice it came from.

    `text` is what has been said in full when `pcm` ends and had not been before it. `whole` comes
    with the last piece of a clause that one voice spoke to its end: all of it, levelled as one.
    `kept`: it was at hand, and not made for this.
    """

    pcm: Pcm
    voice: str
    fingerprint: str
    text: str = ""
    whole: Pcm | None = None
    kept: bool = False


@dataclass(frozen=True)
class Limits:
    """How long may pass until the first chunk, and from one to the next.

    `asked`: the voice is told too, and may say better itself why it was late.
    """

    first_s: float
    next_s: float
    asked: bool = True

    @property
    def timeout_s(self) -> float | None:
        """For the voice."""
        return self.first_s if self.asked else None


def deliver(
    voice: Voice,
    text: str,
    *,
    limits: Limits,
    careful: bool = True,
    levels: VoiceLevels,
    stop: threading.Event,
) -> Iterator[Spoken]:
    """Speak `text`, at least one piece, the last with the rest of the text.

    `careful`: another voice follows if this one fails. Then a voice that tells its words gives no
    sound out before it is known what it says, and that the rest could be said alone: else words
    would be said twice. One that tells them with the last chunk is heard at once; should it break
    off, the clause begins anew. Else everything is given out as it comes.

    Raises VoiceError, at whichever piece it comes to that; whatever else the voice raises too
    comes as one.
    """
    try:
        if hasattr(voice, "stream"):
            yield from _streamed(cast(StreamingVoice, voice), text, limits, careful, levels, stop)
        else:
            pcm = voice.render(text, timeout_s=limits.timeout_s)
            yield Spoken(pcm, voice.name, voice.fingerprint, text, pcm)
    except VoiceError:
        if not stop.is_set():  # some can only be stopped by an error
            raise
    except Exception as error:  # whatever a voice's library raises: another one must go on
        raise VoiceError(f"voice {voice.name}: {type(error).__name__}: {error}") from error


def _streamed(
    voice: StreamingVoice,
    text: str,
    limits: Limits,
    careful: bool,
    levels: VoiceLevels,
    stop: threading.Event,
) -> Iterator[Spoken]:
    shaper = Shaper(voice.stream_rate, levels.get(voice.fingerprint))
    pieces = _Pieces(voice, text, shaper, careful=careful)
    try:
        for chunk in _chunks(voice, text, limits, stop):
            if (piece := pieces.of(chunk)) is not None:
                yield piece
    except Exception:
        if (piece := pieces.broken_off()) is not None:
            yield piece
        raise
    if stop.is_set():
        return
    levels.learn(voice.fingerprint, shaper.level_dbov)
    yield pieces.last()


def _chunks(
    voice: StreamingVoice, text: str, limits: Limits, stop: threading.Event
) -> Iterator[Chunk]:
    return in_time(
        voice.name,
        lambda ours: voice.stream(text, timeout_s=limits.timeout_s, stop=ours),
        first_s=limits.first_s + min(_GRACE_S, limits.first_s / 4),
        next_s=limits.next_s,
        stop=stop,
    )


class _Pieces:
    """Turns chunks into pieces; what a following voice would have to say again waits."""

    def __init__(self, voice: Voice, text: str, shaper: Shaper, *, careful: bool) -> None:
        self._voice, self._text, self._shaper = voice, text, shaper
        self._careful = careful
        self._held: list[Pcm] = []
        self._known = self._given = 0
        self._tells_words = bool(getattr(voice, "tells_words", False))
        self._sounded = False

    def of(self, chunk: Chunk) -> Spoken | None:
        """What may be given out now that `chunk` has come."""
        self._held.append(chunk.pcm)
        self._known = said_up_to(self._text, self._known, chunk.text)
        self._tells_words = self._tells_words or self._known > 0
        parts = self._known > self._given and may_part(self._text, self._known)
        if self._careful and self._tells_words and not parts:
            return None
        if self._known == len(self._text) and not self._sounded:
            return None  # the whole clause in one: levelled as one
        pcm = self._shaped()
        self._sounded = self._sounded or len(pcm) > 0
        if not len(pcm):  # all silence so far: the words go with the sound
            return None
        return self._spoken(pcm, self._known if parts else self._given)

    def last(self) -> Spoken:
        """The rest, the voice having come to its end."""
        pcm = np.concatenate([self._shaped(), self._shaper.close()])
        whole = self._shaper.whole()
        return self._spoken(pcm if self._sounded else whole, len(self._text), whole)

    def broken_off(self) -> Spoken | None:
        """The end of what was given out, faded, the voice having failed."""
        if not self._sounded:
            return None
        return self._spoken(self._shaper.close(), self._given)

    def _shaped(self) -> Pcm:
        held, self._held = self._held, []
        return self._shaper.push(np.concatenate(held)) if held else np.zeros(0, np.int16)

    def _spoken(self, pcm: Pcm, up_to: int, whole: Pcm | None = None) -> Spoken:
        text, self._given = self._text[self._given : up_to], max(up_to, self._given)
        return Spoken(pcm, self._voice.name, self._voice.fingerprint, text, whole)

"""Several voices, one after the other: the first that speaks in time is heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from voicebot.errors import VoiceError
from voicebot.speech.api import Pcm, Voice

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Spoken:
    """Audio (int16, shape (n,)) and the voice it came from."""

    pcm: Pcm
    voice: str
    fingerprint: str


class Breaker:
    """Leaves a failing voice alone for a while, then lets one clause try it again.

    Opens after `failures` in a row, for `rest_s`. Thread-safe. `clock` gives seconds.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        rest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._rest_s, self._clock = failures, rest_s, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._closed_again_s = 0.0

    def allows(self) -> bool:
        """Whether the voice may be tried now. When the rest is over, one caller gets a trial."""
        with self._lock:
            if self._failed < self._limit:
                return True
            if self._clock() < self._closed_again_s:
                return False
            self._closed_again_s = self._clock() + self._rest_s
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        with self._lock:
            self._failed += 1
            self._closed_again_s = self._clock() + self._rest_s


class VoiceChain:
    """A `Voice` made of several, best first.

    Each voice but the last gets `deadline_s` a clause, or the `timeout_s` of the request; one
    that fails or is late is followed by the next. The last one is always tried.

    Raises ValueError for an empty chain.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        *,
        deadline_s: float = 6.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not voices:
            raise ValueError("a voice chain needs at least one voice")
        self._voices = tuple(voices)
        self._breakers = tuple(Breaker(clock=clock) for _ in voices)
        self._deadline_s = deadline_s

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Best first."""
        return self._voices

    @property
    def name(self) -> str:
        """The names of all voices, best first."""
        return " > ".join(voice.name for voice in self._voices)

    @property
    def sample_rate(self) -> int:
        return self._voices[0].sample_rate

    @property
    def fingerprint(self) -> str:
        """The first voice's: what the others say is never kept as if it were the first's."""
        return self._voices[0].fingerprint

    def warm_up(self) -> None:
        for voice in self._voices:
            voice.warm_up()

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        return self.speak(text, timeout_s=timeout_s).pcm

    def speak(self, text: str, *, timeout_s: float | None = None) -> Spoken:
        """As `Voice.render`, and say which voice spoke. Raises VoiceError if none could."""
        limit_s = self._deadline_s if timeout_s is None else timeout_s
        errors = []
        for voice, breaker in zip(self._voices, self._breakers, strict=True):
            last = voice is self._voices[-1]
            if not last and not breaker.allows():
                errors.append(f"{voice.name} rests after failures")
                continue
            try:
                pcm = voice.render(text, timeout_s=None if last else limit_s)
            except VoiceError as error:
                breaker.failed()
                errors.append(str(error))
                log.warning("voice failed", voice=voice.name, error=str(error))
                continue
            breaker.succeeded()
            return Spoken(pcm, voice.name, voice.fingerprint)
        raise VoiceError("; ".join(errors))

"""Several voices, one after the other: where one fails, the next goes on with the same sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from voicebot.errors import VoiceError
from voicebot.remote.breaker import Breaker
from voicebot.speech.api import Pcm, Voice
from voicebot.speech.delivery import Limits, Spoken, deliver
from voicebot.speech.progress import speakable
from voicebot.speech.shaper import VoiceLevels

__all__ = ["Breaker", "Spoken", "Utterance", "VoiceChain"]

log = structlog.get_logger(__name__)


@dataclass
class Utterance:
    """What the clauses of one utterance share: the voice it is in, by its number in the chain.

    Once another voice has taken over it says the rest: to the caller two speakers in one sentence
    are strange enough, and one that changes back and forth is a fault.
    """

    voice: int = 0


Kept = Callable[[Voice, str], Pcm | None]


def nothing_kept(voice: Voice, text: str) -> Pcm | None:
    """There is no cache."""
    return None


class VoiceChain:
    """A `Voice` made of several, best first.

    Each voice but the last gets `deadline_s` to its first sound, or the `timeout_s` of the request,
    and `stall_s` from one chunk to the next; one that fails or is late is followed by the next,
    from the first word that was not said. The last one is always tried, and gets `last_s` for each
    chunk: late is better than silent, but what hangs for ever must not hold a worker.

    `online`: the first voice can be out for hours, through nobody's fault here. Raises ValueError
    for an empty chain.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        *,
        deadline_s: float = 6.0,
        stall_s: float = 5.0,
        last_s: float = 30.0,
        online: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not voices:
            raise ValueError("a voice chain needs at least one voice")
        self._voices = tuple(voices)
        self.online = online
        self._breakers = tuple(Breaker(clock=clock) for _ in voices)
        self._levels = VoiceLevels()
        self._deadline_s, self._stall_s, self._last_s = deadline_s, stall_s, last_s

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

    def speaking(self, utterance: Utterance) -> int:
        """The voice that `utterance` would go on in: the first from its own on that may speak."""
        last = len(self._voices) - 1
        for number in range(utterance.voice, last):
            if not self._breakers[number].resting:
                return number
        return last

    def warm_up(self) -> None:
        for voice in self._voices:
            voice.warm_up()

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        return self.speak(text, timeout_s=timeout_s).pcm

    def speak(
        self, text: str, *, timeout_s: float | None = None, kept: Kept = nothing_kept
    ) -> Spoken:
        """The whole clause at once, levelled as such where one voice spoke it all.

        Raises VoiceError if none could.
        """
        return join(list(self.stream(text, timeout_s=timeout_s, kept=kept)))

    def speak_in(self, number: int, text: str, timeout_s: float, stop: threading.Event) -> Spoken:
        """As `speak`, in this voice or not at all; those who call are told nothing of a failure.

        Raises VoiceError, also when `stop` was set before the end.
        """
        voice, limits = self._voices[number], Limits(timeout_s, timeout_s)
        said = list(
            deliver(voice, text, limits=limits, careful=False, levels=self._levels, stop=stop)
        )
        if not said or said[-1].whole is None:
            raise VoiceError(f"voice {voice.name}: stopped before the clause was done")
        return join(said)

    def stream(
        self,
        text: str,
        *,
        timeout_s: float | None = None,
        stop: threading.Event | None = None,
        utterance: Utterance | None = None,
        kept: Kept = nothing_kept,
    ) -> Iterator[Spoken]:
        """Speak one clause as it is made: line audio, each piece with the words it completes.

        What is `kept` of a voice whose turn it is need not be made by it. The texts of the pieces,
        joined, are `text`, whichever voices spoke them. Once `stop` is set nothing more is made.
        Raises VoiceError when the last voice has failed, at whichever piece it comes to that.
        """
        stop = stop or threading.Event()
        utterance = utterance or Utterance()
        errors: list[str] = []
        said = 0
        for number in self._order(utterance):
            if stop.is_set():
                return
            voice, breaker = self._voices[number], self._breakers[number]
            last = number == len(self._voices) - 1
            if not said and (pcm := kept(voice, text)) is not None:
                utterance.voice = number
                yield Spoken(pcm, voice.name, voice.fingerprint, text, pcm, kept=True)
                return
            if not last and not breaker.allows():
                errors.append(f"{voice.name} rests after failures")
                continue
            limits = self._last_limits(timeout_s) if last else self._limits(timeout_s)
            rest = text[said:]
            try:
                for spoken in deliver(
                    voice, rest, limits=limits, careful=not last, levels=self._levels, stop=stop
                ):
                    said += len(spoken.text)
                    yield spoken if len(rest) == len(text) else replace(spoken, whole=None)
            except VoiceError as error:
                errors.append(str(error))
                rests = breaker.failed()
                self._log_failure(voice, error, text, said, breaker if rests else None)
                if speakable(text[said:]):
                    continue
                yield Spoken(np.zeros(0, np.int16), voice.name, voice.fingerprint, text[said:])
            else:
                if not stop.is_set():
                    breaker.succeeded()
            utterance.voice = number
            return
        raise VoiceError("; ".join(errors))

    def _order(self, utterance: Utterance) -> list[int]:
        """First the voice the utterance is in, then the worse ones, then those left behind."""
        numbers = list(range(len(self._voices)))
        return numbers[utterance.voice :] + numbers[: utterance.voice]

    def _limits(self, timeout_s: float | None) -> Limits:
        if timeout_s is None:
            return Limits(self._deadline_s, min(self._stall_s, self._deadline_s))
        return Limits(timeout_s, timeout_s)

    def _last_limits(self, timeout_s: float | None) -> Limits:
        limit_s = max(timeout_s or 0.0, self._last_s)
        return Limits(limit_s, limit_s, asked=False)

    def _log_failure(
        self, voice: Voice, error: VoiceError, text: str, said: int, resting: Breaker | None
    ) -> None:
        log.warning(
            "voice failed",
            voice=voice.name,
            error=str(error),
            characters=len(text),
            said=said,
            rests_s=resting.rest_s if resting else 0.0,
        )


def join(said: Sequence[Spoken]) -> Spoken:
    """The pieces of one clause as one.

    It has a fingerprint, and may be kept, only where one voice spoke it to its end.
    """
    last = said[-1]
    text = "".join(each.text for each in said)
    if last.whole is not None:
        return replace(last, pcm=last.whole, text=text)
    voices = " > ".join(dict.fromkeys(each.voice for each in said))
    return Spoken(np.concatenate([each.pcm for each in said]), voices, "", text)

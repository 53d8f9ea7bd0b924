"""`Speaker`: what the session and the tools use: text to clauses, clauses to line audio."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from voicebot.speech.api import LINE_RATE, Clause, Pcm, Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import Spoken, Utterance, VoiceChain
from voicebot.speech.pace import Made, Pace
from voicebot.speech.reading import Reader
from voicebot.speech.wording import Wording

Progress = Callable[[int, int], None]
OFFLINE_TIMEOUT_S = 120.0  # nobody waits: a busy machine is no reason for the second voice
_LOOK_EVERY_S = 0.05
_CALLER_WAITS_S = 1.0  # for somebody else's rendering of the same: it may be in no hurry


class Speaker:
    """A voice with its cache. Blocking and thread-safe; rendering is the caller's to schedule.

    `terms` are written forms that a clause must not be cut inside of; `known` texts, which may
    hold ``{slots}``, are cut the same wherever they are said; `reader` knows the pack's reading
    rules. Two threads that want the same clause render it once. `pace` knows how fast its voices
    are.
    """

    def __init__(
        self,
        voice: Voice,
        cache: SpeechCache | None = None,
        *,
        terms: Iterable[str] = (),
        known: Iterable[str] = (),
        reader: Reader | None = None,
    ) -> None:
        self._voice = voice if isinstance(voice, VoiceChain) else VoiceChain((voice,))
        self._cache = cache
        self.pace = Pace()
        self._wording = Wording(known, terms, reader)
        self._lock = threading.Lock()
        self._rendering: dict[str, threading.Lock] = {}
        self._closing = threading.Event()

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def name(self) -> str:
        """The voice's name, or several with the best first."""
        return self._voice.name

    @property
    def voices(self) -> int:
        """How many there are; they are numbered from 0, best first."""
        return len(self._voice.voices)

    @property
    def stand_in(self) -> int | None:
        """The voice that speaks while the first is out, if that is to be reckoned with."""
        return 1 if self._voice.online and self.voices > 1 else None

    def warm_up(self) -> None:
        """Load everything that is loaded late; seconds, once, before the first call."""
        self._voice.warm_up()

    def clauses(self, text: str) -> list[Clause]:
        """Cut an utterance; see `voicebot.speech.wording`."""
        return self._wording.clauses(text)

    def fixed(self, texts: Iterable[str]) -> list[Clause]:
        """The different clauses of `texts`, in order; of one with ``{slots}`` what is no value."""
        found = {clause.text: clause for text in texts for clause in self._wording.fixed(text)}
        return list(found.values())

    def cached(self, clause: Clause, utterance: Utterance | None = None) -> Pcm | None:
        """Return the clause's audio if it is at hand (microseconds to a millisecond).

        In the voice that `utterance` is in, or the first one; while that rests after failures, in
        the one that speaks for it: `utterance` is then in that.
        """
        utterance = utterance or Utterance()
        for number in dict.fromkeys((utterance.voice, self._voice.speaking(utterance))):
            if (pcm := self.kept(clause, number)) is not None:
                utterance.voice = number
                return pcm
        return None

    def kept(self, clause: Clause, voice: int = 0) -> Pcm | None:
        """Return the clause's audio if it is at hand in the voice of this number."""
        return self._kept(self._voice.voices[voice], clause.text)

    def _kept(self, voice: Voice, text: str) -> Pcm | None:
        return None if self._cache is None else self._cache.get(voice.fingerprint, text)

    def render(self, clause: Clause, *, timeout_s: float | None = None) -> Pcm:
        """Return the clause's audio, int16 at 8 kHz, shape (n,), without `pause_ms` after it.

        Rendered audio goes into the cache under the voice that spoke it. Raises VoiceError.
        """
        with self._turn(clause.text):
            found = self.cached(clause)
            if found is not None:
                return found
            spoken = self._voice.speak(clause.text, timeout_s=timeout_s, kept=self._kept)
            self._keep(clause, spoken)
            return spoken.pcm

    def stream(
        self,
        clause: Clause,
        *,
        timeout_s: float | None = None,
        stop: threading.Event | None = None,
        utterance: Utterance | None = None,
    ) -> Iterator[Spoken]:
        """The clause as it is made: see `VoiceChain.stream`. One piece if it is at hand.

        Goes into the cache if one voice spoke it to its end. Raises VoiceError.
        """
        stop, utterance = stop or threading.Event(), utterance or Utterance()
        with self._turn(clause.text, stop, _CALLER_WAITS_S):
            found = None if stop.is_set() else self.cached(clause, utterance)
            if found is not None:
                voice = self._voice.voices[utterance.voice]
                yield Spoken(found, voice.name, voice.fingerprint, clause.text, found, kept=True)
                return
            yield from self._live(clause, timeout_s, stop, utterance)

    def _live(
        self, clause: Clause, timeout_s: float | None, stop: threading.Event, utterance: Utterance
    ) -> Iterator[Spoken]:
        made = []
        for spoken in self._voice.stream(
            clause.text, timeout_s=timeout_s, stop=stop, utterance=utterance, kept=self._kept
        ):
            made.append(Made(len(spoken.pcm) * 1000 / LINE_RATE, time.monotonic()))
            yield spoken
            if spoken.whole is not None and not spoken.kept:
                self.pace.learn(spoken.voice, clause.text, made)
                self._keep(clause, spoken)

    def _keep(self, clause: Clause, spoken: Spoken) -> None:
        if self._cache is not None and spoken.whole is not None and not spoken.kept:
            self._cache.put(spoken.fingerprint, clause.text, spoken.whole)

    def prepare(
        self, texts: Iterable[str], progress: Progress | None = None, *, voice: int = 0
    ) -> int:
        """Render what will surely be said (greetings, questions, answers) into the cache.

        `progress(done, total)` counts clauses. Returns how many were new. Of several processes
        that prepare the same one renders a clause, and the others wait for it. Raises VoiceError.
        """
        wanted = self.fixed(texts)
        new = 0
        for done, clause in enumerate(wanted, start=1):
            new += self.prepare_clause(clause, voice)
            if progress is not None:
                progress(done, len(wanted))
        return new

    def needs(self, name: str, texts: Iterable[str], first: Iterable[str] = ()) -> None:
        """Tell the cache what the pack `name` will say: it is kept longer than what is not.

        `first` is needed in the `stand_in` too, where there is one.
        """
        if self._cache is None:
            return
        needed = [(self._voice.fingerprint, clause.text) for clause in self.fixed(texts)]
        if self.stand_in is not None:
            fingerprint = self._voice.voices[self.stand_in].fingerprint
            needed += [(fingerprint, clause.text) for clause in self.fixed(first)]
        self._cache.needs(name, needed)

    def cache_bytes(self) -> int:
        """How much the cache holds on disk, of this voice and all others."""
        return 0 if self._cache is None else self._cache.size_bytes()

    def prepare_clause(self, clause: Clause, voice: int = 0) -> bool:
        """Render a clause into the cache, if no other process does; whether it was rendered.

        In the voice of this number, or not at all: what another said would not be found. Raises
        VoiceError, of which those who call are told nothing.
        """
        if self.kept(clause, voice) is not None:
            return False
        if self._cache is None:
            self._render_in(clause, voice)
            return True
        fingerprint = self._voice.voices[voice].fingerprint
        with (
            self._cache.claim(
                fingerprint, clause.text, wait_s=OFFLINE_TIMEOUT_S, stop=self._closing
            ),
            self._turn(clause.text, self._closing),
        ):
            if self.kept(clause, voice) is not None:  # another process or a call was faster
                return False
            self._keep(clause, self._render_in(clause, voice))
            return True

    def _render_in(self, clause: Clause, voice: int) -> Spoken:
        return self._voice.speak_in(voice, clause.text, OFFLINE_TIMEOUT_S, self._closing)

    def close(self) -> None:
        """Prepare nothing more: what is being prepared ends at once, with a VoiceError."""
        self._closing.set()

    def _turn(
        self, text: str, stop: threading.Event | None = None, wait_s: float = math.inf
    ) -> _Turn:
        return _Turn(self._lock, self._rendering, text, stop or threading.Event(), wait_s)


class _Turn:
    """One thread at a time for one text; the lock goes away with its last user.

    Who waits for longer than `wait_s`, or while `stop` is set, goes on without a turn.
    """

    def __init__(
        self,
        guard: threading.Lock,
        locks: dict[str, threading.Lock],
        text: str,
        stop: threading.Event,
        wait_s: float,
    ) -> None:
        self._guard, self._locks, self._text, self._stop = guard, locks, text, stop
        self._wait_s = wait_s

    def __enter__(self) -> None:
        with self._guard:
            self._mine = self._locks.setdefault(self._text, threading.Lock())
        until_s = time.monotonic() + self._wait_s
        while not self._mine.acquire(timeout=_LOOK_EVERY_S):
            if self._stop.is_set() or time.monotonic() > until_s:
                self._mine = threading.Lock()  # no turn of this text's: nothing is rendered in it
                self._mine.acquire()
                return

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._locks.get(self._text) is self._mine:
                del self._locks[self._text]
        self._mine.release()

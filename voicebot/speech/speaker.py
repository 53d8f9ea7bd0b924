"""`Speaker`: what the session and the tools use: text to clauses, clauses to line audio."""

from __future__ import annotations

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

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def name(self) -> str:
        """The voice's name, or several with the best first."""
        return self._voice.name

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

        In the voice that `utterance` is in, or the first one.
        """
        if self._cache is None:
            return None
        fingerprint = self._voice.fingerprint_in(utterance or Utterance())
        return self._cache.get(fingerprint, clause.text)

    def render(self, clause: Clause, *, timeout_s: float | None = None) -> Pcm:
        """Return the clause's audio, int16 at 8 kHz, shape (n,), without `pause_ms` after it.

        Rendered audio goes into the cache under the voice that spoke it. Raises VoiceError.
        """
        with self._turn(clause.text):
            found = self.cached(clause)
            if found is not None:
                return found
            spoken = self._voice.speak(clause.text, timeout_s=timeout_s)
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
        with self._turn(clause.text, stop):
            found = None if stop.is_set() else self.cached(clause, utterance)
            if found is not None:
                fingerprint = self._voice.fingerprint_in(utterance)
                yield Spoken(found, self._voice.name, fingerprint, clause.text, found)
                return
            yield from self._live(clause, timeout_s, stop, utterance)

    def _live(
        self, clause: Clause, timeout_s: float | None, stop: threading.Event, utterance: Utterance
    ) -> Iterator[Spoken]:
        made = []
        for spoken in self._voice.stream(
            clause.text, timeout_s=timeout_s, stop=stop, utterance=utterance
        ):
            made.append(Made(len(spoken.pcm) * 1000 / LINE_RATE, time.monotonic()))
            yield spoken
            if spoken.whole is not None:
                self.pace.learn(spoken.voice, clause.text, made)
                self._keep(clause, spoken)

    def _keep(self, clause: Clause, spoken: Spoken) -> None:
        if self._cache is not None and spoken.whole is not None:
            self._cache.put(spoken.fingerprint, clause.text, spoken.whole)

    def prepare(self, texts: Iterable[str], progress: Progress | None = None) -> int:
        """Render what will surely be said (greetings, questions, answers) into the cache.

        `progress(done, total)` counts clauses. Returns how many were new. Of several processes
        that prepare the same one renders a clause, and the others wait for it.
        """
        wanted = self.fixed(texts)
        new = 0
        for done, clause in enumerate(wanted, start=1):
            if self.cached(clause) is None:
                new += self.prepare_clause(clause)
            if progress is not None:
                progress(done, len(wanted))
        return new

    def needs(self, name: str, texts: Iterable[str]) -> None:
        """Tell the cache what the pack `name` will say: it is kept longer than what is not."""
        if self._cache is not None:
            needed = [clause.text for clause in self.fixed(texts)]
            self._cache.needs(name, self._voice.fingerprint, needed)

    def cache_bytes(self) -> int:
        """How much the cache holds on disk, of this voice and all others."""
        return 0 if self._cache is None else self._cache.size_bytes()

    def prepare_clause(self, clause: Clause) -> bool:
        """Render a clause into the cache, if no other process does; whether it was rendered."""
        if self._cache is None:
            self.render(clause, timeout_s=OFFLINE_TIMEOUT_S)
            return True
        fingerprint = self._voice.fingerprint
        with self._cache.claim(fingerprint, clause.text, wait_s=OFFLINE_TIMEOUT_S):
            if self.cached(clause) is not None:  # another process was faster
                return False
            self.render(clause, timeout_s=OFFLINE_TIMEOUT_S)
            return True

    def _turn(self, text: str, stop: threading.Event | None = None) -> _Turn:
        return _Turn(self._lock, self._rendering, text, stop or threading.Event())


class _Turn:
    """One thread at a time for one text; the lock goes away with its last user.

    Who waits while `stop` is set goes on without a turn.
    """

    def __init__(
        self,
        guard: threading.Lock,
        locks: dict[str, threading.Lock],
        text: str,
        stop: threading.Event,
    ) -> None:
        self._guard, self._locks, self._text, self._stop = guard, locks, text, stop

    def __enter__(self) -> None:
        with self._guard:
            self._mine = self._locks.setdefault(self._text, threading.Lock())
        while not self._mine.acquire(timeout=_LOOK_EVERY_S):
            if self._stop.is_set():
                self._mine = threading.Lock()  # no turn of this text's: nothing is rendered in it
                self._mine.acquire()
                return

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._locks.get(self._text) is self._mine:
                del self._locks[self._text]
        self._mine.release()

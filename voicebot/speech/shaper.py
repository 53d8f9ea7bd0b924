"""A voice's chunks as they come, made ready for the line: trim, convert, level, fade. Sans-I/O.

What `line_ready` does with a whole clause, done to one that is not yet known to its end.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from voicebot.speech.api import LINE_RATE, Pcm
from voicebot.speech.line_audio import (
    EDGE_BELOW_ACTIVE_DB,
    FADE_IN_MS,
    FADE_OUT_MS,
    FRAME_MS,
    KEEP_AFTER_MS,
    KEEP_BEFORE_MS,
    PEAK_LIMIT,
    TARGET_DBOV,
    Samples,
    active_level_dbov,
    frame_power,
    line_ready,
    to_pcm,
)

_FACTOR = 3  # 24 to 8 kHz
_TAPS = 73
_KAISER_BETA = 5.65  # 60 dB
_CUTOFF_HZ = 4000.0
_MS = LINE_RATE // 1000
_KNOWN_WEIGHT_S = 4.0
_USUAL_DBOV, _USUAL_WEIGHT_S = -20.0, 1.0  # what is believed of a voice not heard before
_SILENT_DBOV = -60.0


class Decimator:
    """24 to 8 kHz in a stream: a linear-phase filter of 73 taps whose state lives on.

    Flat to 3.4 kHz, 60 dB down from 4.6 kHz. It waits for 1.5 ms of what follows, where a
    resampler of studio quality waits for 100 ms; its delay is taken out.
    """

    def __init__(self) -> None:
        self._past = np.zeros(_TAPS // 2, np.float32)
        self._skip = 0

    def push(self, samples: Samples) -> Samples:
        """A third as many samples, for any number of them, shape (n,)."""
        heard = np.concatenate([self._past, samples])
        if len(heard) < _TAPS:
            self._past = heard
            return heard[:0]
        filtered = np.convolve(heard, _FILTER, "valid").astype(np.float32)
        self._past = heard[len(heard) - _TAPS + 1 :]
        kept = filtered[self._skip :: _FACTOR]
        self._skip = (self._skip - len(filtered)) % _FACTOR
        return kept

    def close(self) -> Samples:
        """What the filter still holds."""
        return self.push(np.zeros(_TAPS // 2, np.float32))


class VoiceLevels:
    """How loud each voice is before it is levelled, learned from whole clauses. Thread-safe."""

    def __init__(self, memory: int = 16) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, int]] = {}

    def get(self, fingerprint: str) -> float | None:
        """Active speech level in dBov; None of a voice that has not said a clause yet."""
        with self._lock:
            known = self._known.get(fingerprint)
        return None if known is None else known[0]

    def learn(self, fingerprint: str, level_dbov: float) -> None:
        """A whole clause had this level; one without speech teaches nothing."""
        if level_dbov <= _SILENT_DBOV:
            return
        with self._lock:
            mean, count = self._known.get(fingerprint, (0.0, 0))
            count = min(count + 1, self._memory)
            self._known[fingerprint] = (mean + (level_dbov - mean) / count, count)


class Shaper:
    """One clause of one voice on its way to the line.

    The level is estimated as the clause goes on, from `known_dbov`, which counts as much as
    four seconds of it: a clause begins louder than it ends, and its first word says little. The
    gain moves gradually within a chunk. Silence is given out only when speech follows it; so are
    always the last 20 ms, which may have to fade.

    Args:
        rate_hz: of what is pushed, 8000 or 24000.
        known_dbov: level of this voice, see `VoiceLevels`.

    Raises ValueError for another rate.
    """

    def __init__(self, rate_hz: int, known_dbov: float | None = None) -> None:
        if rate_hz not in (LINE_RATE, _FACTOR * LINE_RATE):
            raise ValueError(f"shaper: expected chunks at 8000 or 24000 Hz, got {rate_hz}")
        self._decimator = None if rate_hz == LINE_RATE else Decimator()
        self._believed = (_USUAL_DBOV, _USUAL_WEIGHT_S)
        if known_dbov is not None:
            self._believed = (known_dbov, _KNOWN_WEIGHT_S)
        self._clause = np.zeros(0, np.float32)
        self._start: int | None = None  # where speech begins; None while there was none
        self._given = 0
        self._gain = 0.0

    def push(self, pcm: Pcm) -> Pcm:
        """The next chunk, int16 at `rate_hz`, shape (n,); returns what may leave, at 8 kHz."""
        self._take(pcm.astype(np.float32) / np.float32(32768))
        end = self._end()
        return self._give(end - FADE_OUT_MS * _MS)

    def close(self) -> Pcm:
        """The clause is over; returns the rest of it, faded out."""
        if self._decimator is not None:
            self._clause = np.concatenate([self._clause, self._decimator.close()])
            self._decimator = None
        fade = FADE_OUT_MS * _MS
        end = min(max(self._end(), self._given + fade), len(self._clause))
        rest = self._give(end)
        fall = min(fade, len(rest))
        rest[len(rest) - fall :] = np.rint(
            rest[len(rest) - fall :] * np.linspace(1, 0, fall, dtype=np.float32)
        )
        return rest

    def whole(self) -> Pcm:
        """All that was pushed as one finished clause, int16 at 8 kHz: see `line_ready`."""
        return line_ready(self._clause, LINE_RATE)

    @property
    def level_dbov(self) -> float:
        """Active level of what was pushed, before any gain."""
        return active_level_dbov(self._clause, LINE_RATE)

    def _take(self, samples: Samples) -> None:
        if self._decimator is not None:
            samples = self._decimator.push(samples)
        self._clause = np.concatenate([self._clause, samples])

    def _end(self) -> int:
        """Where the speech so far ends, a margin included; the start is found on the way."""
        power = frame_power(self._clause, LINE_RATE)
        loud = np.flatnonzero(power >= 10 ** ((self._estimate() - EDGE_BELOW_ACTIVE_DB) / 10))
        if not len(loud):
            return self._given
        if self._start is None:
            start = int(loud[0]) * FRAME_MS - KEEP_BEFORE_MS
            self._start = self._given = max(0, start) * _MS
        end = ((int(loud[-1]) + 1) * FRAME_MS + KEEP_AFTER_MS) * _MS
        return min(end, len(self._clause))

    def _estimate(self) -> float:
        """The voice's active level in dBov, as far as it is known by now."""
        heard = active_level_dbov(self._clause, LINE_RATE)
        believed, weight_s = self._believed
        if heard <= _SILENT_DBOV:
            return believed
        heard_s = (len(self._clause) - (self._start or 0)) / LINE_RATE
        return believed + heard_s / (heard_s + weight_s) * (heard - believed)

    def _give(self, end: int) -> Pcm:
        if self._start is None or end <= self._given:
            return np.zeros(0, np.int16)
        part = self._clause[self._given : end]
        peak = float(np.abs(self._clause[self._start : end]).max())
        gain = 10 ** ((TARGET_DBOV - self._estimate()) / 20)
        gain = min(gain, PEAK_LIMIT / peak) if peak > 0 else gain
        gains = np.linspace(self._gain or gain, gain, len(part), dtype=np.float32)
        rise = FADE_IN_MS * _MS
        since = np.arange(self._given - self._start, end - self._start, dtype=np.float32)
        self._given, self._gain = end, gain
        return to_pcm(part * gains * np.minimum(since / rise, 1))


def _low_pass() -> npt.NDArray[np.float32]:
    at = np.arange(_TAPS) - _TAPS // 2
    cutoff = 2 * _CUTOFF_HZ / (_FACTOR * LINE_RATE)
    taps = cutoff * np.sinc(cutoff * at) * np.kaiser(_TAPS, _KAISER_BETA)
    return np.asarray(taps / taps.sum(), np.float32)


_FILTER = _low_pass()

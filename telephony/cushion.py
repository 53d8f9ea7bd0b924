"""How much audio lies between two bridged legs: as little as their jitter allows. Sans-I/O.

Sound that arrives is queued for the other leg at once; what lies in that queue when the next
sound arrives is the margin that was left. The cushion watches this margin over ten seconds and
keeps its low percentile just above nothing: if it falls lower, the queue is made longer, if it
stays higher, shorter. Network jitter, an event loop that stalls and clocks that drift apart all
show in the same number, so nothing else is measured. Where the far side ran dry all the same, the
silence it sent counts as room that was made: it is kept if such lateness comes back, and taken
away in the next pauses if it was alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from telephony.stretching import (
    FRAME,
    SHORTEST,
    Samples,
    fading,
    joined,
    longer,
    rising,
    rms,
    shorter,
)

WANTED_MS = 15
SURPLUS_MS = 15
"""The margin to keep, and how much more is too much: a packet and a tick, or so."""

MUCH_MS = 60
"""A surplus that a conversation feels: every pause is used, and speech that has none."""

MOST_MS = 300
_SPREAD_MOST_MS = 80
PACKET_MS = 20
TICK_MS = 10
_WINDOW = 500  # frames of 20 ms
_LOW_SHARE = 0.02
_SETTLED = 100  # frames to have seen before anything is taken away
_LONG_SILENCE_MS = 1000
_LOOK_EVERY = 5
_PAUSE_LEAST = 80  # samples; in a pause nobody hears how long the piece is
_PATIENCE_GROW = 30  # frames to wait for a pause before speech itself is stretched
_PATIENCE_SHRINK = 100
_REST = 5  # frames between two changes, except in a pause when it matters
_SILENT_RMS, _LOUD_RMS = 60.0, 800.0
_FLOOR_RISE = 1.005
_TAIL = 2 * FRAME


class Change(Protocol):
    """`longer` or `shorter`."""

    def __call__(self, frame: Samples, *, least: int) -> Samples: ...


@dataclass
class CushionCount:
    """What was done so far. Milliseconds; `in_speech` counts changes made outside of pauses."""

    grown_ms: float = 0.0
    shrunk_ms: float = 0.0
    in_speech: int = 0
    ran_dry: int = 0
    dropped: int = 0


class Cushion:
    """One direction of a bridge."""

    def __init__(self) -> None:
        self.count = CushionCount()
        self._arrived = bytearray()
        self._carry: Samples = np.zeros(0)
        self._tail: Samples = np.zeros(_TAIL)
        self._live = False
        self._gap = False
        self._margins: deque[float] = deque(maxlen=_WINDOW)  # less what was added since
        self._added_ms = 0.0
        self._low_ms = float(WANTED_MS)
        self._spread_ms = 0.0
        self._floor = _LOUD_RMS
        self._queued_ms = 0.0
        self._taken_at_ms = -1e9  # when the far side took its last packet
        self._dry_at_ms = -1e9  # when it will have, or had, nothing left
        self._pause = True
        self._waited = 0
        self._rested = 0
        self._until_look = _LOOK_EVERY

    def pass_on(self, pcm: bytes, queued_ms: float, now_ms: float) -> bytes:
        """PCM to queue for the far side now: whole frames, perhaps none. Asked every `TICK_MS`.

        Args:
            pcm: what has arrived, s16le 8 kHz, any length; empty tells that time passes.
            queued_ms: what the far side has still to send.
            now_ms: any clock that does not jump.
        """
        self._arrived += pcm
        out: list[Samples] = []
        margin_ms = self._margin(queued_ms, now_ms)
        while len(self._arrived) >= 2 * FRAME:
            frame = np.frombuffer(bytes(self._arrived[: 2 * FRAME]), "<i2").astype(np.float64)
            del self._arrived[: 2 * FRAME]
            out.append(self._whole(self._pass_frame(frame, margin_ms, now_ms)))
            margin_ms += len(out[-1]) / 8
        if not pcm and margin_ms <= TICK_MS / 2 and self._live:
            self.count.ran_dry += 1
            out.append(self._end())
            margin_ms += len(out[-1]) / 8
        self._queued_ms = queued_ms + sum(len(each) for each in out) / 8
        self._dry_at_ms = now_ms + margin_ms if self._live or out else self._dry_at_ms
        return _pcm(out)

    def _margin(self, queued_ms: float, now_ms: float) -> float:
        """How long until the far side runs dry: its queue, and what is left of the packet that
        it took from it last, which shows only in when the queue became shorter."""
        if queued_ms < self._queued_ms:
            self._taken_at_ms = now_ms - TICK_MS / 2
        if self._live and queued_ms <= 0 and now_ms - self._dry_at_ms > PACKET_MS:
            self.count.ran_dry += 1  # while nobody could ask: the event loop stood still
            self._live = False
        return queued_ms + max(0.0, PACKET_MS - (now_ms - self._taken_at_ms))

    def finish(self) -> bytes:
        """The end of this direction: what is held back, and a fade of the last sound."""
        return _pcm([self._end()]) if self._live else b""

    def _pass_frame(self, frame: Samples, margin_ms: float, now_ms: float) -> Samples:
        if not self._live:
            return self._begin(frame, margin_ms, now_ms)
        self._watch(margin_ms)
        # Once begun it goes on to the half: at the very limit jitter would drop again and again.
        if margin_ms > (MOST_MS / 2 if self._gap else MOST_MS):
            self.count.dropped += 1
            self.count.shrunk_ms += PACKET_MS
            self._gap = True
            self._forget()
            return np.zeros(0)
        if self._gap:
            self._gap = False
            frame = joined(self._tail, frame)
        return self._fit(frame)

    def _begin(self, frame: Samples, margin_ms: float, now_ms: float) -> Samples:
        """The first sound, of all or after the queue ran dry: rises out of a short silence."""
        self._live = True
        silent_ms = max(0.0, now_ms - self._dry_at_ms)
        lead_ms = WANTED_MS - margin_ms - len(self._arrived) / 16
        if silent_ms > _LONG_SILENCE_MS:  # it had nothing to say: all is as at the beginning
            lead_ms += self._spread_ms
            self._forget()
            silent_ms = 0.0
        lead_ms = float(int(max(0.0, lead_ms)))
        self._added_ms += silent_ms + lead_ms
        self._low_ms += silent_ms + lead_ms
        self._margins.append(margin_ms + lead_ms - self._added_ms)
        return np.concatenate((np.zeros(int(lead_ms) * 8), rising(frame)))

    def _end(self) -> Samples:
        """Whole frames in which the last sound dies away."""
        count = -(-(len(self._carry) + FRAME // 2) // FRAME) * FRAME - len(self._carry)
        self._live = False
        self._added_ms += count / 8
        return self._whole(fading(self._tail, count))

    def _watch(self, margin_ms: float) -> None:
        self._margins.append(margin_ms - self._added_ms)
        self._until_look -= 1
        if self._until_look <= 0:
            self._until_look = _LOOK_EVERY
            self._look()

    def _look(self) -> None:
        seen = list(self._margins)
        older, recent = sorted(seen[:-_SETTLED]), seen[-_SETTLED:]
        if older and min(recent) - older[len(older) // 2] >= PACKET_MS:
            # Nothing of the last two seconds comes near what was usual: the far side's own
            # sender stood still, and sent no silence that could have been counted.
            self._margins = deque(recent, maxlen=_WINDOW)
        ranked = sorted(self._margins)
        low = ranked[int(len(ranked) * _LOW_SHARE)]
        self._spread_ms = min(ranked[len(ranked) // 2] - low, _SPREAD_MOST_MS)
        self._low_ms = low + self._added_ms

    def _forget(self) -> None:
        """What was learnt of the path no longer holds."""
        self._margins.clear()
        self._low_ms = float(WANTED_MS)

    def _fit(self, frame: Samples) -> Samples:
        """`frame`, made longer or shorter where the margin asks for it and a pause allows it."""
        level = rms(frame)
        self._floor = min(max(level, 1.0), self._floor * _FLOOR_RISE)
        self._pause = pause = level < min(max(2 * self._floor, _SILENT_RMS), _LOUD_RMS)
        self._rested += 1
        surplus_ms = self._low_ms - WANTED_MS
        if surplus_ms < 0:
            return self._grow(frame, pause)
        much = surplus_ms >= MUCH_MS
        if surplus_ms >= SURPLUS_MS and len(self._margins) >= _SETTLED:
            return self._shrink(frame, pause, much)
        self._waited = 0
        return frame

    def _grow(self, frame: Samples, pause: bool) -> Samples:
        self._waited += 1
        impatient = self._waited > _PATIENCE_GROW and self._rested >= _REST
        return self._changed(frame, longer, pause) if pause or impatient else frame

    def _shrink(self, frame: Samples, pause: bool, much: bool) -> Samples:
        self._waited += 1
        if pause:
            wanted = much or self._rested >= _REST
        else:
            wanted = much and self._waited > _PATIENCE_SHRINK and self._rested >= _REST
        return self._changed(frame, shorter, pause) if wanted else frame

    def _changed(self, frame: Samples, how: Change, pause: bool) -> Samples:
        result = how(frame, least=_PAUSE_LEAST if pause else SHORTEST)
        self._rested = 0
        self.count.in_speech += not pause
        self._change((len(result) - FRAME) / 8)
        return result

    def _change(self, added_ms: float) -> None:
        self._added_ms += added_ms
        self._low_ms += added_ms
        if added_ms > 0:
            self.count.grown_ms += added_ms
        else:
            self.count.shrunk_ms -= added_ms

    def _whole(self, new: Samples) -> Samples:
        """Whole frames of what is held back and `new`; the rest is held back.

        The send queue would fill a piece of a frame up with silence.
        """
        self._tail = np.concatenate((self._tail, new))[-_TAIL:]
        ready = np.concatenate((self._carry, new))
        count = len(ready) // FRAME * FRAME
        self._carry = ready[count:]
        return ready[:count]


def _pcm(pieces: list[Samples]) -> bytes:
    if not pieces:
        return b""
    return np.concatenate(pieces).round().clip(-32768, 32767).astype("<i2").tobytes()

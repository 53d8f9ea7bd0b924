"""How long this caller pauses within a sentence: seeing the pauses, and their running quantile."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Sequence

from voicebot.turns.endpoint import EndpointStrategy

# Pauses a caller is taken to have made before the first was seen, in ms: within read and
# dictated Mandarin sentences most pauses last 200 to 500 ms.
USUAL_PAUSES_MS = (200, 260, 320, 400, 520)


PAUSE_MS = 160
"""A shorter silence within speech is a plosive's closure, no pause."""
CUT_OFF_MS = 1500
"""Who speaks again this soon, before the bot has, was cut off in a pause."""


class PauseWatch:
    """Tells a strategy of each pause, and of each turn that was ended in one."""

    def __init__(self, endpoint: EndpointStrategy) -> None:
        self._endpoint = endpoint
        self._ended_ms: int | None = None

    def resumed(self, speech_end_ms: int, onset_ms: int) -> None:
        """The caller went on within a turn."""
        if onset_ms - speech_end_ms >= PAUSE_MS:
            self._endpoint.caller_paused(onset_ms - speech_end_ms)

    def turn_ended(self, speech_end_ms: int) -> None:
        """Silence has ended a turn."""
        self._ended_ms = speech_end_ms

    def bot_spoke(self) -> None:
        """What the caller says now answers the bot."""
        self._ended_ms = None

    def turn_began(self, onset_ms: int) -> None:
        """A turn begins: if nothing came between, it is the rest of the last one."""
        ended_ms, self._ended_ms = self._ended_ms, None
        if ended_ms is not None and onset_ms - ended_ms <= CUT_OFF_MS:
            self._endpoint.caller_paused(onset_ms - ended_ms, cut=True)


class PauseStatistics:
    """The last pauses of a call, on top of a few usual ones that fade as real ones come in.

    Args:
        usual_ms: what is assumed of a caller not heard yet; at least one.
        remembered: pauses kept; older ones are forgotten, as people change their pace.
    """

    def __init__(self, usual_ms: Sequence[int] = USUAL_PAUSES_MS, *, remembered: int = 24) -> None:
        if not usual_ms:
            raise ValueError("pauses: needs at least one usual pause to start from")
        self._usual = sorted(usual_ms)
        self._recent: deque[int] = deque(maxlen=remembered)

    def add(self, pause_ms: int) -> None:
        """Take in a silence between two stretches of speech of one turn."""
        self._recent.append(pause_ms)

    def __len__(self) -> int:
        """Pauses seen and still remembered."""
        return len(self._recent)

    def quantile_ms(self, share: float) -> float:
        """The pause that `share` (0..1) of this caller's pauses do not exceed, interpolated."""
        values = self._usual[: max(0, len(self._usual) - len(self._recent) // 4)]
        merged = list(values)
        for pause in self._recent:
            bisect.insort(merged, pause)
        at = share * (len(merged) - 1)
        low = int(at)
        high = min(low + 1, len(merged) - 1)
        return merged[low] + (at - low) * (merged[high] - merged[low])

    def usual_quantile_ms(self, share: float) -> float:
        """The same of an unknown caller."""
        return PauseStatistics(self._usual).quantile_ms(share)

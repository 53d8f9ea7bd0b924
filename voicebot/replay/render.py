"""What is read of one replayed recording: its facts and the timing of its new tape."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.replay.tape import Reply, Sound, interruptions, percentile, replies, sounds
from voicebot.session.events import SessionEvent, to_dict


@dataclass(frozen=True)
class Replayed:
    """One recording played through the bot. `tape` is stereo int16, shape (n, 2), 8 kHz."""

    name: str
    events: tuple[SessionEvent, ...]
    tape: npt.NDArray[np.int16]
    wall_s: float

    @property
    def audio_s(self) -> float:
        return len(self.tape) / 8000

    def caller_sounds(self) -> list[Sound]:
        return sounds(self.tape[:, 0])

    def bot_sounds(self) -> list[Sound]:
        return sounds(self.tape[:, 1])

    def replies(self) -> list[Reply]:
        return replies(self.caller_sounds(), self.bot_sounds())

    def latency(self) -> dict[str, Any]:
        """Reply latency from the tape, and how fast interruptions stopped the bot."""
        waits = [reply.latency_ms for reply in self.replies()]
        stops = [i.stop_ms for i in interruptions(self.caller_sounds(), self.bot_sounds())]
        return {
            "replies": len(waits),
            "p50_ms": round(percentile(waits, 50)) if waits else None,
            "p95_ms": round(percentile(waits, 95)) if waits else None,
            "latencies_ms": waits,
            "interruption_stops_ms": stops,
        }

    def to_json(self) -> str:
        """One line of JSON: file, events, latency, wall and audio seconds."""
        return json.dumps(
            {
                "file": self.name,
                "audio_s": round(self.audio_s, 2),
                "wall_s": round(self.wall_s, 2),
                "latency": self.latency(),
                "events": [to_dict(event) for event in self.events],
            },
            ensure_ascii=False,
        )

"""What a tester reads of a replayed call: plain lines, JSON, or one HTML page with plots."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from voicebot.replay.tape import Reply, Sound, interruptions, percentile, replies, sounds
from voicebot.session.events import SessionEvent, to_dict

PLOT_COLUMNS = 900


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


def _waveform(channel: npt.NDArray[np.int16], height: int = 30) -> str:
    """An SVG path of the channel's peaks, `PLOT_COLUMNS` wide, centred on 0."""
    if len(channel) == 0:
        return ""
    per = max(1, len(channel) // PLOT_COLUMNS)
    count = len(channel) // per
    peaks = np.abs(channel[: count * per].reshape(count, per).astype(np.int32)).max(axis=1)
    heights = peaks / 32768 * height
    return "".join(f"M{x} {-h:.1f}V{h:.1f}" for x, h in enumerate(heights))


def _wav_data_uri(tape: npt.NDArray[np.int16]) -> str:
    from asr_models.wav import wav_bytes

    return "data:audio/wav;base64," + base64.b64encode(wav_bytes(tape.T, 8000)).decode("ascii")


def write_report(calls: Iterable[Replayed], path: Path) -> None:
    """One self-contained HTML page: transcript, waveforms, audio, latency of every reply."""
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined
    )
    pages = [
        {
            "name": call.name,
            "audio_s": call.audio_s,
            "wall_s": call.wall_s,
            "latency": call.latency(),
            "caller_path": _waveform(call.tape[:, 0]),
            "bot_path": _waveform(call.tape[:, 1]),
            "marks": [
                {
                    "x": reply.caller.end_ms / 1000 / max(call.audio_s, 0.001) * PLOT_COLUMNS,
                    "w": reply.latency_ms / 1000 / max(call.audio_s, 0.001) * PLOT_COLUMNS,
                    "ms": reply.latency_ms,
                }
                for reply in call.replies()
            ],
            "audio": _wav_data_uri(call.tape),
            "events": [to_dict(event) for event in call.events],
        }
        for call in calls
    ]
    html = environment.get_template("report.html").render(calls=pages, columns=PLOT_COLUMNS)
    path.write_text(html, encoding="utf-8")

"""Measure a call from nothing but its stereo tape: caller left, bot right.

    report = analyze(tape, 8000, second=silero_detector(silero))
    print(report.metrics().response_latency)

The tape holds what was on the wire, whoever made it: our bot's, another's, a real call's. No
clock of ours, no event, no model's opinion goes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.resample import to_8k
from voicebot.errors import AudioFileError
from voicebot.replay.tape import Sound
from voicebot.replay.tape_echo import without_echo
from voicebot.replay.tape_metrics import CallFigures, Metrics, measure
from voicebot.replay.tape_speech import (
    SAMPLE_RATE,
    Discarded,
    SpeechDetector,
    read_channel,
    webrtc_detector,
)
from voicebot.replay.tape_turns import Label, TurnTaking, read_turns

RATES = (8000, 16000, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class TapeReport:
    """What one tape tells. Times in ms from its start.

    `echo_db` is by how much each channel became quieter when the other's leak was taken out
    (0: none was found).
    """

    duration_ms: int
    caller: tuple[Sound, ...]
    bot: tuple[Sound, ...]
    turns: TurnTaking
    caller_discarded: tuple[Discarded, ...]
    bot_discarded: tuple[Discarded, ...]
    floor_dbfs: tuple[float, float]
    echo_db: tuple[float, float]

    @property
    def greeting_ms(self) -> int | None:
        """When the bot was first heard, if it ever was."""
        return self.bot[0].start_ms if self.bot else None

    def figures(self) -> CallFigures:
        """What this call adds to a bank's figures."""
        discarded = (*self.caller_discarded, *self.bot_discarded)
        lengths = tuple(each.sound.end_ms - each.sound.start_ms for each in discarded)
        return CallFigures(self.turns, self.duration_ms, lengths)

    def metrics(self) -> Metrics:
        """This call's own figures."""
        return measure([self.figures()])

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: sounds, events, figures."""
        return {**asdict(self), "metrics": self.metrics().to_dict()}


def pooled(reports: Iterable[TapeReport]) -> Metrics:
    """The figures of many calls together."""
    return measure(report.figures() for report in reports)


def analyze(
    tape: npt.NDArray[np.int16],
    sample_rate: int = SAMPLE_RATE,
    *,
    second: SpeechDetector | None = None,
    labels: Sequence[Label] = (),
) -> TapeReport:
    """Read a tape: int16, shape (n, 2), caller left, bot right.

    Args:
        second: the detector that must agree with the levels; webrtcvad where none is given.
            Silero (`tape_speech.silero_detector`) hears more noises for what they are.
        labels: what a script knows of the caller's sounds; without, length tells listener
            signals from interruptions.

    Raises AudioFileError, one line, for another shape, type or rate.
    """
    if tape.ndim != 2 or tape.shape[1] != 2 or tape.dtype != np.int16:
        raise AudioFileError(
            f"tape: expected int16 of shape (n, 2), caller left and bot right; "
            f"got {tape.dtype} of shape {tape.shape}"
        )
    if sample_rate not in RATES:
        raise AudioFileError(
            f"tape: expected a sample rate of {', '.join(map(str, RATES))} Hz, got {sample_rate}"
        )
    left, right = (np.ascontiguousarray(tape[:, side]) for side in (0, 1))
    if sample_rate != SAMPLE_RATE:
        left, right = to_8k(left, sample_rate), to_8k(right, sample_rate)
    detect = second or webrtc_detector()
    caller_pcm, caller_echo_db = without_echo(left, right)
    bot_pcm, bot_echo_db = without_echo(right, left)
    caller, bot = read_channel(caller_pcm, detect), read_channel(bot_pcm, detect, machine=True)
    noises = [each.sound for each in caller.discarded if each.heard_by == "energy"]
    duration_ms = len(left) * 1000 // SAMPLE_RATE
    return TapeReport(
        duration_ms,
        caller.sounds,
        bot.sounds,
        read_turns(caller.sounds, bot.sounds, duration_ms, labels, noises),
        caller.discarded,
        bot.discarded,
        (caller.floor_dbfs, bot.floor_dbfs),
        (caller_echo_db, bot_echo_db),
    )

"""Where one channel of a tape holds speech: two independent detectors, which must agree.

The first knows levels only: 10 ms windows, 5 ms apart, that stand over the channel's own noise
floor. It places edges to a few milliseconds and takes a cough for a word. The second knows what
speech sounds like (Silero, or webrtcvad where there are no weights) and places edges to some
30 ms. A stretch that both hear counts, with the first one's edges. What only one of them hears is
discarded, and reported as discarded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import webrtcvad

from asr_models.silero import FRAME_MS, FRAME_SAMPLES, SileroVad
from voicebot.replay.tape import JOIN_GAP_MS, MIN_SOUND_MS, Sound

SAMPLE_RATE = 8000
WINDOW_MS, HOP_MS = 10, 5
# Noise windows of 80 samples scatter by 0.7 dB around their mean: the quietest lie 2 dB under it.
OVER_FLOOR_DB = 6.0
# Speech quieter than this is not understood on a telephone either.
MIN_LEVEL_DBFS = -55.0
FLOOR_PERCENTILE = 5.0
LOWEST_HZ = 200.0
# Between two windows of one syllable; longer gaps make pieces that are judged one by one.
PIECE_GAP_MS = 40
WORD_GAP_MS = 150
# How much of a word the second detector must hear, and how far the levels may go on beyond it
# before that is a noise of its own: it may wake 600 ms late.
LEAST_SHARE, LEAST_SHARED_MS = 0.15, 100
MOST_BEYOND_MS = 700
# A voice made of sentences pauses for half a second between two: it has not fallen silent.
MACHINE_PAUSE_MS = 700
# Lower than a bot that must not be startled would use: bursts of noise stay under 0.07, a short
# word after a long silence may reach no more than 0.3.
SPEECH_AT, SPEECH_UNTIL = 0.25, 0.15
WEBRTC_MODE, WEBRTC_FRAME_MS = 3, 20

CHUNK, MARGIN = 10 * 60 * SAMPLE_RATE, SAMPLE_RATE // 2
"""Samples filtered at once, and those beside them that the filter needs."""

Mono = npt.NDArray[np.int16]
SpeechDetector = Callable[[Mono], list[Sound]]
"""Stretches of speech in a whole channel, int16 at 8 kHz, shape (n,)."""


@dataclass(frozen=True)
class Discarded:
    """A stretch that did not count, with who heard it: ``energy`` or ``speech`` alone, or
    ``echo`` for sound that is the other side's coming back."""

    sound: Sound
    heard_by: str


@dataclass(frozen=True)
class Channel:
    """What one side's channel holds. `floor_dbfs` is its noise floor."""

    sounds: tuple[Sound, ...]
    discarded: tuple[Discarded, ...]
    floor_dbfs: float


def _above_hum(samples: Mono) -> npt.NDArray[np.float64]:
    """Less what lies under `LOWEST_HZ`: mains hum and rumble, which come and go over tens of ms,
    and no telephone speech."""
    size = 1 << max(1, len(samples) - 1).bit_length()
    spectrum = np.fft.rfft(samples.astype(np.float64), size)
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    spectrum *= 1 / (1 + (LOWEST_HZ / np.maximum(hertz, 1.0)) ** 8)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)])


def levels_dbfs(samples: npt.NDArray[np.floating | np.int16]) -> npt.NDArray[np.float64]:
    """RMS levels of `WINDOW_MS` windows every `HOP_MS`, shape (windows,), not below -96."""
    hop = SAMPLE_RATE * HOP_MS // 1000
    blocks = len(samples) // hop
    if blocks < 2:
        return np.zeros(0)
    power = np.square(samples[: blocks * hop].astype(np.float64)).reshape(blocks, hop).mean(axis=1)
    mean = (power[:-1] + power[1:]) / 2
    return np.asarray(10 * np.log10(np.maximum(mean / 32768.0**2, 10**-9.6)))


def floor_dbfs(levels: npt.NDArray[np.float64]) -> float:
    """The channel's noise floor: the level that few of its windows stay under.

    Digital silence (nothing sent, a muted handset) is not the line's noise and is left out. Few
    windows, because a channel whose every pause is digital silence holds nothing but speech.
    """
    heard = levels[levels > -90.0]
    return float(np.percentile(heard, FLOOR_PERCENTILE)) if len(heard) else -96.0


def energy_pieces(levels: npt.NDArray[np.float64], floor: float) -> list[Sound]:
    """The first detector: stretches over the floor, gaps inside a syllable closed."""
    active = levels > max(MIN_LEVEL_DBFS, floor + OVER_FLOOR_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    # Speech comes at once: the first window holds it in its second half, the last in its first.
    found = [
        Sound((int(start) + 1) * HOP_MS, int(end) * HOP_MS)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end > start + 1
    ]
    return joined(found, PIECE_GAP_MS)


def joined(sounds: Sequence[Sound], gap_ms: int) -> list[Sound]:
    """The same, with what lies less than `gap_ms` apart made one. `sounds` in order of start."""
    found: list[Sound] = []
    for sound in sounds:
        if found and sound.start_ms - found[-1].end_ms < gap_ms:
            found[-1] = Sound(found[-1].start_ms, max(found[-1].end_ms, sound.end_ms))
        else:
            found.append(sound)
    return found


def silero_detector(silero: SileroVad) -> SpeechDetector:
    """The second detector, by Silero; each channel is a stream of its own."""

    def detect(samples: Mono) -> list[Sound]:
        stream = silero.fork()
        found: list[Sound] = []
        speaking = False
        for number in range(len(samples) // FRAME_SAMPLES):
            frame = samples[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            speaking = stream(frame) >= (SPEECH_UNTIL if speaking else SPEECH_AT)
            if speaking:
                found.append(Sound(number * FRAME_MS, (number + 1) * FRAME_MS))
        return joined(found, FRAME_MS)

    return detect


def webrtc_detector() -> SpeechDetector:
    """The second detector where no weights are: webrtcvad, which takes more noise for speech."""

    def detect(samples: Mono) -> list[Sound]:
        vad = webrtcvad.Vad(WEBRTC_MODE)
        size = SAMPLE_RATE * WEBRTC_FRAME_MS // 1000
        found = [
            Sound(number * WEBRTC_FRAME_MS, (number + 1) * WEBRTC_FRAME_MS)
            for number in range(len(samples) // size)
            if vad.is_speech(samples[number * size : (number + 1) * size].tobytes(), SAMPLE_RATE)
        ]
        return joined(found, WEBRTC_FRAME_MS)

    return detect


def overlap_ms(sound: Sound, others: Sequence[Sound]) -> int:
    """How much of `sound` lies within `others`, which do not overlap each other."""
    return sum(
        max(0, min(sound.end_ms, other.end_ms) - max(sound.start_ms, other.start_ms))
        for other in others
    )


def agreed(
    pieces: Sequence[Sound], speech: Sequence[Sound], word_gap_ms: int = WORD_GAP_MS
) -> tuple[list[Sound], list[Discarded]]:
    """What both detectors hear, and what only one does. What lies no further apart than
    `word_gap_ms` is judged together."""
    kept: list[Sound] = []
    discarded: list[Discarded] = []
    for word in _words(pieces, word_gap_ms):
        whole = Sound(word[0].start_ms, word[-1].end_ms)
        near = [s for s in speech if s.start_ms < whole.end_ms and whole.start_ms < s.end_ms]
        shared = overlap_ms(whole, near)
        if shared >= min(LEAST_SHARED_MS, LEAST_SHARE * (whole.end_ms - whole.start_ms)) > 0:
            start = max(whole.start_ms, near[0].start_ms - MOST_BEYOND_MS)
            kept.append(Sound(start, min(whole.end_ms, near[-1].end_ms + MOST_BEYOND_MS)))
        else:
            discarded.append(Discarded(whole, "energy"))
    for stretch in speech:
        if overlap_ms(stretch, pieces) == 0 and stretch.end_ms - stretch.start_ms >= MIN_SOUND_MS:
            discarded.append(Discarded(stretch, "speech"))
    return kept, discarded


def _words(pieces: Sequence[Sound], gap_ms: int) -> list[list[Sound]]:
    """Pieces with no more between them than there is inside a word: judged together, since the
    second detector may sleep through a first syllable."""
    words: list[list[Sound]] = []
    for piece in pieces:
        if words and piece.start_ms - words[-1][-1].end_ms < gap_ms:
            words[-1].append(piece)
        else:
            words.append([piece])
    return words


def channel_levels(samples: Mono) -> npt.NDArray[np.float64]:
    """`levels_dbfs` of the channel above hum, in pieces: a tape may be hours long."""
    hop = SAMPLE_RATE * HOP_MS // 1000
    found = [
        levels_dbfs(
            _above_hum(samples[max(0, at - MARGIN) : at + CHUNK + hop + MARGIN])[
                at - max(0, at - MARGIN) :
            ][: CHUNK + hop]
        )
        for at in range(0, len(samples), CHUNK)
    ]
    return np.concatenate(found) if found else np.zeros(0)


def read_channel(samples: Mono, detect: SpeechDetector, *, machine: bool = False) -> Channel:
    """The speech of one channel, int16 at 8 kHz, shape (n,).

    A `machine` neither breathes nor knocks its handset: what follows its speech closely is speech,
    if only a fragment of a word that was cut off, which no second detector knows for one.
    """
    levels = channel_levels(samples)
    floor = floor_dbfs(levels)
    kept, discarded = agreed(
        energy_pieces(levels, floor), detect(samples), JOIN_GAP_MS if machine else WORD_GAP_MS
    )
    sounds: list[Sound] = []
    for sound in joined(kept, MACHINE_PAUSE_MS if machine else JOIN_GAP_MS):
        if sound.end_ms - sound.start_ms >= MIN_SOUND_MS:
            sounds.append(sound)
        else:
            discarded.append(Discarded(sound, "energy"))
    return Channel(tuple(sounds), tuple(discarded), floor)

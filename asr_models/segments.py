"""Where speech is in finished audio: Silero probabilities -> stretches of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr_models.silero import FRAME_MS, FRAME_SAMPLES, SileroVad


@dataclass(frozen=True)
class SegmentOptions:
    """How speech is told from the rest; what a larger value does to the audio.

    threshold: fewer frames count as speech.
    release: a stretch ends sooner (must be below threshold).
    min_speech_ms: shorter sounds (clicks, coughs) are dropped.
    min_silence_ms: pauses up to this long stay inside a stretch.
    pad_ms: more of the audio around a stretch is kept, so that soft onsets are heard.
    max_ms: a longer stretch is cut at its least speech-like frame in its last third.
    """

    threshold: float = 0.5
    release: float = 0.35
    min_speech_ms: int = 96
    min_silence_ms: int = 640
    pad_ms: int = 224
    max_ms: int = 25_000


def speech_probabilities(pcm: npt.NDArray[np.int16], vad: SileroVad) -> list[float]:
    """Return one probability a 32 ms frame of 8 kHz `pcm`; the last frame is zero-filled."""
    stream = vad.fork()
    whole = np.pad(pcm, (0, -len(pcm) % FRAME_SAMPLES))
    return [stream(frame) for frame in whole.reshape(-1, FRAME_SAMPLES)]


def speech_segments(
    pcm: npt.NDArray[np.int16], vad: SileroVad, options: SegmentOptions | None = None
) -> list[tuple[int, int]]:
    """Return [first, end) sample positions of speech in mono 8 kHz `pcm`, shape (n,)."""
    options = options or SegmentOptions()
    probabilities = speech_probabilities(pcm, vad)
    runs = _merge(_speech_runs(probabilities, options), options)
    pad = options.pad_ms // FRAME_MS
    pieces: list[tuple[int, int]] = []
    for first, end in runs:
        # A pad never reaches into the stretch before: pauses are longer than two pads.
        padded = (max(0, first - pad), min(len(probabilities), end + pad))
        pieces.extend(_cut(padded, probabilities, options.max_ms // FRAME_MS))
    return [(a * FRAME_SAMPLES, min(b * FRAME_SAMPLES, len(pcm))) for a, b in pieces]


def _speech_runs(probabilities: list[float], options: SegmentOptions) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for index, probability in enumerate([*probabilities, 0.0]):
        if start is None and probability >= options.threshold:
            start = index
        elif start is not None and probability < options.release:
            runs.append((start, index))
            start = None
    return runs


def _merge(runs: list[tuple[int, int]], options: SegmentOptions) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, end in runs:
        if merged and (first - merged[-1][1]) * FRAME_MS <= options.min_silence_ms:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((first, end))
    return [run for run in merged if (run[1] - run[0]) * FRAME_MS >= options.min_speech_ms]


def _cut(run: tuple[int, int], probabilities: list[float], longest: int) -> list[tuple[int, int]]:
    pieces = []
    first, end = run
    while end - first > longest:
        search = range(first + longest * 2 // 3, first + longest)
        cut = min(search, key=lambda index: probabilities[index])
        pieces.append((first, cut))
        first = cut
    return [*pieces, (first, end)]

"""What the online voice's server on this machine sounds like, and how a test hears it.

A character sounds for `CHARACTER_S`, as a tone of its own, so that a test can tell which
characters it got.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np

RATE = 24_000
CHARACTER_S = 0.12
LEAD_S = 0.1  # of silence before the first character
TAIL_S = 0.5  # of silence after the last one


def frequency_hz(index: int) -> float:
    """The tone of the character at `index` of the reading, silent ones not counted."""
    return 400.0 + 75.0 * (index % 20)


def sound_of(count: int, character_s: float) -> np.ndarray[Any, Any]:
    """What `count` characters sound like: int16 at 24 kHz."""
    seconds = np.arange(int(character_s * RATE)) / RATE
    tones = [8000 * np.sin(2 * np.pi * frequency_hz(n) * seconds) for n in range(count)]
    lead, tail = np.zeros(int(LEAD_S * RATE)), np.zeros(int(TAIL_S * RATE))
    return np.concatenate([lead, *tones, tail]).astype(np.int16)


def mp3(pcm: np.ndarray[Any, Any]) -> bytes:
    """As the service sends it: 24 kHz mono, 48 kbit/s, no tags, no info frame."""
    out = io.BytesIO()
    options = {"write_xing": "0", "id3v2_version": "0"}
    with av.open(out, "w", format="mp3", options=options) as container:
        stream = container.add_stream("mp3", rate=RATE, layout="mono")
        stream.bit_rate = 48_000
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return out.getvalue()


@functools.cache
def spoken(count: int, character_s: float) -> bytes:
    """The MP3 of `count` characters."""
    return mp3(sound_of(count, character_s))


def heard_characters(pcm: np.ndarray[Any, Any], lead_s: float) -> Iterator[int]:
    """The indices of the characters that `pcm` (24 kHz) holds whole, by their tones."""
    step = int(CHARACTER_S * RATE)
    at = int(lead_s * RATE)
    while at + step <= len(pcm) + step // 8:
        middle = pcm[at + step // 4 : at + 3 * step // 4].astype(float)
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8192))
        if np.abs(middle).max() < 1000:
            return
        found_hz = float(spectrum.argmax()) * RATE / 8192
        yield round((found_hz - 400.0) / 75.0)
        at += step

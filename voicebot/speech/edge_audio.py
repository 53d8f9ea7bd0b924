"""The service's MP3 as it comes in: bytes of any length in, samples out."""

from __future__ import annotations

from typing import Any

import numpy as np

from voicebot.speech.api import Pcm

EDGE_RATE = 24_000
# From a sound in the encoder's input to the same sound here (libmp3lame to PyAV, no info frame)
CODEC_DELAY_S = 1105 / EDGE_RATE
_MAX_UNREAD_BYTES = 1440  # ten frames of 24 ms


class Mp3Error(ValueError):
    """What came is no MP3 of 24 kHz mono. ``str()`` says what it was instead."""


class Mp3Stream:
    """Decodes one stream of MP3, 24 kHz mono. Needs PyAV.

    Strict: a damaged frame is an error and not a crackle, as the line it came by loses nothing.
    """

    def __init__(self) -> None:
        import av

        self._decoder = av.CodecContext.create("mp3", "r")
        self._broken = av.error.FFmpegError
        self._fed = self._decoded = 0

    def feed(self, data: bytes) -> Pcm:
        """Return the samples that `data` completes, int16, shape (n,). Raises Mp3Error."""
        self._fed += len(data)
        pcm = self._decode(data) if data else np.zeros(0, np.int16)
        if self._fed - self._decoded > _MAX_UNREAD_BYTES:
            raise Mp3Error("what came is no MP3")
        return pcm

    def end(self) -> Pcm:
        """Return what is left when all has come. Raises Mp3Error."""
        return self._decode(b"")

    def _decode(self, data: bytes) -> Pcm:
        """Nothing in `data` means that nothing more will come."""
        parts = [np.zeros(0, np.int16)]
        try:
            for packet in self._decoder.parse(data):
                self._decoded += packet.size
                parts += [_samples(frame) for frame in self._decoder.decode(packet)]
            if not data:
                parts += [_samples(frame) for frame in self._decoder.decode(None)]
        except self._broken as error:
            raise Mp3Error(f"a frame of MP3 is damaged ({type(error).__name__})") from None
        return np.concatenate(parts)


def _samples(frame: Any) -> Pcm:
    """An `av.AudioFrame`, as whichever of ffmpeg's MP3 decoders makes it."""
    if frame.sample_rate != EDGE_RATE or len(frame.layout.channels) != 1:
        raise Mp3Error(
            f"expected {EDGE_RATE} Hz mono, got {frame.sample_rate} Hz {frame.layout.name}"
        )
    samples = frame.to_ndarray().ravel()
    if samples.dtype != np.int16:
        samples = np.round(np.clip(samples, -1.0, 1.0) * 32767.0)
    return np.asarray(samples, np.int16)

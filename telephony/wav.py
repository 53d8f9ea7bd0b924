"""Reads wav files for the line: PCM, A-law and µ-law in, s16le 8 kHz mono out."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from telephony.api import SAMPLE_RATE
from telephony.errors import WavError

_PCM, _ALAW, _ULAW = 1, 6, 7


def read_wav(path: Path) -> bytes:
    """The file's audio as s16le 8 kHz mono (the first channel). Raises WavError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WavError(f"{path}: cannot be read: {error.strerror}") from None
    form, channels, rate, body = _chunks(path, data)
    samples = _decode(path, form, body)[::channels]
    if rate != SAMPLE_RATE:
        import soxr  # slow to load, and most files are 8 kHz already

        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    return bytes(samples.astype("<i2").tobytes())


def _chunks(path: Path, data: bytes) -> tuple[int, int, int, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError(f"{path}: a RIFF/WAVE file is expected, it begins with {data[:4]!r}")
    form = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", data, at + 8)
        elif name == b"data" and form is not None:
            if form[0] == _PCM and form[5] != 16:
                raise WavError(f"{path}: 16-bit PCM is expected, got {form[5]} bits")
            return form[0], form[1], form[2], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise WavError(f"{path}: no audio in it (fmt and data chunks are expected)")


def _decode(path: Path, form: int, body: bytes) -> NDArray[np.int16]:
    if form == _PCM:
        return np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2").astype(np.int16)
    codes = np.frombuffer(body, dtype=np.uint8)
    if form == _ALAW:
        return ALAW[codes]
    if form == _ULAW:
        return ULAW[codes]
    raise WavError(f"{path}: PCM, A-law or µ-law is expected, got wav format {form}")


def _alaw_table() -> NDArray[np.int16]:
    """G.711 A-law expansion: code to 16-bit linear."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (mantissa << 4) + 8
    value = np.where(exponent > 0, (value + 0x100) << np.maximum(exponent - 1, 0), value)
    return np.where(code & 0x80, value, -value).astype(np.int16)


def _ulaw_table() -> NDArray[np.int16]:
    """G.711 µ-law expansion: code to 16-bit linear."""
    code = ~np.arange(256) & 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -value, value).astype(np.int16)


ALAW = _alaw_table()
ULAW = _ulaw_table()


def to_alaw(samples: NDArray[np.int16]) -> bytes:
    """G.711 A-law codes for 16-bit samples: the nearest code of the expansion table."""
    order = np.argsort(ALAW, kind="stable")
    levels = ALAW[order].astype(np.int32)
    middle = (levels[1:] + levels[:-1]) // 2
    return bytes(order[np.searchsorted(middle, samples.astype(np.int32))].astype(np.uint8))

"""WAV files in and out: linear PCM, float and G.711.

Source: Microsoft/IBM Multimedia Programming Interface 1.0 (RIFF WAVE) and the
WAVE_FORMAT_EXTENSIBLE revision of mmreg.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from asr_models.errors import AudioFormatError
from asr_models.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode

Encoding = Literal["pcm16", "alaw", "ulaw"]
MAX_BYTES = 256 * 1024 * 1024
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
_NAMES = {_PCM: "PCM", _FLOAT: "float", _ALAW: "A-law", _ULAW: "mu-law"}
_UNKNOWN_LENGTH = 0xFFFFFFFF  # written by programs that stream to a pipe


@dataclass(frozen=True)
class Wav:
    """Decoded audio: int16 `samples` of shape (channels, n) at `sample_rate` Hz."""

    samples: npt.NDArray[np.int16]
    sample_rate: int

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.sample_rate)

    def mono(self) -> npt.NDArray[np.int16]:
        """Return the mean of the channels, shape (n,)."""
        mean = self.samples.mean(axis=0, dtype=np.float64).round()
        return np.asarray(mean, dtype=np.int16)


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    sample_rate: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def read_wav(path: Path, *, max_bytes: int = MAX_BYTES) -> Wav:
    """Read a WAV file (PCM 8/16/24/32, float, A-law, mu-law; mono or stereo; any rate).

    Raises AudioFormatError for a file that is none, is cut short, holds no samples, or is
    larger than `max_bytes`; OSError if it cannot be opened.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise AudioFormatError(f"{path}: {size} bytes of audio; at most {max_bytes} are read")
    return parse_wav(path.read_bytes(), name=str(path))


def parse_wav(data: bytes, *, name: str = "audio") -> Wav:
    """Decode a whole WAV file held in memory. `name` opens the error texts."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        began = data[:12].hex(" ") or "nothing"
        raise AudioFormatError(f"{name}: expected a WAV file (RIFF…WAVE), it begins with {began}")
    fmt: _Format | None = None
    position = 12
    while position + 8 <= len(data):
        tag, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if tag == b"data":
            if fmt is None:
                raise AudioFormatError(f"{name}: expected a 'fmt ' chunk before 'data', found none")
            return _decode(_data_chunk(data, position, length, name), fmt, name)
        if tag == b"fmt ":
            fmt = _read_format(data[position : position + length], name)
        position += length + (length & 1)
    raise AudioFormatError(f"{name}: expected a 'data' chunk, the file ends without one")


def _data_chunk(data: bytes, start: int, length: int, name: str) -> bytes:
    there = len(data) - start
    if length == _UNKNOWN_LENGTH:
        length = there
    if length > there:
        raise AudioFormatError(
            f"{name}: the file is cut short: expected {length} bytes of audio, found {there}"
        )
    return data[start : start + length]


def _read_format(chunk: bytes, name: str) -> _Format:
    if len(chunk) < 16:
        raise AudioFormatError(
            f"{name}: expected a 'fmt ' chunk of 16 bytes or more, found {len(chunk)}"
        )
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)  # the sub-format GUID begins with the tag
    if tag not in _BITS:
        known = ", ".join(_NAMES.values())
        raise AudioFormatError(f"{name}: unknown WAV encoding {tag:#06x}; known: {known}")
    if bits not in _BITS[tag]:
        known = ", ".join(map(str, _BITS[tag]))
        raise AudioFormatError(f"{name}: {_NAMES[tag]} of {bits} bits; known: {known}")
    if channels not in (1, 2):
        raise AudioFormatError(f"{name}: expected 1 or 2 channels, found {channels}")
    if not 1000 <= rate <= 384_000:
        raise AudioFormatError(f"{name}: expected 1000 to 384000 samples a second, found {rate}")
    return _Format(tag, channels, rate, bits)


def _decode(data: bytes, fmt: _Format, name: str) -> Wav:
    frames = len(data) // fmt.frame_bytes
    if frames == 0:
        raise AudioFormatError(f"{name}: the file holds no samples")
    pcm = _to_int16(data[: frames * fmt.frame_bytes], fmt, name)
    samples = np.ascontiguousarray(pcm.reshape(frames, fmt.channels).T)
    return Wav(samples, fmt.sample_rate)


def _to_int16(data: bytes, fmt: _Format, name: str) -> npt.NDArray[np.int16]:
    if fmt.tag == _ALAW:
        return alaw_decode(data)
    if fmt.tag == _ULAW:
        return ulaw_decode(data)
    if fmt.tag == _FLOAT:
        values = np.frombuffer(data, "<f4" if fmt.bits == 32 else "<f8")
        if not np.isfinite(values).all():
            raise AudioFormatError(f"{name}: expected finite samples, found NaN or infinity")
        return np.clip(np.round(values * 32768.0), -32768, 32767).astype(np.int16)
    if fmt.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.int16) - 128) * np.int16(256)
    width = fmt.bits // 8
    upper_two_bytes = np.frombuffer(data, np.uint8).reshape(-1, width)[:, width - 2 :]
    return np.ascontiguousarray(upper_two_bytes).view("<i2")[:, 0].astype(np.int16)


def wav_bytes(
    samples: npt.NDArray[np.int16], sample_rate: int = 8000, *, encoding: Encoding = "pcm16"
) -> bytes:
    """Return a WAV file of int16 `samples`, shape (n,) or (channels, n)."""
    channels = np.atleast_2d(samples)
    interleaved = np.ascontiguousarray(channels.T).reshape(-1)
    if encoding == "pcm16":
        tag, bits, body = _PCM, 16, interleaved.astype("<i2").tobytes()
    elif encoding == "alaw":
        tag, bits, body = _ALAW, 8, alaw_encode(interleaved)
    else:
        tag, bits, body = _ULAW, 8, ulaw_encode(interleaved)
    frame_bytes = len(channels) * bits // 8
    head = struct.pack(
        "<HHIIHH", tag, len(channels), sample_rate, sample_rate * frame_bytes, frame_bytes, bits
    )
    if tag != _PCM:  # other encodings carry an extension size and a 'fact' chunk
        head += struct.pack("<H", 0)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head
    if tag != _PCM:
        chunks += b"fact" + struct.pack("<II", 4, channels.shape[1])
    chunks += b"data" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def write_wav(
    path: Path,
    samples: npt.NDArray[np.int16],
    sample_rate: int = 8000,
    *,
    encoding: Encoding = "pcm16",
) -> None:
    """Write int16 `samples`, shape (n,) or (channels, n), as a WAV file."""
    path.write_bytes(wav_bytes(samples, sample_rate, encoding=encoding))

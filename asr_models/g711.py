"""G.711 A-law and mu-law, exact, by table.

Source: ITU-T G.711 (11/1988), arithmetic as in the ITU-T G.191 software tools. A-law uses
the upper 13 bits of a 16-bit sample, mu-law the upper 14.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
_EVEN_BITS = 0x55  # A-law inverts the even bits, so that silence is no run of zeros
_ULAW_BIAS = 33
_ULAW_CLIP = 0x1FFF


def _alaw_decode_table() -> Pcm:
    code = np.arange(256)
    bits = code ^ _EVEN_BITS
    segment, mantissa = (bits >> 4) & 7, bits & 0x0F
    magnitude = ((mantissa + np.where(segment > 0, 16, 0)) << 4) + 8
    magnitude <<= np.maximum(segment - 1, 0)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_decode_table() -> Pcm:
    code = np.arange(256)
    segment, mantissa = (~code >> 4) & 7, ~code & 0x0F
    magnitude = ((mantissa << 1) + _ULAW_BIAS << segment) - _ULAW_BIAS << 2
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _magnitude(shift: int) -> npt.NDArray[np.int64]:
    """Magnitudes of all 65,536 samples, indexed by the sample's uint16 bit pattern."""
    sample = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    magnitude: npt.NDArray[np.int64] = np.where(sample < 0, ~sample, sample) >> shift
    return magnitude


def _is_positive() -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(65536) < 32768)


def _alaw_encode_table() -> npt.NDArray[np.uint8]:
    magnitude = _magnitude(4)
    segment = np.zeros_like(magnitude)
    for first_of_segment in (16, 32, 64, 128, 256, 512, 1024):
        segment += magnitude >= first_of_segment
    mantissa = (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    code = (segment << 4) | mantissa | np.where(_is_positive(), 0x80, 0)
    return np.asarray(code ^ _EVEN_BITS, dtype=np.uint8)


def _ulaw_encode_table() -> npt.NDArray[np.uint8]:
    magnitude = np.minimum(_magnitude(2) + _ULAW_BIAS, _ULAW_CLIP)
    segment = np.zeros_like(magnitude)
    for first_of_segment in (64, 128, 256, 512, 1024, 2048, 4096):
        segment += magnitude >= first_of_segment
    mantissa = (magnitude >> (segment + 1)) & 0x0F
    code = (segment << 4) | mantissa | np.where(_is_positive(), 0, 0x80)
    return np.asarray(code ^ 0xFF, dtype=np.uint8)


_ALAW_DECODE = _alaw_decode_table()
_ULAW_DECODE = _ulaw_decode_table()
_ALAW_ENCODE = _alaw_encode_table()
_ULAW_ENCODE = _ulaw_encode_table()


def alaw_encode(pcm: Pcm) -> bytes:
    """Encode int16 samples, shape (n,), to n bytes of A-law."""
    return _ALAW_ENCODE[pcm.view(np.uint16)].tobytes()


def alaw_decode(data: bytes) -> Pcm:
    """Decode n bytes of A-law to int16 samples, shape (n,)."""
    return _ALAW_DECODE[np.frombuffer(data, np.uint8)]


def ulaw_encode(pcm: Pcm) -> bytes:
    """Encode int16 samples, shape (n,), to n bytes of mu-law."""
    return _ULAW_ENCODE[pcm.view(np.uint16)].tobytes()


def ulaw_decode(data: bytes) -> Pcm:
    """Decode n bytes of mu-law to int16 samples, shape (n,)."""
    return _ULAW_DECODE[np.frombuffer(data, np.uint8)]

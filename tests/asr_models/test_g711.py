"""G.711 against the Recommendation's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from asr_models.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode

ALL_CODES = bytes(range(256))
LAWS = [(alaw_encode, alaw_decode), (ulaw_encode, ulaw_decode)]


@pytest.mark.parametrize(
    ("code", "value"),
    # G.711 table 1a: decoder output values y (13 bit, here times 8) with the even bits inverted
    [(0xD5, 8), (0x55, -8), (0xD4, 24), (0xC5, 264), (0xF5, 528), (0xAA, 32256), (0x2A, -32256)],
)
def test_alaw_decodes_the_standards_values(code: int, value: int) -> None:
    assert alaw_decode(bytes([code])).tolist() == [value]


@pytest.mark.parametrize(
    ("code", "value"),
    # G.711 table 2a: decoder output values y (14 bit, here times 4)
    [(0xFF, 0), (0x7F, 0), (0xFE, 8), (0x7E, -8), (0xEF, 132), (0x80, 32124), (0x00, -32124)],
)
def test_ulaw_decodes_the_standards_values(code: int, value: int) -> None:
    assert ulaw_decode(bytes([code])).tolist() == [value]


def alaw_interval(sample: int) -> int:
    """The number of the quantizing interval of a sample >= 0, straight from table 1a."""
    if sample < 256:
        return sample // 16
    segment = int(np.log2(sample / 256)) + 1
    start, step = 256 * 2 ** (segment - 1), 16 * 2 ** (segment - 1)
    return 16 * segment + (sample - start) // step


def ulaw_interval(sample: int) -> int:
    """The same from table 2a: segments begin 33 below powers of two, in 14 bits."""
    biased = min(sample // 4 + 33, 8191)
    segment = int(np.log2(biased / 32))
    start = 32 * 2**segment
    return 16 * segment + int((biased - start) // (start / 16))


def test_all_samples_fall_into_the_standards_intervals() -> None:
    samples = np.arange(32768).astype(np.int16)
    alaw = np.array([alaw_interval(sample) for sample in range(32768)])
    ulaw = np.array([ulaw_interval(sample) for sample in range(32768)])
    for sign_bits, pcm in (((0x80, 0), samples), ((0, 0x80), ~samples)):
        got_alaw = np.frombuffer(alaw_encode(pcm), np.uint8) ^ 0x55
        got_ulaw = np.frombuffer(ulaw_encode(pcm), np.uint8) ^ 0xFF
        assert np.array_equal(got_alaw, alaw | sign_bits[0])
        assert np.array_equal(got_ulaw, ulaw | sign_bits[1])


@pytest.mark.parametrize(("encode", "decode"), LAWS, ids=["alaw", "ulaw"])
def test_codes_survive_a_round_trip(encode, decode) -> None:
    again = encode(decode(ALL_CODES))
    differing = [code for code in range(256) if again[code] != code]
    assert differing == ([0x7F] if encode is ulaw_encode else [])  # mu-law has a negative zero


def test_odd_sizes_and_nothing_are_fine() -> None:
    assert alaw_encode(np.zeros(0, np.int16)) == b""
    assert alaw_encode(np.zeros(3, np.int16)) == b"\xd5\xd5\xd5"
    assert ulaw_decode(b"").shape == (0,)

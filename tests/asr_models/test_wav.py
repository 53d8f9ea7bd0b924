"""WAV files as they come: every usual encoding, and what is none."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_models.errors import AudioFormatError
from asr_models.g711 import alaw_decode, alaw_encode
from asr_models.wav import parse_wav, read_wav, wav_bytes, write_wav

TONE = (9000 * np.sin(np.arange(800) / 9)).astype(np.int16)


def riff(tag: int, channels: int, rate: int, bits: int, body: bytes, extra: bytes = b"") -> bytes:
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd chunk, padded, to be skipped
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def test_sixteen_bit_stereo_is_exact_and_channels_are_told_apart(tmp_path: Path) -> None:
    stereo = np.stack([TONE, -TONE])
    write_wav(tmp_path / "a.wav", stereo, 44100)
    wav = read_wav(tmp_path / "a.wav")
    assert wav.sample_rate == 44100
    assert np.array_equal(wav.samples, stereo)
    assert not wav.mono().any()
    assert wav.seconds == pytest.approx(800 / 44100)


def test_alaw_files_hold_what_the_line_heard(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", TONE, 8000, encoding="alaw")
    wav = read_wav(tmp_path / "a.wav")
    assert np.array_equal(wav.mono(), alaw_decode(alaw_encode(TONE)))
    assert (tmp_path / "a.wav").stat().st_size == 800 + 58


@pytest.mark.parametrize(
    ("tag", "bits", "body", "tolerance"),
    [
        (1, 8, ((TONE >> 8) + 128).astype(np.uint8).tobytes(), 256),
        (1, 24, (TONE.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes(), 0),
        (1, 32, (TONE.astype("<i4") << 16).tobytes(), 0),
        (3, 32, (TONE / 32768).astype("<f4").tobytes(), 0),
        (3, 64, (TONE / 32768).astype("<f8").tobytes(), 0),
    ],
)
def test_other_sample_formats_become_int16(
    tag: int, bits: int, body: bytes, tolerance: int
) -> None:
    wav = parse_wav(riff(tag, 1, 22050, bits, body))
    assert np.abs(wav.mono().astype(int) - TONE).max() <= tolerance


def test_extensible_pcm_and_streamed_length_are_read() -> None:
    extension = struct.pack("<HHIH", 22, 16, 4, 1) + b"\0" * 14
    data = riff(0xFFFE, 1, 8000, 16, TONE.tobytes(), extension)
    at = data.index(b"data") + 4
    streamed = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
    assert np.array_equal(parse_wav(data).mono(), TONE)
    assert np.array_equal(parse_wav(streamed).mono(), TONE)


def test_loud_floats_are_clipped_not_wrapped() -> None:
    body = np.array([2.0, -2.0], "<f4").tobytes()
    assert parse_wav(riff(3, 1, 8000, 32, body)).mono().tolist() == [32767, -32768]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a WAV file .* begins with nothing"),
        (b"ID3\x04 an mp3 file", "expected a WAV file .* begins with 49 44 33"),
        (wav_bytes(TONE)[:500], "cut short: expected 1600 bytes of audio, found 456"),
        (wav_bytes(TONE)[:36], "ends without one"),
        (wav_bytes(TONE[:0]), "holds no samples"),
        (riff(2, 1, 8000, 4, b"\0" * 8), "unknown WAV encoding 0x0002; known: PCM, float"),
        (riff(1, 1, 8000, 12, b"\0" * 8), "PCM of 12 bits; known: 8, 16, 24, 32"),
        (riff(1, 6, 8000, 16, b"\0" * 24), "expected 1 or 2 channels, found 6"),
        (riff(1, 1, 0, 16, b"\0" * 24), "samples a second, found 0"),
        (riff(3, 1, 8000, 32, np.array([np.nan], "<f4").tobytes()), "found NaN"),
    ],
)
def test_what_is_no_wav_is_said_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(AudioFormatError, match=message) as caught:
        parse_wav(data, name="call.wav")
    assert str(caught.value).startswith("call.wav: ")
    assert "\n" not in str(caught.value)


def test_a_file_over_the_bound_is_not_read(tmp_path: Path) -> None:
    write_wav(tmp_path / "big.wav", TONE)
    with pytest.raises(AudioFormatError, match="at most 1000 are read"):
        read_wav(tmp_path / "big.wav", max_bytes=1000)


@given(st.binary(max_size=120), st.integers(0, 43), st.integers(0, 255))
def test_damaged_files_raise_nothing_but_their_own_error(
    tail: bytes, place: int, byte: int
) -> None:
    data = bytearray(wav_bytes(TONE[:20]) + tail)
    data[place] = byte
    try:
        wav = parse_wav(bytes(data))
    except AudioFormatError:
        return
    assert wav.samples.dtype == np.int16
    assert wav.samples.size

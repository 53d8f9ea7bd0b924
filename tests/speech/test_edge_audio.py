"""MP3 as it comes in, and what is no MP3."""

from __future__ import annotations

import io
import random

import av
import numpy as np
import pytest

from tests.speech.edge_sound import RATE, mp3, sound_of
from voicebot.speech.edge_audio import CODEC_DELAY_S, Mp3Error, Mp3Stream

SOUND = sound_of(6, 0.12)


def decoded(data: bytes, piece_bytes: int) -> np.ndarray:
    stream = Mp3Stream()
    pieces = [stream.feed(data[at : at + piece_bytes]) for at in range(0, len(data), piece_bytes)]
    return np.concatenate([*pieces, stream.end()])


@pytest.mark.parametrize("piece_bytes", [1, 97, 144, 720, 1_000_000])
def test_it_decodes_pieces_of_any_length(piece_bytes: int) -> None:
    sound = decoded(mp3(SOUND), piece_bytes)
    delay = round(CODEC_DELAY_S * RATE)
    heard = sound[delay : delay + len(SOUND)].astype(float)
    assert np.corrcoef(heard, SOUND[: len(heard)].astype(float))[0, 1] > 0.99
    assert sound.dtype == np.int16 and 0 <= len(sound) - len(SOUND) < RATE * 0.15


def test_the_first_piece_is_heard_at_once() -> None:
    assert len(Mp3Stream().feed(mp3(SOUND)[:720])) > 0


@pytest.mark.parametrize(
    "data",
    [bytes(3000), b"<html>" * 500, random.Random(1).randbytes(3000), b"\xff\xf3\x64\xc4" * 750],
    ids=["zeros", "HTML", "noise", "headers only"],
)
def test_what_is_no_mp3_is_refused_soon(data: bytes) -> None:
    with pytest.raises(Mp3Error):
        Mp3Stream().feed(data)


def test_a_hole_in_good_mp3_is_refused() -> None:
    data = mp3(SOUND)
    with pytest.raises(Mp3Error):
        decoded(data[:1440] + bytes(3000) + data[1440:], 720)


@pytest.mark.parametrize(("rate", "layout"), [(44_100, "mono"), (24_000, "stereo")])
def test_sound_of_another_shape_is_refused(rate: int, layout: str) -> None:
    out = io.BytesIO()
    options = {"write_xing": "0", "id3v2_version": "0"}
    with av.open(out, "w", format="mp3", options=options) as container:
        stream = container.add_stream("mp3", rate=rate, layout=layout)
        silence = np.zeros((1, 48_000), np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16", layout=layout)
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    with pytest.raises(Mp3Error, match="expected 24000 Hz mono, got"):
        decoded(out.getvalue(), 720)

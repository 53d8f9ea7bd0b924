"""The short filter between 8 and 16 kHz."""

from __future__ import annotations

import itertools

import numpy as np
from line_support import find, samples, voice

from telephony.resampling import Doubler, Halver


def tone(hz: float, rate: int, seconds: float = 1.0) -> bytes:
    at = np.arange(int(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def level_db(pcm: bytes) -> float:
    """Against a sine of 8000."""
    return float(20 * np.log10(np.std(samples(pcm)[200:-200]) / (8000 / np.sqrt(2)) + 1e-9))


def test_up_and_down_again_is_the_same_speech_three_ms_later() -> None:
    speech = voice(1)
    again = samples(Halver().push(Doubler().push(speech)))
    at, snr_db = find(samples(speech)[800:4800], again)
    assert at - 800 == 24
    assert snr_db > 50


def test_pieces_of_any_size_are_the_same_as_the_whole() -> None:
    speech = voice(1)
    cuts = [0, 2, 8, 330, 1602, 1604, 5000, len(speech)]
    up, down = Doubler(), Halver()
    pieces = [up.push(speech[a:b]) for a, b in itertools.pairwise(cuts)]
    assert b"".join(pieces) == Doubler().push(speech)
    pieces = [down.push(speech[a:b]) for a, b in itertools.pairwise(cuts)]
    assert b"".join(pieces) == Halver().push(speech)


def test_what_8_khz_cannot_carry_does_not_fold_back() -> None:
    assert abs(level_db(Halver().push(tone(1000, 16_000)))) < 0.1
    assert level_db(Halver().push(tone(5000, 16_000))) < -45
    doubled = samples(Doubler().push(tone(3000, 8000)))
    spectrum = np.abs(np.fft.rfft(doubled[400:-400] * np.hanning(len(doubled) - 800)))
    hz = np.fft.rfftfreq(len(doubled) - 800, 1 / 16_000)
    image = spectrum[hz > 4500].max() / spectrum.max()
    assert image < 10 ** (-45 / 20)


def test_loud_sound_is_clipped_and_not_wrapped() -> None:
    square = np.where(np.arange(8000) // 8 % 2, 32767, -32768).astype("<i2").tobytes()
    again = samples(Halver().push(Doubler().push(square)))
    assert np.abs(samples(Doubler().push(square))).max() >= 32767
    assert np.mean(np.sign(again[24:]) == np.sign(samples(square)[:-24])) > 0.95

"""The tone of a voice on the telephone."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.speech.brightness import LIFT_DB, brightened
from voicebot.speech.line_audio import Samples

RATE = 24_000


def tone(hertz: float) -> Samples:
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE), np.float32)


def change_db(hertz: float) -> float:
    """How much louder a tone comes out, its ends apart."""
    inside = slice(2000, -2000)
    before, after = tone(hertz)[inside], brightened(tone(hertz), RATE)[inside]
    return float(20 * np.log10(np.std(after) / np.std(before)))


@pytest.mark.parametrize(("hertz", "db"), [(150, -6.0), (700, -4.2), (1500, -2.0), (3400, -0.6)])
def test_what_is_low_is_lowered(hertz: float, db: float) -> None:
    assert change_db(hertz) == pytest.approx(db, abs=0.3)


def test_the_lift_is_between_the_lowest_and_the_highest() -> None:
    assert change_db(9000) - change_db(100) == pytest.approx(LIFT_DB, abs=0.4)


def test_nothing_is_moved_in_time_nor_lost() -> None:
    click = np.zeros(5000, np.float32)
    click[1234] = 1.0
    heard = brightened(click, RATE)
    assert len(heard) == len(click)
    assert int(np.abs(heard).argmax()) == 1234
    assert len(brightened(click[:0], RATE)) == 0
    assert len(brightened(click[:3], RATE)) == 3


def test_loud_sound_is_not_made_louder() -> None:
    assert np.abs(brightened(2 * tone(5000), RATE)).max() <= 1.02

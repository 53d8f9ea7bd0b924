"""The echo estimate against synthetic lines and rooms, through A-law."""

from __future__ import annotations

import numpy as np
import pytest
import sounds

from voicebot.turns.echo import EchoEstimator
from voicebot.turns.levels import level_db


def feed_all(
    echo: EchoEstimator, received: sounds.Float, sent: sounds.Float
) -> list[tuple[float, float | None]]:
    """(received level, expected echo level) for each frame."""
    lines = (sounds.through_alaw(sounds.to_int16(signal)) for signal in (received, sent))
    return [
        (level_db(np.frombuffer(came, np.int16)), echo.feed(came, went))
        for came, went in zip(*(sounds.frames(line) for line in lines), strict=True)
    ]


@pytest.mark.parametrize("loss_db", [6, 12, 20, 30])
@pytest.mark.parametrize("delay_ms", [20, 130, 300])
def test_the_echo_stays_under_its_estimate_from_the_first_frame(
    loss_db: int, delay_ms: int
) -> None:
    sent = sounds.babble_like(6.0, -20.0, seed=loss_db + delay_ms)
    echo = sounds.echo_of(sent, loss_db=loss_db, delay_ms=delay_ms)
    levels = feed_all(EchoEstimator(), echo + sounds.white(6.0, -62.0), sent)
    over = [
        level for level, limit in levels if level > -50.0 and (limit is None or level > limit + 6)
    ]
    assert len(over) <= 3
    assert not any(limit is None for level, limit in levels if level > -40.0)


@pytest.mark.parametrize(("loss_db", "delay_ms"), [(8, 40), (15, 120), (25, 280)])
def test_coupling_and_delay_are_found(loss_db: int, delay_ms: int) -> None:
    sent = sounds.babble_like(6.0, -20.0, seed=3)
    estimator = EchoEstimator()
    received = sounds.echo_of(sent, loss_db=loss_db, delay_ms=delay_ms)
    feed_all(estimator, received + sounds.white(6.0, -65.0), sent)
    assert estimator.coupling_db == pytest.approx(-loss_db, abs=3.0)
    assert estimator.delay_ms == pytest.approx(delay_ms, abs=6.0)


def test_a_line_without_echo_lets_a_soft_caller_through() -> None:
    sent = sounds.babble_like(5.0, -20.0, seed=1)
    estimator = EchoEstimator()
    feed_all(estimator, sounds.pink(5.0, -60.0), sent)
    caller = sounds.babble_like(2.0, -38.0, seed=2)
    levels = feed_all(estimator, caller, sounds.babble_like(2.0, -20.0, seed=4))
    heard = [level > (limit or -96.0) + 6.0 for level, limit in levels if level > -42.0]
    assert np.mean(heard) > 0.9


def test_a_caller_does_not_become_echo() -> None:
    sent = sounds.babble_like(10.0, -20.0, seed=5)
    received = sounds.echo_of(sent, loss_db=25, delay_ms=100)
    received[40_000:] += sounds.babble_like(5.0, -25.0, seed=6)
    estimator = EchoEstimator()
    feed_all(estimator, received, sent)
    assert estimator.coupling_db < -15.0


def test_loudspeaker_on_is_noticed_within_a_quarter_second() -> None:
    sent = sounds.babble_like(6.0, -20.0, seed=7)
    handset = sounds.echo_of(sent, loss_db=30, delay_ms=60)
    speaker = sounds.echo_of(sent, loss_db=6, delay_ms=90)
    received = np.where(np.arange(len(sent)) < 32_000, handset, speaker)
    levels = feed_all(EchoEstimator(), received, sent)
    over = [level > limit + 6.0 for level, limit in levels[200:] if limit is not None]
    assert sum(over) * 20 < 240


def test_nothing_is_expected_while_the_bot_is_silent() -> None:
    estimator = EchoEstimator()
    assert estimator.feed(bytes(320), None) is None
    loud = sounds.to_int16(sounds.white(0.02, -20.0)).tobytes()
    assert estimator.feed(bytes(320), loud) is not None
    expected = [estimator.feed(bytes(320), None) for _ in range(30)]
    assert expected[10] is not None
    assert expected[-1] is None


def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="160 samples, got 80"):
        EchoEstimator().feed(bytes(160), None)

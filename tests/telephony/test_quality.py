"""Counters added up over a call; jitter as RFC 3550 defines it."""

from __future__ import annotations

import pytest

from telephony.quality import InterarrivalJitter, Quality, Reading, ReceiverStatistics


def after(*readings: Reading, codec: str = "pcma") -> Quality:
    statistics = ReceiverStatistics()
    for reading in readings:
        statistics.add(reading)
    quality = statistics.quality(codec)
    assert quality is not None
    return quality


def test_nothing_is_known_before_the_first_packet() -> None:
    statistics = ReceiverStatistics()
    assert statistics.quality("pcma") is None
    statistics.add(Reading(0))
    assert statistics.quality("pcma") is None
    statistics.add(Reading(0, sent=3))
    assert statistics.quality("pcma") == Quality(sent=3)


def test_the_newest_counters_count() -> None:
    quality = after(Reading(7, received=50), Reading(7, received=97, missing=3, sent=101))
    assert (quality.received, quality.lost, quality.sent) == (97, 3, 101)
    assert quality.loss_percent == pytest.approx(3.0)


def test_a_duplicate_hides_no_loss() -> None:
    quality = after(Reading(7, received=105, missing=-5, duplicated=10))
    assert (quality.lost, quality.duplicated) == (5, 10)
    assert quality.loss_percent == pytest.approx(5.0)


def test_duplicates_that_the_buffer_could_not_tell_are_no_negative_loss() -> None:
    assert after(Reading(7, received=105, missing=-5)).lost == 0


def test_another_stream_adds_to_the_first() -> None:
    quality = after(
        Reading(7, received=90, missing=10, late=2, sent=100),
        Reading(8, received=45, missing=5, late=1, buffer_starts=1, sent=150),
        Reading(8, received=90, missing=10, late=1, buffer_starts=1, sent=200),
    )
    assert (quality.received, quality.lost, quality.late, quality.sent) == (180, 20, 3, 200)


def test_jitter_is_the_mean_of_readings_while_audio_comes() -> None:
    quality = after(
        Reading(7, received=50, jitter_ms=10),
        Reading(7, received=100, jitter_ms=20),
        Reading(7, received=100, jitter_ms=20),  # on hold: the estimate stands still
    )
    assert quality.jitter_ms == pytest.approx(15)


def test_late_packets_are_lost_for_the_ear_but_not_for_the_network() -> None:
    clean = after(Reading(7, received=100))
    late = after(Reading(7, received=100, late=5))
    assert late.lost == 0
    assert late.mos < clean.mos - 1


def test_delay_and_buffer_cost_a_little() -> None:
    near = after(Reading(7, received=100))
    far = after(Reading(7, received=100, rtt_ms=400, buffer_ms=80))
    assert near.mos == pytest.approx(4.38, abs=0.02)
    assert 3.5 < far.mos < near.mos


def test_the_end_of_the_call_brings_the_totals() -> None:
    statistics = ReceiverStatistics()
    statistics.add(Reading(7, received=50, missing=1, sent=51))
    statistics.add(Reading(8, received=20, sent=80))
    statistics.finish(received=90, sent=95)
    quality = statistics.quality("pcma")
    assert quality is not None
    assert (quality.received, quality.lost, quality.sent) == (90, 1, 95)


def test_a_call_too_short_for_a_reading_has_its_totals() -> None:
    statistics = ReceiverStatistics()
    statistics.finish(received=12, sent=13)
    quality = statistics.quality("")
    assert quality is not None
    assert (quality.received, quality.sent, quality.loss_percent) == (12, 13, 0.0)


def test_jitter_of_a_steady_stream_is_nothing_and_of_alternating_delay_that_delay() -> None:
    steady, shaken = InterarrivalJitter(), InterarrivalJitter()
    for number in range(500):
        steady.packet(number * 160, 5.0 + number * 0.02)
        shaken.packet(number * 160, 5.0 + number * 0.02 + 0.03 * (number % 2))
    assert steady.mean_ms == pytest.approx(0, abs=1e-6)
    assert shaken.mean_ms == pytest.approx(30, rel=0.05)  # the estimate starts at nothing

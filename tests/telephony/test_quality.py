"""Counters added up over a call; jitter as RFC 3550 defines it."""

from __future__ import annotations

import pytest

from telephony.quality import Buffered, InterarrivalJitter, Quality, Reading, ReceiverStatistics


def after(*readings: Reading) -> Quality:
    statistics = ReceiverStatistics()
    for reading in readings:
        statistics.add(reading)
    quality = statistics.quality()
    assert quality is not None
    return quality


def test_nothing_is_known_before_the_first_packet() -> None:
    statistics = ReceiverStatistics()
    assert statistics.quality() is None
    statistics.add(Reading(0))
    assert statistics.quality() is None
    statistics.add(Reading(0, sent=3))
    assert statistics.quality() == Quality(sent=3)


def test_the_newest_counters_count() -> None:
    quality = after(Reading(7, received=50), Reading(7, received=97, missing=3, sent=101))
    assert (quality.received, quality.lost, quality.sent) == (97, 3, 101)
    assert quality.loss_percent == pytest.approx(3.0)


def test_a_duplicate_hides_no_loss() -> None:
    quality = after(Reading(7, received=105, missing=-5, buffered=Buffered(duplicated=10)))
    assert (quality.lost, quality.duplicated) == (5, 10)
    assert quality.loss_percent == pytest.approx(5.0)


def test_duplicates_that_the_buffer_could_not_tell_are_no_negative_loss() -> None:
    assert after(Reading(7, received=105, missing=-5)).lost == 0


def test_another_stream_adds_to_the_first() -> None:
    quality = after(
        Reading(7, received=90, missing=10, sent=100, buffered=Buffered(refused=2)),
        Reading(8, received=45, missing=5, sent=150, buffered=Buffered(starts=1, refused=1)),
        Reading(8, received=90, missing=10, sent=200, buffered=Buffered(starts=1, refused=1)),
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
    late = after(Reading(7, received=100, buffered=Buffered(refused=5)))
    assert (late.lost, late.late) == (0, 5)
    assert late.mos < clean.mos - 1


def overdue(overdue: int, heard_ms: float, starts: int = 1) -> Reading:
    """100 packets of 20 ms came, two of them wait, so many came after their time."""
    buffered = Buffered(starts, put=100, waiting=2, overdue=overdue, heard_ms=heard_ms)
    return Reading(7, received=100, buffered=buffered)


def test_of_overdue_packets_those_count_that_were_not_heard() -> None:
    assert after(overdue(30, heard_ms=98 * 20)).late == 0
    assert after(overdue(30, heard_ms=90 * 20)).late == 8
    assert after(overdue(5, heard_ms=90 * 20)).late == 5  # the other three were key presses
    assert after(overdue(0, heard_ms=90 * 20)).late == 0


def test_packets_of_another_length_are_known_by_what_was_heard() -> None:
    assert after(overdue(30, heard_ms=90 * 30)).late == 8
    assert after(overdue(30, heard_ms=95 * 10)).late == 3


def test_late_packets_of_both_streams_count() -> None:
    first = overdue(30, heard_ms=90 * 20)
    assert after(first, overdue(30, heard_ms=90 * 20 + 94 * 20, starts=2)).late == 8 + 4


def test_what_the_clock_had_no_place_for_is_late_too() -> None:
    assert after(Reading(7, received=100, dropped=4)).late == 4


def test_concealed_gaps_sound_better_than_silent_ones() -> None:
    scores = []
    for concealed in (False, True):
        statistics = ReceiverStatistics(concealed=concealed)
        statistics.add(Reading(7, received=95, missing=5))
        quality = statistics.quality()
        assert quality is not None
        scores.append(quality.mos)
    assert scores[0] < 2.5 < 3.5 < scores[1]


def test_losses_in_a_row_sound_worse() -> None:
    statistics = ReceiverStatistics(concealed=True)
    statistics.add(Reading(7, received=95, missing=5))
    single = statistics.quality()
    statistics.run(1)
    statistics.run(4)
    in_a_row = statistics.quality()
    assert single is not None
    assert in_a_row is not None
    assert (single.burst_ratio, in_a_row.burst_ratio) == (1.0, pytest.approx(2.5 * 0.95))
    assert in_a_row.mos < single.mos


def test_delay_and_buffer_cost_a_little() -> None:
    near = after(Reading(7, received=100))
    far = after(Reading(7, received=100, rtt_ms=400, buffered=Buffered(delay_ms=80)))
    assert near.mos == pytest.approx(4.38, abs=0.02)
    assert 3.5 < far.mos < near.mos


def test_the_end_of_the_call_brings_the_totals() -> None:
    statistics = ReceiverStatistics()
    statistics.add(Reading(7, received=50, missing=1, sent=51))
    statistics.add(Reading(8, received=20, sent=80))
    statistics.finish(received=90, sent=95)
    quality = statistics.quality()
    assert quality is not None
    assert (quality.received, quality.lost, quality.sent) == (90, 1, 95)


def test_a_call_too_short_for_a_reading_has_its_totals() -> None:
    statistics = ReceiverStatistics()
    statistics.finish(received=12, sent=13)
    quality = statistics.quality()
    assert quality is not None
    assert (quality.received, quality.sent, quality.loss_percent) == (12, 13, 0.0)


def test_jitter_of_a_steady_stream_is_nothing_and_of_alternating_delay_that_delay() -> None:
    steady, shaken = InterarrivalJitter(), InterarrivalJitter()
    for number in range(500):
        steady.packet(number * 160, 5.0 + number * 0.02)
        shaken.packet(number * 160, 5.0 + number * 0.02 + 0.03 * (number % 2))
    assert steady.mean_ms == pytest.approx(0, abs=1e-6)
    assert shaken.mean_ms == pytest.approx(30, rel=0.05)  # the estimate starts at nothing

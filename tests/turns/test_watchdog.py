"""Dead air after a caller's turn is reported, whatever hangs."""

from __future__ import annotations

from voicebot.turns.watchdog import DeadAir, DeadAirWatchdog


def test_a_turn_without_an_answer_is_dead_air_after_the_limit() -> None:
    watchdog = DeadAirWatchdog(3500)
    assert watchdog.check(100_000) is None
    watchdog.caller_ended(10_000)
    assert watchdog.next_check_ms == 13_500
    assert watchdog.check(13_499) is None
    assert watchdog.check(13_500) == DeadAir(13_500, 10_000, 3500, count=1)
    assert watchdog.check(13_520) is None


def test_the_second_time_is_told_apart_even_across_a_filler() -> None:
    watchdog = DeadAirWatchdog(3500)
    watchdog.caller_ended(0)
    assert watchdog.check(3600) == DeadAir(3600, 0, 3600, count=1)
    watchdog.bot_started()
    assert watchdog.next_check_ms is None
    assert watchdog.check(60_000) is None
    watchdog.bot_stopped(5000, answered=False)
    assert watchdog.check(8500) == DeadAir(8500, 5000, 3500, count=2)


def test_an_answer_settles_it() -> None:
    watchdog = DeadAirWatchdog(3500)
    watchdog.caller_ended(0)
    watchdog.bot_started()
    watchdog.bot_stopped(9000, answered=True)
    assert watchdog.next_check_ms is None
    assert watchdog.check(60_000) is None


def test_a_caller_who_speaks_is_owed_nothing_until_they_end_again() -> None:
    watchdog = DeadAirWatchdog(3500)
    watchdog.caller_ended(0)
    watchdog.check(3500)
    watchdog.caller_started()
    assert watchdog.check(20_000) is None
    watchdog.bot_stopped(20_000, answered=False)
    assert watchdog.next_check_ms is None
    watchdog.caller_ended(21_000)
    assert watchdog.check(24_500) == DeadAir(24_500, 21_000, 3500, count=1)


def test_a_call_that_ended_is_left_alone() -> None:
    watchdog = DeadAirWatchdog(3500)
    watchdog.caller_ended(0)
    watchdog.call_ended()
    assert watchdog.check(1e6) is None


def test_what_is_promised_is_owed_and_does_not_start_a_running_clock_anew() -> None:
    watchdog = DeadAirWatchdog(3500)
    watchdog.promised(1000)
    watchdog.promised(4000)
    assert watchdog.check(4500) == DeadAir(4500, 1000, 3500, count=1)

"""Whose turn it is, which seat, and what is honestly said of the wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.handoff.desk import ONE, THREE, TWO, Desk
from voicebot.handoff import Want
from voicebot.handoff.estimate import expected_wait_s, spoken_wait


def offered(desk: Desk, call_id: str) -> str:
    seat = desk.queue.offer(call_id)
    return seat.name if seat else ""


# --- which seat ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("want", "seat"),
    [
        (Want("硬件组"), "二线03"),
        (Want("存储组", "YS2200"), "二线01"),  # knows it by name
        (Want("存储组", "YL5280G3"), "二线02"),  # knows all; 01 knows only YS
        (Want("网络组"), "二线01"),  # nobody has it: any seat will do
        (Want("存储组", seat="二线03"), "二线03"),  # a supervisor's wish
    ],
)
def test_the_seat_that_fits_best_is_rung(want: Want, seat: str) -> None:
    desk = Desk()
    desk.queue.join("c1", want)
    assert offered(desk, "c1") == seat


def test_among_those_who_fit_alike_the_longest_idle_is_rung() -> None:
    desk = Desk((TWO, THREE))
    desk.talk("二线02", "c0", 60)
    desk.queue.join("c1", Want())
    assert offered(desk, "c1") == "二线03"
    desk.clock.pass_s(10)
    desk.roster.set_state("二线03", "away", "x")
    desk.roster.set_state("二线03", "ready", "x")
    assert offered(desk, "c1") == "二线02"


def test_only_skilled_seats_are_rung_until_a_rule_widens_it() -> None:
    desk = Desk((ONE, THREE))
    desk.roster.set_state("二线01", "away", "x")
    desk.queue.join("c1", Want("存储组", only_skilled=True))
    assert offered(desk, "c1") == ""
    assert not desk.queue.worth_waiting("c1")
    desk.queue.widen("c1", "硬件组")
    assert offered(desk, "c1") == "二线03"


# --- whose turn ----------------------------------------------------------------------------
def test_who_came_first_gets_the_seat_and_the_next_one_gets_another() -> None:
    desk = Desk((TWO, THREE))
    for call_id in ("c1", "c2", "c3"):
        desk.queue.join(call_id, Want())
        desk.clock.pass_s(1)
    assert {offered(desk, "c1"), offered(desk, "c2")} == {"二线02", "二线03"}
    assert offered(desk, "c3") == ""
    desk.queue.leave("c1")
    assert offered(desk, "c3") != ""


def test_danger_goes_before_all_others() -> None:
    desk = Desk((TWO,))
    desk.queue.join("c1", Want(), "requested")
    desk.clock.pass_s(60)
    desk.queue.join("c2", Want(), "danger")
    assert offered(desk, "c2") == "二线02"
    assert [each.call_id for each in desk.queue.waiting()] == ["c2", "c1"]


def test_a_seat_that_passed_is_not_rung_for_the_same_caller_again() -> None:
    desk = Desk((TWO,))
    desk.queue.join("c1", Want())
    desk.queue.passed("c1", "二线02")
    assert offered(desk, "c1") == "" and not desk.queue.worth_waiting("c1")
    desk.queue.join("c2", Want())
    assert offered(desk, "c2") == "二线02"


def test_a_busy_seat_may_be_rung_again_after_a_while() -> None:
    desk = Desk((TWO,))
    desk.queue.join("c1", Want())
    desk.queue.passed("c1", "二线02", desk.clock.now + timedelta(seconds=15))
    assert offered(desk, "c1") == "" and desk.queue.worth_waiting("c1")
    assert desk.queue.next_change_s("c1") == 15
    desk.clock.pass_s(16)
    assert offered(desk, "c1") == "二线02"


def test_it_is_not_worth_waiting_for_seats_that_are_away() -> None:
    desk = Desk((TWO,), start_away=True)
    desk.queue.join("c1", Want())
    assert not desk.queue.worth_waiting("c1")
    desk.roster.set_state("二线02", "ready", "x")
    assert desk.queue.worth_waiting("c1")


# --- how it stands -------------------------------------------------------------------------
def test_the_position_counts_those_who_want_the_same_seats() -> None:
    desk = Desk((TWO, THREE))
    for nth, skill in enumerate(("存储组", "硬件组", "存储组", "硬件组")):
        desk.queue.join(f"c{nth}", Want(skill, only_skilled=True))
        desk.clock.pass_s(1)
    assert [each.position for each in desk.queue.waiting()] == [1, 1, 2, 2]
    desk.queue.ringing("c0", on=True)
    assert [each.position for each in desk.queue.waiting()] == [1, 1, 2]
    assert len(desk.queue) == 3


def test_the_wait_is_told_only_once_enough_calls_were_measured() -> None:
    desk = Desk((TWO,))
    for nth in range(4):
        desk.talk("二线02", f"x{nth}", 90)
    desk.roster.rings("二线02", "x9")
    desk.roster.talks("二线02", "x9")
    for call_id in ("c1", "c2"):
        desk.queue.join(call_id, Want())
        desk.clock.pass_s(1)
    assert [each.expected_wait_s for each in desk.queue.waiting()] == [None, None]
    desk.roster.finished("二线02", "x9")
    desk.clock.pass_s(30)
    desk.roster.rings("二线02", "x10")
    waits = [each.expected_wait_s for each in desk.queue.waiting()]
    measured = desk.roster.handling_s(["二线02"])
    assert len(measured) == 5
    assert waits == pytest.approx([sum(measured) / 5, 2 * sum(measured) / 5])


def test_two_seats_halve_the_wait_and_nobody_at_work_leaves_it_unsaid() -> None:
    handled = [100.0, 200.0, 300.0, 100.0, 300.0]
    assert expected_wait_s(3, 2, handled) == 300.0
    assert expected_wait_s(1, 0, handled) is None
    assert expected_wait_s(1, 1, handled[:4]) is None


@pytest.mark.parametrize(
    ("wait_s", "words"),
    [
        (20, "一分钟左右"),
        (61, "两分钟左右"),
        (540, "九分钟左右"),
        (600, "十分钟左右"),
        (720, "十二分钟左右"),
        (901, "十五分钟以上"),
    ],
)
def test_a_wait_is_said_in_whole_minutes_rounded_up(wait_s: float, words: str) -> None:
    assert spoken_wait(wait_s) == words

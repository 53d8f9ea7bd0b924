"""Seats and their states: what calls do to them, what people set, and what a restart knows."""

from __future__ import annotations

import pytest

from tests.handoff.desk import ONE, TWO, Desk
from voicebot.errors import SeatError
from voicebot.handoff import Roster, SeatState, SeatView
from voicebot.records.seat_log import SeatChange


def test_a_call_goes_through_ringing_talking_and_a_wrap_up_with_a_limit() -> None:
    desk = Desk((ONE,))
    desk.roster.rings("二线01", "c1")
    assert desk.roster.seat("二线01").state is SeatState.RINGING
    desk.roster.talks("二线01", "c1")
    assert desk.roster.seat("二线01").call_id == "c1"
    desk.clock.pass_s(100)
    desk.roster.finished("二线01", "c1")
    assert desk.roster.seat("二线01").state is SeatState.WRAP_UP
    desk.clock.pass_s(29)
    assert desk.states() == ["wrap_up"]
    desk.clock.pass_s(2)
    ready = desk.roster.seat("二线01")
    assert ready.state is SeatState.READY
    assert (desk.clock.now - ready.since).total_seconds() == 1, "ready since the limit, not now"
    assert [(each.state, each.by) for each in desk.kept] == [
        ("ringing", "bot"),
        ("talking", "bot"),
        ("wrap_up", "bot"),
        ("ready", "limit"),
    ]


def test_without_a_wrap_up_the_seat_is_ready_at_once() -> None:
    desk = Desk((ONE,), wrap_up_s=0)
    desk.roster.rings("二线01", "c1")
    desk.roster.talks("二线01", "c1")
    desk.roster.finished("二线01", "c1")
    assert desk.states() == ["ready"]


def test_a_seat_that_passes_is_ready_again_or_away() -> None:
    desk = Desk((ONE, TWO))
    for name, away in (("二线01", False), ("二线02", True)):
        desk.roster.rings(name, "c1")
        desk.roster.passed(name, "c1", away=away)
    assert desk.states() == ["ready", "away"]


def test_another_calls_end_does_not_touch_the_seat() -> None:
    desk = Desk((ONE,))
    desk.roster.rings("二线01", "c2")
    desk.roster.passed("二线01", "c1")
    assert desk.states() == ["ringing"]
    desk.roster.talks("二线01", "c2")
    desk.roster.finished("二线01", "c1")
    assert desk.states() == ["talking"]


def test_a_wish_in_a_talk_comes_true_after_it() -> None:
    desk = Desk((ONE,))
    desk.roster.rings("二线01", "c1")
    desk.roster.talks("二线01", "c1")
    view = desk.roster.set_state("二线01", "away", "张")
    assert (view.state, view.then) == (SeatState.TALKING, SeatState.AWAY)
    desk.roster.finished("二线01", "c1")
    assert desk.states() == ["away"]


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [("二线09", "ready", ("二线09", "二线01")), ("二线01", "talking", ("wrap_up", "talking"))],
)
def test_a_wrong_seat_or_state_is_told(name: str, state: str, words: tuple[str, str]) -> None:
    with pytest.raises(SeatError) as error:
        Desk((ONE,)).roster.set_state(name, state, "张")
    assert all(word in str(error.value) for word in words)


def test_who_watches_hears_each_change_until_they_stop() -> None:
    desk = Desk((ONE,))
    seen: list[SeatView] = []

    def fails(_seat: SeatView) -> None:
        raise RuntimeError("a page that cannot be drawn")

    desk.roster.watch(fails)
    cancel = desk.roster.watch(seen.append)
    desk.roster.set_state("二线01", "away", "张")
    desk.roster.set_state("二线01", "away", "张")
    cancel()
    desk.roster.set_state("二线01", "ready", "张")
    assert [seat.state for seat in seen] == ["away"]


def test_handling_times_are_from_the_talks_begin_to_ready_again() -> None:
    desk = Desk((ONE, TWO))
    desk.talk("二线01", "c1", 100)
    desk.talk("二线02", "c2", 200)
    assert desk.roster.handling_s(["二线01"]) == (130.0,)
    assert desk.roster.handling_s(["二线01", "二线02"]) == (130.0, 230.0)


# --- a restart -----------------------------------------------------------------------------
def restarted(desk: Desk, history: list[SeatChange], *, alive: bool = False) -> Roster:
    roster = Roster(desk.seats, wrap_up_s=30, clock=desk.clock)
    roster.restore(history, lambda _writer: alive)
    return roster


def test_a_restart_knows_who_is_away_and_how_long_calls_take() -> None:
    desk = Desk((ONE, TWO))
    desk.talk("二线01", "c1", 100)
    desk.roster.set_state("二线02", "away", "张")
    roster = restarted(desk, desk.kept)
    assert [seat.state for seat in roster.seats()] == ["ready", "away"]
    assert roster.handling_s(["二线01"]) == (130.0,)


def test_a_call_that_died_with_the_bot_leaves_a_wrap_up_or_a_ready_seat() -> None:
    desk = Desk((ONE, TWO))
    desk.roster.rings("二线01", "c1")
    desk.roster.rings("二线02", "c2")
    desk.roster.talks("二线02", "c2")
    assert [s.state for s in restarted(desk, desk.kept).seats()] == ["ready", "wrap_up"]
    other = restarted(desk, desk.kept, alive=True)
    assert [s.state for s in other.seats()] == ["ringing", "talking"], "another bot has them"


def test_a_wrap_up_that_ended_while_the_bot_was_down_is_over() -> None:
    desk = Desk((ONE,))
    desk.roster.set_state("二线01", "wrap_up", "张")
    desk.clock.pass_s(31)
    assert [seat.state for seat in restarted(desk, desk.kept).seats()] == ["ready"]


def test_what_another_process_wrote_is_taken_over_but_not_against_a_call() -> None:
    desk = Desk((ONE, TWO))
    desk.roster.rings("二线02", "c1")
    desk.clock.pass_s(1)
    for name in ("二线01", "二线02"):
        desk.roster.adopt(SeatChange(name, "away", desk.clock.now, "张"))
    assert desk.states() == ["away", "ringing"]
    assert desk.roster.seat("二线02").then is SeatState.AWAY
    desk.roster.passed("二线02", "c1")
    assert desk.states() == ["away", "away"]


def test_old_news_and_unknown_states_change_nothing() -> None:
    desk = Desk((ONE,))
    desk.roster.adopt(SeatChange("二线01", "away", desk.clock.now, "张"))
    desk.clock.pass_s(1)
    desk.roster.adopt(SeatChange("二线01", "on_the_moon", desk.clock.now, "张"))
    desk.roster.adopt(SeatChange("二线09", "away", desk.clock.now, "张"))
    assert desk.states() == ["ready"]

"""Skill first, then the settings' order, never a seat twice."""

from __future__ import annotations

from voicebot.handoff import next_seat
from voicebot.settings import SeatSettings

A = SeatSettings(name="a", uri="sip:a@h")
B = SeatSettings(name="b", uri="sip:b@h", skills=("存储组",))
C = SeatSettings(name="c", uri="sip:c@h", skills=("硬件组", "存储组"))


def test_without_a_skill_the_settings_order_counts() -> None:
    assert next_seat([A, B, C]) is A


def test_a_seat_with_the_skill_goes_first() -> None:
    assert next_seat([A, B, C], "存储组") is B
    assert next_seat([A, B, C], "硬件组") is C


def test_after_the_skilled_seats_any_seat_will_do() -> None:
    assert next_seat([A, B, C], "存储组", {B.uri}) is C
    assert next_seat([A, B, C], "存储组", {B.uri, C.uri}) is A


def test_an_unknown_skill_still_finds_a_seat() -> None:
    assert next_seat([A, B], "网络组") is A


def test_no_seat_rings_twice() -> None:
    assert next_seat([A, B], "", {A.uri, B.uri}) is None
    assert next_seat([]) is None

"""A desk whose time is the test's: seats, queue, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from voicebot.handoff import Queue, Roster
from voicebot.records.seat_log import SeatChange
from voicebot.settings import SeatSettings

MONDAY_NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai

ONE = SeatSettings(name="二线01", uri="sip:1@seat", skills=("存储组",), product_lines=("YS*",))
TWO = SeatSettings(name="二线02", uri="sip:2@seat", skills=("存储组",))
THREE = SeatSettings(name="二线03", uri="sip:3@seat", skills=("硬件组",))


@dataclass
class Clock:
    """A time that passes when it is told to."""

    now: datetime = MONDAY_NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """Seats with a queue; `kept` is what would be stored."""

    seats: Sequence[SeatSettings] = (ONE, TWO, THREE)
    wrap_up_s: float = 30.0
    start_away: bool = False
    clock: Clock = field(default_factory=Clock)
    kept: list[SeatChange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roster = Roster(
            self.seats,
            wrap_up_s=self.wrap_up_s,
            start_away=self.start_away,
            clock=self.clock,
            keep=self.kept.append,
        )
        self.queue = Queue(self.roster)

    def states(self) -> list[str]:
        return [seat.state for seat in self.roster.seats()]

    def talk(self, seat: str, call_id: str, talk_s: float) -> None:
        """The seat handles a call of that length, and its wrap-up."""
        self.roster.rings(seat, call_id)
        self.roster.talks(seat, call_id)
        self.clock.pass_s(talk_s)
        self.roster.finished(seat, call_id)
        self.clock.pass_s(self.wrap_up_s)
        self.roster.tend()

"""Which seat to ring next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from voicebot.settings import SeatSettings


def next_seat(
    seats: Sequence[SeatSettings], skill: str = "", tried: Collection[str] = ()
) -> SeatSettings | None:
    """The first seat with the skill, else the first of all, in the settings' order.

    `tried` holds URIs that were rung already; None when no seat is left. A seat without the
    skill is better than none: it can pass the call on, with the summary.
    """
    left = [seat for seat in seats if seat.uri not in tried]
    skilled = [seat for seat in left if skill and skill in seat.skills]
    return next(iter(skilled or left), None)

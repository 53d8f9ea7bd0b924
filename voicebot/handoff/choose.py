"""Which seat to ring next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from voicebot.handoff.roster import SeatState, SeatView

ANY = "*"


@dataclass(frozen=True)
class Want:
    """Whom a caller needs: a seat with this skill that knows this product; empty: any.

    `seat` is rung first if it is ready, whatever it has.
    `groups` are further skills that will do since an overflow rule said so (``*``: any seat).
    `only_skilled`: others will not do, as long as any seat at all has what is wanted.
    """

    skill: str = ""
    product: str = ""
    groups: tuple[str, ...] = ()
    only_skilled: bool = False
    seat: str = ""


def eligible(seats: Sequence[SeatView], want: Want) -> tuple[SeatView, ...]:
    """The seats that may take the call, whatever they are doing."""
    if not want.only_skilled or ANY in want.groups:
        return tuple(seats)
    named = tuple(seat for seat in seats if seat.name == want.seat)
    found = tuple(s for s in seats if _skilled(s, want) and _knows(s, want) > 0)
    widened = tuple(s for s in seats if s not in found and set(want.groups) & set(s.skills))
    # A skill or product that no seat has is a slip of the settings, no reason to ring nobody.
    return tuple(dict.fromkeys(named + found + widened)) if found or widened else tuple(seats)


def choose(seats: Sequence[SeatView], want: Want, not_now: Collection[str] = ()) -> SeatView | None:
    """The ready seat that fits best; of those that fit alike the one that was idle longest.

    Best is who has the skill and the product line by name, then who has the skill and knows all
    lines, then others of the skill; then those of `groups`, then anybody. `not_now` are names.
    """
    ready = [
        seat
        for seat in eligible(seats, want)
        if seat.state is SeatState.READY and seat.name not in not_now
    ]
    return min(ready, key=lambda seat: (_misfit(seat, want), seat.since), default=None)


def _misfit(seat: SeatView, want: Want) -> tuple[bool, int, int]:
    group = 0 if _skilled(seat, want) else 1 if set(want.groups) & set(seat.skills) else 2
    return seat.name != want.seat, group, -_knows(seat, want)


def _skilled(seat: SeatView, want: Want) -> bool:
    return not want.skill or want.skill in seat.skills


def _knows(seat: SeatView, want: Want) -> int:
    """2: the product by name, 1: all lines (or none is wanted), 0: others."""
    if not want.product or not seat.product_lines:
        return 1
    return 2 if any(fnmatchcase(want.product, line) for line in seat.product_lines) else 0

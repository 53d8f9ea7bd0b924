"""How long a caller will wait, as far as that can honestly be said. Pure."""

from __future__ import annotations

from collections.abc import Sequence

FEWEST_HANDLED = 5
"""With fewer handled calls nothing is said: one long call would be the whole truth."""
_MINUTE_S = 60.0
_LONG_MIN = 15
_FIGURES = "零一两三四五六七八九"


def expected_wait_s(position: int, seats: int, handled_s: Sequence[float]) -> float | None:
    """Expected seconds until the caller at `position` (from 1) is served.

    With `seats` of them at work, one becomes free every mean handling time / `seats` on average
    (handling times taken as exponential: how long a call has lasted tells nothing of how long it
    will). None where fewer than `FEWEST_HANDLED` calls were measured, or nobody is at work.
    """
    if len(handled_s) < FEWEST_HANDLED or seats < 1 or position < 1:
        return None
    return position * sum(handled_s) / len(handled_s) / seats


def spoken_wait(wait_s: float) -> str:
    """An estimate as one says it: in whole minutes, rounded up, and never exact.

    >>> spoken_wait(80)
    '两分钟左右'
    """
    minutes = int(-(-wait_s // _MINUTE_S))
    if minutes <= 1:
        return "一分钟左右"
    if minutes > _LONG_MIN:
        return "十五分钟以上"
    return f"{_spoken(minutes)}分钟左右"


def _spoken(number: int) -> str:
    if number < 10:
        return _FIGURES[number]
    return "十" + ("" if number == 10 else "二" if number == 12 else _FIGURES[number - 10])

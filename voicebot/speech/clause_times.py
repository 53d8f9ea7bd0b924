"""Whether the next clause is there when the one before it has been said: a model, without a clock.

A clause is rendered while what came before it plays, so a short one before a long one leaves a
hole. The model is that of Kokoro as converted, on two quiet cores with two threads a clause: it
made 1560 ms of sound, silence included, and 211 ms a character (86 clauses of 28 sentences), at a
real-time factor of .16 (24 clauses), and a clause of c characters played for about 364 + 196 c ms,
those of two for 590 to 620. Rendering is reckoned a quarter longer here, and speech a little
shorter: a machine is seldom quiet.
"""

from __future__ import annotations

from collections.abc import Iterable

_RENDER_MS, _RENDER_MS_A_CHARACTER = 300.0, 42.0
_SAID_MS, _SAID_MS_A_CHARACTER = 200.0, 200.0

Timed = tuple[int, int]
"""A clause: how many of its characters are heard, and the pause after it in ms."""


def render_ms(characters: int) -> float:
    """How long a clause takes until it is there."""
    return _RENDER_MS + _RENDER_MS_A_CHARACTER * characters


def said_ms(characters: int) -> float:
    """How long it plays."""
    return _SAID_MS + _SAID_MS_A_CHARACTER * characters


def ahead_ms(clauses: Iterable[Timed]) -> float:
    """How much is left to play, with the pause after it, when the last of these is there.

    The first is waited for; so is a later one that comes late.
    """
    ahead = 0.0
    for characters, pause_ms in clauses:
        ahead = max(ahead - render_ms(characters), 0.0) + said_ms(characters) + pause_ms
    return ahead


def most_in_time(clauses: Iterable[Timed]) -> int:
    """How many characters the clause after these may hold, to be there when they have been said."""
    return int((ahead_ms(clauses) - _RENDER_MS) // _RENDER_MS_A_CHARACTER)

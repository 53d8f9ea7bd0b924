"""What is known of a call back that is being arranged; part of the dialog's state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallBackWish:
    """What is known of the call back that is being arranged.

    `now` is the time at which it was offered (ISO 8601, with its zone); `own_number` whether the
    calling number can be rung. `wish`, `due_from` and
    `due_to` are agreed upon, or empty; `asked` counts how often the open question was asked.
    """

    now: str
    own_number: bool
    wish: str = ""
    due_from: str = ""
    due_to: str = ""
    asked: int = 0

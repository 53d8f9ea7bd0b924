"""What a dictation remembers, and what it answers; `dictation` moves from one to the next."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Groups = tuple[str, ...]


class Phase(enum.StrEnum):
    """Where the dictation stands."""

    LISTENING = "listening"
    ASKING_LETTER = "asking_letter"
    CONFIRMING = "confirming"
    DONE = "done"


class Next(enum.StrEnum):
    """What is to be done."""

    LISTEN = "listen"
    """Say nothing; more is coming."""
    READ_BACK = "read_back"
    """Read `groups` from `group` on and ask whether it is right; tell `read` where it is cut."""
    ASK_GROUP = "ask_group"
    """Ask for group number `group` again."""
    ASK_REST = "ask_rest"
    """Something is wanting: say what there is, and ask for the rest."""
    ASK_LETTER = "ask_letter"
    """Ask whether the character at `place` is a zero or the letter O."""
    MISSED = "missed"
    """More was heard than there can be: ask for the last stretch again."""
    START_OVER = "start_over"
    """Ask for all of it again."""
    MISFIT = "misfit"
    """Agreed upon, but it cannot be: say what it should look like, ask for all of it again."""
    DONE = "done"
    """`value` is agreed upon."""
    NOT_FOR_US = "not_for_us"
    """No dictation: the dialog should answer it. What was taken down is kept."""


@dataclass(frozen=True)
class Step:
    """An answer. `group` and `place` count from 0; `fits`: the value looks as it should."""

    next: Next
    groups: Groups = ()
    group: int = 0
    fits: bool = True
    place: int = 0

    @property
    def value(self) -> str:
        """The number so far."""
        return "".join(self.groups)


@dataclass(frozen=True)
class DictationState:
    """The memory of a dictation.

    `wanted` is the group that is being said again, `read` how many groups the caller has heard
    back, `failures` how often it went wrong; `typing`: keys are being pressed; `asked_letter`:
    zero or O was asked, which is done once; `asked_at`: its length when the rest was asked for.
    """

    groups: Groups = ()
    phase: Phase = Phase.LISTENING
    typing: bool = False
    wanted: int | None = None
    read: int = 0
    failures: int = 0
    asked_letter: bool = False
    asked_at: int = 0

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DictationState:
        """The state back from `dataclasses.asdict`, also through JSON."""
        plain = {**data, "groups": tuple(data["groups"]), "phase": Phase(data["phase"])}
        return cls(**plain)

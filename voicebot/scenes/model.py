"""What a fault scene is, as frozen data. docs/scenes.md shows the YAML behind it."""

from __future__ import annotations

import enum
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.scenes.pattern import fits
from voicebot.scenes.when import Condition

_SERIAL_CHARS = string.ascii_uppercase + string.digits
YES = "yes"
NO = "no"


class SlotType(enum.StrEnum):
    """How a slot's value is found in what was said."""

    ENUM = "enum"
    BOOL = "bool"
    REGEX = "regex"
    TERM = "term"
    NUMBER = "number"
    DIGITS = "digits"
    SERIAL = "serial"


DICTATED = (SlotType.DIGITS, SlotType.SERIAL)
"""Taken down group by group and read back (docs/scenes.md): figures, or letters and figures."""


@dataclass(frozen=True)
class Choice:
    """A value of an enum slot: `name` is shown to people, `say` are the ways callers say it."""

    value: str
    name: str
    say: tuple[str, ...]


@dataclass(frozen=True)
class Slot:
    """One thing to know.

    `asks` are variants of the question; `help` tells a caller who does not know how to look.
    A bool is filled by `affirm` and `deny` phrases, or by a plain yes or no, when its question
    was just asked or a word of `about` names it. A term slot takes lexicon terms of `kind`.
    A dictated slot (digits, serial) has `length` characters (0: any) and matches `pattern`, as
    `example` does; `format` tells callers what it looks like; `personal` ones are hidden in the
    records. `use` is its id in slots.yaml, if it comes from there.
    """

    id: str
    type: SlotType
    label: str
    asks: tuple[str, ...] = ()
    help: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    about: tuple[str, ...] = ()
    affirm: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    pattern: str = ""
    kind: str = ""
    minimum: int = 0
    maximum: int = 1_000_000
    length: int = 0
    format: str = ""
    example: str = ""
    personal: bool = False
    line: int = 0
    use: str = ""

    @property
    def dictated(self) -> bool:
        """Whether it is taken down group by group."""
        return self.type in DICTATED

    def takes(self, value: str) -> bool:
        """Whether a dictated value is what is asked for."""
        if not value or (self.length and len(value) != self.length):
            return False
        known = string.digits if self.type is SlotType.DIGITS else _SERIAL_CHARS
        in_order = not self.pattern or fits(self.pattern, value)
        return in_order and all(char in known for char in value)

    def shown(self, value: str) -> str:
        """A value as people read it."""
        if value == "unknown":
            return "不清楚"
        if self.type is SlotType.BOOL:
            return "是" if value == YES else "否"
        return next((choice.name for choice in self.choices if choice.value == value), value)


@dataclass(frozen=True)
class Contradiction:
    """What cannot both be true. `says` puts it politely; `reset` slots are asked again."""

    id: str
    when: Condition
    says: tuple[str, ...]
    reset: tuple[str, ...]
    max: int = 1
    line: int = 0


@dataclass(frozen=True)
class Exit:
    """A hand-off to `skill`, with the reason that people read."""

    skill: str
    reason: str


@dataclass(frozen=True)
class Branch:
    """A diagnosis: once `when` holds and `need` is known, the answer is given.

    `say` may hold ``{slot}``; `kb` is a query whose passage is added with its citation; `exit`
    hands the call over instead of, or after, saying.
    """

    id: str
    when: Condition
    cause: str
    solution_class: str
    need: tuple[str, ...] = ()
    say: str = ""
    kb: str = ""
    exit: Exit | None = None
    line: int = 0
    use: str = ""


@dataclass(frozen=True)
class Answer:
    """What a branch says, and the query whose passage is added to it; `use`: from answers.yaml."""

    say: str = ""
    kb: str = ""
    use: str = ""


@dataclass(frozen=True)
class Shared:
    """What the scenes of a pack have in common: ``slots.yaml`` and ``answers.yaml``, by id."""

    slots: Mapping[str, Slot] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """`max_turns` caller turns in the scene; a question is asked at most `max_asks` times."""

    max_turns: int = 12
    max_asks: int = 3


@dataclass(frozen=True)
class TestTurn:
    """What a caller does and what must follow; `expect` has the keys of docs/scenes.md.

    A turn is a sentence (`say`), keys pressed one after the other, or a long silence (`pause`).
    """

    __test__ = False
    say: str = ""
    expect: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    keys: str = ""
    pause: bool = False


@dataclass(frozen=True)
class SceneTest:
    """A dialogue that must run as written."""

    name: str
    turns: tuple[TestTurn, ...]
    line: int = 0


@dataclass(frozen=True)
class Scene:
    """A fault scene: slots to fill, contradictions to notice, branches to reach.

    An empty `ask_order` asks what would decide most (voicebot/scenes/questions.py). `lines` are
    where the top-level keys and the triggers (``triggers[0]``) stand in `file`.
    """

    id: str
    name: str
    label: str
    version: int
    triggers: tuple[str, ...]
    slots: tuple[Slot, ...]
    branches: tuple[Branch, ...]
    ask_order: tuple[str, ...]
    on_limit: Exit
    on_unknown: Exit
    not_triggers: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    limits: Limits = Limits()
    owner: str = ""
    product: str = ""
    tests: tuple[SceneTest, ...] = ()
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def slot(self, slot_id: str) -> Slot:
        """The slot of this id. Raises KeyError."""
        for slot in self.slots:
            if slot.id == slot_id:
                return slot
        raise KeyError(slot_id)

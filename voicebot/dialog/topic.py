"""What the talk is about right now: the last question that was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Topic:
    """`question` stands alone, as it was searched; `focus` is the part or thing it is about (""
    if it names none), `said` what was answered, `source` the id of what was cited."""

    question: str
    focus: str = ""
    said: str = ""
    source: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Topic:
        return cls(**data)

"""A call and a summary to store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telephony.api import CallInfo

INFO = CallInfo("abc@pbx", "13800138000", "4008000000", codec="pcma")


@dataclass
class Story:
    """The smallest summary."""

    text: str

    def to_dict(self) -> dict[str, Any]:
        """As a package for a seat would give it."""
        return {"id": "S1", "lines": [self.text]}

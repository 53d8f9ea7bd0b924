"""The story a seat reads in five seconds: at most six lines, each from the call itself.

Nothing here is generated. A value is a piece of what was said (or a fact the dialog took from
it, whose place in the call is looked up again); what cannot be found in the call is left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from voicebot.handoff import extract
from voicebot.handoff import fields as told
from voicebot.handoff.call_facts import (
    CONFIRMED,
    CONTRADICTION,
    CUSTOMER,
    MODEL,
    MOOD,
    NEXT_STEP,
    PROBLEM,
    PRODUCT,
    SERIAL,
    TRIED,
    WANTS,
    CallFacts,
    SpokenTurn,
    SummaryField,
)
from voicebot.handoff.next_check import NextCheck
from voicebot.records.masking import mask

_LINES = (
    (CUSTOMER, PRODUCT, MODEL, SERIAL),
    (PROBLEM,),
    (CONFIRMED,),
    (TRIED, CONTRADICTION),
    (WANTS, MOOD),
    (NEXT_STEP,),
)
_LINE_CHARS = 70


@dataclass(frozen=True)
class SummaryPackage:
    """What a seat gets. `id` is short and travels in the SIP header ``X-Summary-Id``."""

    id: str
    reason: str
    fields: tuple[SummaryField, ...]

    def get(self, label: str) -> tuple[str, ...]:
        """The values under a label."""
        return tuple(field.value for field in self.fields if field.label == label)

    def to_lines(self) -> tuple[str, ...]:
        """At most six lines of at most some sixty characters."""
        lines = []
        for labels in _LINES:
            shown = [
                f"{label}：{'；'.join(self.get(label))}" for label in labels if self.get(label)
            ]
            if shown:
                line = extract.shorten("  ".join(shown), _LINE_CHARS)
                lines.append(line + (self._source() if labels == (NEXT_STEP,) else ""))
        return tuple(lines)

    def _source(self) -> str:
        found = next((field.source for field in self.fields if field.label == NEXT_STEP), "")
        return f"（{found}）" if found else ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "reason": self.reason,
            "lines": list(self.to_lines()),
            "fields": [asdict(field) for field in self.fields],
        }


def new_summary_id() -> str:
    """Short enough for a header and a screen: ``S`` and seven hexadecimal digits."""
    return "S" + uuid.uuid4().hex[:7]


def build_package(
    call: CallFacts,
    turns: Sequence[SpokenTurn],
    facts: Mapping[str, str],
    *,
    summary_id: str = "",
    due: NextCheck | None = None,
) -> SummaryPackage:
    """Tell the story of a call; some milliseconds of CPU.

    `facts` is the dialog's ``Handoff.facts``: labels to values, as people read them. A slot's
    value is kept only with evidence in the caller's words. `due` is what the scene would check
    next. Personal data is masked.
    """
    said = [turn for turn in turns if turn.who == "caller" and turn.text.strip()]
    fields = [
        *told.customer(call, said),
        *told.product(call, said),
        *told.model(call, said, facts),
        *told.serial(call, turns, said, facts),
        *told.problem(said),
        *told.confirmed(call, turns, facts),
        *told.tried(turns, said),
        *told.contradictions(turns),
        *told.wants(said),
        *told.worst_mood(call, said),
        *told.next_step(call, turns, facts, due),
    ]
    return SummaryPackage(
        id=summary_id or new_summary_id(),
        reason=call.reason,
        fields=tuple(_masked(field) for field in fields),
    )


def _masked(field: SummaryField) -> SummaryField:
    value = field.value if field.label == CUSTOMER else mask(field.value)
    return SummaryField(field.label, value, field.confidence, field.turn, field.source)

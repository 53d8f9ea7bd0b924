"""A draft: something that a pack might say, proposed by a program, for a person to decide upon."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from voicebot.records.masking import mask

QUESTION_CHARS, ANSWER_CHARS = 200, 2000  # as a pack's FAQ allows
_NEVER = datetime.min.replace(tzinfo=UTC)


class DraftKind(enum.StrEnum):
    """What is proposed."""

    FAQ = "faq"  # a new question with its answer
    SIMILAR = "similar"  # another way to ask what an entry answers


class DraftState(enum.StrEnum):
    """What has become of it."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Origin(enum.StrEnum):
    """Who proposed it."""

    CALLS = "calls"
    RULES = "rules"
    MODEL = "model"


@dataclass(frozen=True)
class Heard:
    """Where a caller said it: the call, and when in it (ms since it was answered)."""

    call_id: str
    at_ms: int


@dataclass(frozen=True)
class Draft:
    """A proposed addition, masked.

    `answer` is empty where nothing supports one: an expert is to write it. `answer_source` says
    whose words it is. `near_entry` is the pack's nearest FAQ (for a similar question: the one it
    would belong to) and `nearness` the probability that both ask the same; `confidence` that the
    draft is worth accepting. `count` is how often callers asked it, `heard` where.
    """

    id: str
    kind: DraftKind
    question: str
    answer: str = ""
    near_entry: str = ""
    state: DraftState = DraftState.PROPOSED
    origin: Origin = Origin.CALLS
    answer_source: str = ""
    nearness: float = 0.0
    confidence: float = 0.0
    count: int = 0
    heard: tuple[Heard, ...] = ()
    drafted: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime = _NEVER
    decided_at: datetime | None = None
    decided_by: str = ""
    why: str = ""
    version: int | None = None
    pack: str = field(default="", compare=False)  # the name of the one it is for, once kept

    @property
    def source_calls(self) -> tuple[str, ...]:
        """The calls that it was made of, each once."""
        return tuple(dict.fromkeys(each.call_id for each in self.heard))

    @property
    def edited(self) -> bool:
        """Whether somebody changed what was drafted."""
        now = {"question": self.question, "answer": self.answer}
        return bool(self.drafted) and dict(self.drafted) != now


def new_draft(kind: DraftKind, question: str, **fields: Any) -> Draft:
    """A draft that is proposed now; personal data in its texts is masked."""
    said = mask(" ".join(question.split()))[:QUESTION_CHARS]
    answer = mask(str(fields.pop("answer", "")).strip())[:ANSWER_CHARS]
    drafted = {"question": said, "answer": answer}
    now = datetime.now(UTC)
    return Draft(str(uuid.uuid4()), kind, said, answer, drafted=drafted, created_at=now, **fields)

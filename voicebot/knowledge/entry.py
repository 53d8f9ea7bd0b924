"""What an index is made of: entries, and the things callers hand in to be indexed."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from voicebot.knowledge.api import Hit, HitKind


class Role(enum.StrEnum):
    """How an entry is matched: as a text that answers, as a question, or as a counter-example."""

    ANSWER = "answer"
    QUESTION = "question"
    COUNTER = "counter"


@dataclass(frozen=True)
class Passage:
    """A piece of a document, small enough to be embedded and quoted.

    `id` is unique unless a record was too long and became several passages, which share it.
    `title` is the heading path, `source` the citation shown to people.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""


@dataclass(frozen=True)
class SceneEntry:
    """A fault scene as retrieval sees it: what callers say when they mean it, and what they say
    when they mean something else that sounds like it."""

    id: str
    name: str
    triggers: tuple[str, ...]
    not_triggers: tuple[str, ...] = ()
    product: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of an index. Several entries may lead to the same item (`id`, `kind`).

    `match` is what is embedded and compared; `text`, `title` and `source` go into the Hit.
    """

    id: str
    kind: HitKind
    role: Role
    match: str
    text: str
    title: str = ""
    source: str = ""
    product: str = ""

    def hit(self, score: float) -> Hit:
        return Hit(self.id, self.kind, score, self.text, self.title, self.source)

    @property
    def key(self) -> str:
        """Equal keys have equal vectors."""
        side = "passage" if self.role is Role.ANSWER else "query"
        return hashlib.sha256(f"{side}\0{self.match}".encode()).hexdigest()[:32]

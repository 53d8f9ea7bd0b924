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
    `title` is the heading path, `source` the citation shown to people. `page` counts from 1 (0:
    the format has none), `kind` is one of paragraph, steps, row, figure; `tokens` counts title
    and text as the embedder does; `figure` is the file name of the original picture.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    page: int = 0
    kind: str = "paragraph"
    tokens: int = 0
    figure: str = ""


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

    `match` is what is embedded and compared; `text`, `title`, `source` and `figure` go into the
    Hit. `valid_from` and `valid_until` are days as ``YYYY-MM-DD``, "" where there is no limit.
    """

    id: str
    kind: HitKind
    role: Role
    match: str
    text: str
    title: str = ""
    source: str = ""
    product: str = ""
    figure: str = ""
    valid_from: str = ""
    valid_until: str = ""

    def hit(self, score: float) -> Hit:
        """What a search gives back for this entry."""
        return Hit(
            self.id, self.kind, score, self.text, self.title, self.source, figure=self.figure
        )

    def valid(self, today: str) -> bool:
        """Whether the entry answers on that day (``YYYY-MM-DD``); both ends are included."""
        return self.valid_from <= today and (not self.valid_until or today <= self.valid_until)

    @property
    def key(self) -> str:
        """Equal keys have equal vectors."""
        side = "passage" if self.role is Role.ANSWER else "query"
        return hashlib.sha256(f"{side}\0{self.match}".encode()).hexdigest()[:32]

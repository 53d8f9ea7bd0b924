"""What knowledge is to the rest of the house: hits with a source, and how far to trust them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class HitKind(enum.StrEnum):
    """What a hit points to."""

    PASSAGE = "passage"
    FAQ = "faq"
    SCENE = "scene"


@dataclass(frozen=True)
class Hit:
    """One retrieved item.

    `id` names the passage, FAQ or scene; `score` is the fused score (higher is better, only
    comparable within one search); `text` is what may be said or quoted (for a FAQ its answer,
    for a passage its sentences, for a scene its name); `title` is the FAQ's question, the
    passage's heading path or the matched trigger; `source` is the citation shown to people;
    `figure` names the original picture that the passage describes (`Knowledge.picture`).
    """

    id: str
    kind: HitKind
    score: float
    text: str
    title: str = ""
    source: str = ""
    figure: str = ""


@dataclass(frozen=True)
class SearchResult:
    """Hits, best first, and the calibrated probability (0..1) that the first one answers.

    `scene` is the best matching scene with its own probability, or None; `rivals` are the next
    ones, (id, probability), best first.
    """

    query: str
    hits: tuple[Hit, ...]
    answerable: float
    scene: Hit | None = None
    scene_probability: float = 0.0
    elapsed_ms: float = 0.0
    rivals: tuple[tuple[str, float], ...] = ()

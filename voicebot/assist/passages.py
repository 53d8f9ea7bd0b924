"""What the company's documents say to what a caller asks a seat; nothing where they say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicebot.assist.words import PackWords
from voicebot.dialog.hits import PART_LOSS, PART_LOSS_IN_LINE
from voicebot.dialog.intents import asks
from voicebot.dialog.query_maker import MODEL_FACT
from voicebot.dialog.said_part import logit, sigmoid
from voicebot.dialog.state import DialogState
from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import Hit, HitKind, SearchResult

LEAST_CHARS = 4  # a shorter turn is no question to look up


class Searcher(Protocol):
    """The part of knowledge that the assistant needs."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult: ...


@dataclass(frozen=True)
class Found:
    """What a caller's turn led to: a text with its source, and the likeliest scene."""

    text: str = ""
    source: str = ""
    scene: str = ""
    scene_probability: float = 0.0


class Passages:
    """One talk's looks into the knowledge.

    Args:
        answer_risk: what answers with less probability than this is not shown.
    """

    def __init__(self, knowledge: Searcher, words: PackWords, answer_risk: float) -> None:
        self._knowledge = knowledge
        self._answer_risk = answer_risk
        self._canonical = words.canonical
        self._queries = words.queries
        self._match = words.match
        self._state = DialogState()

    def hear(self, text: str) -> None:
        """Remember the model that is talked about."""
        if models := self._canonical.terms(text, "model"):
            self._state = DialogState(topic=self._state.topic, facts={MODEL_FACT: models[-1]})

    def look_up(self, text: str, *, questions_only: bool = False) -> Found:
        """What there is on a caller's turn; follow-ups are understood from what was found last.

        With `questions_only`, a turn that neither asks nor reports a fault leads to a scene only.
        """
        if len(text) < LEAST_CHARS:
            return Found()
        query = self._queries.make(text, self._state)
        asked = (query.text, 5, query.product) if query.product else (query.text, 5)
        result = self._knowledge.search(*asked)
        known = dict(result.rivals)
        if result.scene is not None:
            known[result.scene.id] = result.scene_probability
        scene, probability = next(
            ((each.scene, each.probability) for each in self._match.rank(query.text, known, 1)),
            ("", 0.0),
        )
        quiet = questions_only and not asks(text)
        shown, source = ("", "") if quiet else self._passage(query.text, result)
        return Found(shown, source, scene, probability)

    def quote(self, query: str) -> Found:
        """The passage that a scene's branch names."""
        return Found(*self._passage(query, self._knowledge.search(query)))

    def _passage(self, query: str, result: SearchResult) -> tuple[str, str]:
        hits = [hit for hit in result.hits if hit.kind is not HitKind.SCENE]
        if not hits:
            return "", ""
        # As in the dialog: what speaks of another part answers less likely.
        shift = logit(result.answerable) - hits[0].score
        loss = PART_LOSS_IN_LINE if result.product else PART_LOSS
        sure, hit = max(
            ((each.score + shift - loss * self._lacks(query, each), each) for each in hits),
            key=lambda pair: pair[0],
        )
        if sigmoid(sure) < self._answer_risk:
            return "", ""
        shown = extract(query, hit).spoken
        title = hit.title if hit.kind is HitKind.FAQ else ""
        topic = self._queries.about(query, title, shown, hit.id)
        self._state = DialogState(topic=topic, facts=self._state.facts)
        return shown, hit.source

    def _lacks(self, query: str, hit: Hit) -> float:
        faq = hit.id if hit.kind is HitKind.FAQ else ""
        return min(self._queries.lacks(query, f"{hit.title}\n{hit.text}", faq), 2.0)

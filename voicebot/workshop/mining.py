"""From kept calls to drafts: what callers asked in vain, put together, with an answer if one can
be found, or handed to the entry that nearly has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicebot.knowledge.api import HitKind, SearchResult
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.refusal import sigmoid
from voicebot.pack import Pack
from voicebot.records.views import CallView
from voicebot.workshop.answers import NOTHING, from_documents, from_seats
from voicebot.workshop.asked import Asked, asked_in
from voicebot.workshop.clusters import clusters
from voicebot.workshop.drafts import Draft, DraftKind, Drafts, Heard, new_draft
from voicebot.workshop.likeness import Said, likeness

NEAR = 0.3  # probability of the nearest FAQ from which on the question is another way to ask it
SAME = 0.7  # of asking the same, from which on an earlier draft is the same draft
Step = Callable[[str, int, int], None]


def unseen(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Mined:
    """How many calls were read, questions found in them, groups these made; and what of the
    groups was new, asked again (`renewed`), decided upon before, or asked by too few."""

    calls: int
    asked: int
    groups: int
    new: tuple[Draft, ...]
    renewed: int
    decided: int
    rare: int


def mine(
    calls: Iterable[CallView],
    pack: Pack,
    knowledge: Knowledge,
    drafts: Drafts,
    *,
    at_least: int = 1,
    step: Step = unseen,
) -> Mined:
    """Read the calls of this pack and propose drafts; run again, it goes on where it was.

    `at_least`: how often something must have been asked. Raises RecordsError.
    """
    read, asked = _read(calls, pack.info.name, step)
    said = Said.of([each.question for each in asked], knowledge, _counting("questions", step))
    groups = clusters(said)
    earlier = _Earlier(drafts.list(None, pack=pack.info.name, limit=100_000), knowledge)
    new: list[Draft] = []
    renewed = decided = rare = 0
    for nth, group in enumerate(groups):
        step("drafts", nth, len(groups))
        members = [asked[each] for each in group]
        known = earlier.like(said, group[0], members)
        if known is not None:
            if known.state == "proposed":
                drafts.renew(known.id, _heard(members), _confidence(members, known.nearness))
                renewed += 1
            else:
                decided += 1
        elif len(members) < at_least:
            rare += 1
        else:
            new.append(_draft(members, said.results[group[0]], pack))
    kept = [draft for draft in new if draft.question not in _questions(pack)]
    added = [draft for draft in kept if drafts.add(pack.info.name, [draft])]
    return Mined(read, len(asked), len(groups), tuple(added), renewed, decided, rare)


def nearest_entry(result: SearchResult) -> tuple[str, float]:
    """The FAQ that is nearest to a question, and the probability that it answers it."""
    hit = next((each for each in result.hits if each.kind is HitKind.FAQ), None)
    return (hit.id, sigmoid(hit.score)) if hit else ("", 0.0)


class _Earlier:
    """The drafts that there are, whatever became of them."""

    def __init__(self, drafts: Sequence[Draft], knowledge: Knowledge) -> None:
        self._drafts = drafts
        self._said = Said.of([draft.question for draft in drafts], knowledge)
        self._places: Mapping[Heard, Draft] = {
            heard: draft for draft in drafts for heard in draft.heard
        }

    def like(self, said: Said, middle: int, members: Sequence[Asked]) -> Draft | None:
        """The draft that was made of one of these calls, or asks the same."""
        for heard in _heard(members):
            if heard in self._places:
                return self._places[heard]
        pairs = [(middle, other) for other in range(len(self._drafts))]
        scores = likeness().pairs(said, self._said, pairs)
        if not len(scores) or scores.max() < SAME:
            return None
        return self._drafts[int(scores.argmax())]


def _read(calls: Iterable[CallView], pack: str, step: Step) -> tuple[int, list[Asked]]:
    read = 0
    asked: list[Asked] = []
    for view in calls:
        read += 1
        step("calls", read, 0)
        if view.call.pack == pack:
            asked += asked_in(view)
    return read, asked


def _draft(members: Sequence[Asked], result: SearchResult, pack: Pack) -> Draft:
    question = members[0].question
    entry, nearness = nearest_entry(result)
    similar = nearness >= NEAR
    answer = NOTHING
    if not similar:
        answer = from_documents(question, result)
        if answer is NOTHING:
            answer = from_seats(question, members)
    return new_draft(
        DraftKind.SIMILAR if similar else DraftKind.FAQ,
        question,
        answer=answer.text,
        answer_source=answer.source,
        near_entry=entry,
        nearness=nearness,
        confidence=_confidence(members, nearness if similar else 1.0),
        count=len(members),
        heard=_heard(members),
    )


def _confidence(members: Sequence[Asked], nearness: float) -> float:
    """Grows with how often it was asked and how well it was heard: an order, no probability."""
    heard = sum(each.confidence for each in members) / len(members)
    return round(heard * nearness * len(members) / (len(members) + 1), 3)


def _heard(members: Sequence[Asked]) -> tuple[Heard, ...]:
    return tuple(Heard(each.call_id, each.at_ms) for each in members)


def _questions(pack: Pack) -> frozenset[str]:
    return frozenset(text for faq in pack.faq for text in (faq.question, *faq.similar))


def _counting(stage: str, step: Step) -> Callable[[int, int], None]:
    return lambda done, total: step(stage, done, total)

"""Which hit of a search answers, how likely it does, and what of it is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

from voicebot.dialog.events import Citation, SendMessage
from voicebot.dialog.query_maker import QueryMaker
from voicebot.dialog.said_part import lacks_amount, lacks_price, logit, nearest_part, sigmoid
from voicebot.dialog.state import Pending, Purpose
from voicebot.dialog.textforms import sentences
from voicebot.dialog.turn import Turn
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.knowledge.text import content

PART_LOSS, PART_LOSS_IN_LINE = 1.5, 2.0  # logits lost by a hit for each part that it lacks
NEAR = 2.5  # logits by which another answer may be worse than one just heard
_LINK = re.compile(r"https?://[^\s，。；）)]+|(?:[a-z0-9-]+\.){2,}[a-z]{2,}", re.IGNORECASE)


class Extracted(Protocol):
    """What is spoken of a passage, what is left for 'go on', and the sentence that backs it."""

    @property
    def spoken(self) -> str: ...
    @property
    def rest(self) -> tuple[str, ...]: ...
    @property
    def quote(self) -> str: ...


Extractor = Callable[[str, Hit], Extracted]


class Hits:
    """Judges hits; below `answer_risk` none may answer."""

    def __init__(self, queries: QueryMaker, *, answer_risk: float, extract: Extractor) -> None:
        self._queries = queries
        self._answer_risk = answer_risk
        self._extract = extract

    def answering(
        self, turn: Turn, result: SearchResult, pending: Pending
    ) -> tuple[Hit | None, float]:
        """The hit to answer with and its probability of answering; (None, 0.0) if none may."""
        hit, probability = self.best(turn, result, pending)
        return (hit, probability) if probability >= self._answer_risk else (None, 0.0)

    def best(self, turn: Turn, result: SearchResult, pending: Pending) -> tuple[Hit | None, float]:
        """The best hit and its probability of answering, however small.

        A hit that lacks the part asked for loses, more so within one product line, where few are
        left to compare with. What was just said gives way to the next that answers as well.
        """
        hits = [h for h in result.hits if h.kind is not HitKind.SCENE and h.text.strip()]
        if not hits:
            return None, 0.0
        shift = logit(result.answerable) - result.hits[0].score
        loss = PART_LOSS_IN_LINE if result.product else PART_LOSS
        scored = []
        for hit in hits:
            faq = hit.id if hit.kind is HitKind.FAQ else ""
            lacks = self._queries.lacks(result.query, _all_of(hit), faq)
            if lacks_price(result.query, hit.text):
                lacks += 2
            scored.append((hit.score + shift - loss * min(lacks, 2), hit))
        scored.sort(key=lambda pair: -pair[0])
        best, hit = self._meant(turn, result, scored)
        topic = turn.state.topic
        # What was cut before any of it was heard was not said, and is no reason for another.
        heard = topic is not None and topic.source == hit.id and turn.before.told(hit.id)
        question = pending.raw or result.query
        if heard and not nearest_part(question, hit.text):
            # 收费吗 is not answered by what was just said of how long it takes.
            others = [pair for pair in scored if pair[1] is not hit]
            if lacks_amount(question, hit.text):
                best, hit = others[0] if others else (-20.0, hit)
            rivals = [pair for pair in others if pair[0] >= max(best - NEAR, 0.0)]
            best, hit = next(iter(rivals), (best, hit))
        return hit, sigmoid(best)

    def _meant(
        self, turn: Turn, result: SearchResult, scored: list[tuple[float, Hit]]
    ) -> tuple[float, Hit]:
        """The best; or one that answers nearly as well, where that is rather meant: of the thing
        that the talk is about (BMC: 密码忘了怎么办), with a word of the question in it, or of no
        product that nobody has named (怎么换硬盘 is not about the storage server's inner disks)."""
        state, query = turn.state, result.query
        focus = state.topic.focus if state.topic else ""
        bare = bool(focus) and self._queries.names_nothing(query)
        best = scored[0][0]
        least = max(best - NEAR, logit(self._answer_risk))
        near = [pair for pair in scored if pair[0] >= least] or scored[:1]
        of_other_line = partial(self._queries.of_another_line, question=query, state=state)
        wanted: tuple[Callable[[Hit], bool], ...] = (
            lambda hit: bare and focus.lower() in _all_of(hit).lower(),
            lambda hit: bool(result.product) or not of_other_line(hit.title),
            lambda hit: bool(content(query) & content(_all_of(hit))),
        )
        for meant in wanted:
            near = [pair for pair in near if meant(pair[1])] or near
        return near[0]

    def first_of(self, query: str, hit: Hit) -> str:
        """What is said of a hit at first, whatever of it was said before."""
        return self._extract(query, hit).spoken

    def spoken(
        self, turn: Turn, query: str, hit: Hit, pending: Pending
    ) -> tuple[tuple[str, ...], Citation]:
        """What is said of a hit, piece by piece, and where it comes from. Of what was said before
        only the part that answers this question, else what was not said of it: perhaps nothing."""
        cut = self._extract(query, hit)
        before, parts = turn.before, (cut.spoken, *cut.rest)
        left = before.left(parts, hit.id)
        known = before.any_of(cut.spoken) and (left != parts or before.told(hit.id))
        if pending.purpose is not Purpose.BRANCH and known:
            part = nearest_part(pending.raw or query, cut.spoken)
            part = part or nearest_part(query, cut.spoken)  # RAID6呢 has no 几块
            if part and not before.same(part):
                return (part,), Citation(hit.id, hit.source, part.rstrip("。"))
        quote = cut.quote
        if left != parts:  # what is not said again is not quoted again
            quote = "".join(s for s in sentences(quote) if not before.same(s)) or quote
        return left, Citation(hit.id, hit.source, quote)


def _all_of(hit: Hit) -> str:
    return f"{hit.title}\n{hit.text}"


def message(hit: Hit) -> SendMessage | None:
    """What of a hit is better sent than spoken: its picture, or an address in it."""
    if hit.figure:
        return SendMessage("figure", hit.figure, hit.source)
    link = _LINK.search(hit.text)
    return SendMessage("link", link.group(), hit.source) if link else None

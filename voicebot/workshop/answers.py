"""An answer for a draft: sentences of a document or of a seat, with whose they are; or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import HitKind, SearchResult
from voicebot.knowledge.query_kind import QueryKind, classify
from voicebot.knowledge.refusal import sigmoid
from voicebot.knowledge.text import content
from voicebot.language.grounding import ungrounded
from voicebot.workshop.asked import Asked, SeatLine
from voicebot.workshop.wording import is_private

FROM = 0.2  # probability that a passage answers; the bot itself asks for more (knowledge.refusal)
COVERED = 0.5  # of the question's words that name something, in the passage
MAX_CHARS = 200
_SEAT_CHARS = 8  # 好的，我看一下 answers nothing
_SEAT_SHARE = 1 / 3
_END = re.compile(r"[。！？；.!?]$")


@dataclass(frozen=True)
class DraftAnswer:
    """`probability` is the index's for a passage, and 0 for a seat's words, which nothing rates."""

    text: str
    source: str
    probability: float = 0.0


NOTHING = DraftAnswer("", "")


def from_documents(question: str, result: SearchResult) -> DraftAnswer:
    """What the best passage says, in its own words; NOTHING if it does not answer."""
    hit = next((each for each in result.hits if each.kind is HitKind.PASSAGE), None)
    if hit is None or sigmoid(hit.score) < FROM:
        return NOTHING
    asked = content(question)
    if not asked or len(asked & content(f"{hit.title}\n{hit.text}")) < COVERED * len(asked):
        return NOTHING
    cut = extract(question, hit)
    said = cut.spoken
    for part in cut.rest:
        if len(said) + len(part) > MAX_CHARS or not said.startswith("第"):
            break  # steps belong together; of other texts the first sentences answer
        said += part
    if ungrounded(said, hit.text):  # 第一步 for a text that has no such number
        said = cut.quote
    return DraftAnswer(said, hit.source, sigmoid(hit.score)) if said else NOTHING


def from_seats(question: str, members: Sequence[Asked]) -> DraftAnswer:
    """The sentence of a seat that shares most with the question; NOTHING if none shares enough."""
    asked = content(question)
    best: tuple[int, int, str, Asked, SeatLine] | None = None
    for member in members:
        for line in member.seat:
            shared = len(asked & content(line.text))
            if not _tells(line.text) or shared < max(2, _SEAT_SHARE * len(asked)):
                continue
            if best is None or (shared, len(line.text)) > best[:2]:
                best = (shared, len(line.text), line.text, member, line)
    if best is None:
        return NOTHING
    _, _, text, member, line = best
    minutes, seconds = divmod(line.at_ms // 1000, 60)
    source = f"坐席 通话{member.call_id[:8]} {minutes}:{seconds:02d}"
    return DraftAnswer(text[:MAX_CHARS] if _END.search(text) else text[:MAX_CHARS] + "。", source)


def _tells(text: str) -> bool:
    kind = classify(text)
    return len(text) >= _SEAT_CHARS and kind is QueryKind.STATEMENT and not is_private(text)

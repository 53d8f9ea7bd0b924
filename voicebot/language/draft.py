"""A summary of a finished call for the seat to review, drafted by the model.

Every sentence that claims a number, code, term or negation which the transcript does not hold
is dropped. When nothing is left the draft is empty: the rule-made form stands by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.language.api import Cancelled, FewShot, TextEngine, never
from voicebot.language.grounding import ungrounded

VERSION = 1
MAX_TOKENS = 120
MAX_TRANSCRIPT_CHARACTERS = 1500

_HEAD = FewShot(
    "你为服务器厂商的客服坐席整理通话。根据通话记录，用两三句话写小结：来电者遇到什么问题，"
    "做过什么排查，结果如何。只写记录里有的内容，不要推测，不要补充。",
    (
        (
            "来电者：我这台机器网口不通。\n客服：请问指示灯亮吗？\n来电者：不亮，换过网线了也不亮。\n"
            "客服：好的，我给您转工程师。",
            "来电者反映机器网口不通。指示灯不亮，换过网线后仍不亮。客服转接工程师处理。",
        ),
    ),
)


@dataclass(frozen=True)
class Line:
    """One turn of the transcript; `caller` is False for the bot's own sentences."""

    caller: bool
    text: str


@dataclass(frozen=True)
class Dropped:
    """A sentence that was left out, and what the transcript does not hold."""

    sentence: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class SummaryDraft:
    """A paragraph for review, empty when nothing could be kept."""

    text: str
    dropped: tuple[Dropped, ...] = ()
    elapsed_ms: float = 0.0


def draft_summary(
    engine: TextEngine,
    transcript: Sequence[Line],
    cancelled: Cancelled = never,
) -> SummaryDraft:
    """Draft a one-paragraph summary; takes seconds to tens of seconds of CPU.

    A long call is drafted from its end, which holds the outcome. `cancelled` stops it early.
    """
    record = _tail([f"{'来电者' if line.caller else '客服'}：{line.text}" for line in transcript])
    if not any(line.caller and line.text.strip() for line in transcript):
        return SummaryDraft("")
    draft = engine.generate(_HEAD, record, MAX_TOKENS, cancelled)
    kept: list[str] = []
    dropped: list[Dropped] = []
    for sentence in sentences(draft.text, whole=draft.finished):
        claims = ungrounded(sentence, record)
        if claims:
            dropped.append(Dropped(sentence, claims))
        elif sentence not in kept:
            kept.append(sentence)
    return SummaryDraft("".join(kept), tuple(dropped), draft.elapsed_ms)


def sentences(text: str, whole: bool = True) -> list[str]:
    """Split at sentence ends, which are kept; without `whole`, an unended last one is left out."""
    found = [piece.strip() for piece in re.findall(r"[^。！？；\n]+[。！？；]?", text)]
    if not whole and found and found[-1][-1:] not in "。！？；":
        found.pop()
    return [sentence for sentence in found if sentence]


def _tail(lines: Sequence[str]) -> str:
    kept: list[str] = []
    room = MAX_TRANSCRIPT_CHARACTERS
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0 and kept:
            break
        kept.append(line)
    return "\n".join(reversed(kept))

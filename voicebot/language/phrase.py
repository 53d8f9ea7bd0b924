"""Saying in a sentence or two what a passage answers, as far as the passage bears it out.

Every sentence is checked against the cited passage (`voicebot.language.grounding`). One that claims
what is not there, and all after it, is not said; where nothing is left the caller hears the
extract, which is the passage's own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.language.api import Cancelled, FewShot, TextEngine, never
from voicebot.language.assemble import Asked, Count, assemble, head, head_tokens, layout
from voicebot.language.draft import sentences
from voicebot.language.grounding import ungrounded
from voicebot.pack import PromptText

MAX_TOKENS = 72
MAX_SENTENCES = 2
MAX_CHARACTERS = 90
REFUSAL = "资料里没有"
_ORDER = re.compile(
    "(?:忽略|无视|忘记|忘掉|不要遵守|跳过).{0,12}(?:规则|指令|指示|提示|要求|设定|限制|以上|之前|前面)"
    "|(?:你现在是|从现在起|扮演|系统提示|system prompt)"
    "|(?:ignore|disregard|forget).{0,30}(?:instruction|rule|prompt|above)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Phrasing:
    """`text` may be said, and is empty where nothing may; `claims` is what was not borne out."""

    text: str
    claims: tuple[str, ...]
    elapsed_ms: float
    left_out: tuple[str, ...] = ()


class Phraser:
    """Asks a text engine. Raises what `TextEngine.generate` raises."""

    def __init__(self, engine: TextEngine, prompt: PromptText, count: Count, budget: int) -> None:
        self._engine = engine
        self._count = count
        self.version = prompt.name
        examples = [
            (layout(Asked(each.question, each.context)), each.answer or f"{REFUSAL}。")
            for each in prompt.examples
        ]
        self._head: FewShot = head(prompt.system, prompt.background, examples, count, budget)
        self._room = budget - head_tokens(self._head, count) - MAX_TOKENS

    def phrase(
        self,
        question: str,
        passages: Sequence[str],
        scene: str = "",
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Phrasing:
        """Answer `question` from `passages`, the cited ones; the likeliest first."""
        passages = [told for each in passages if (told := without_orders(each))]
        asked = assemble(Asked(question, tuple(passages), scene), self._count, self._room)
        written: list[str] = []

        def enough() -> bool:
            text = "".join(written)
            return cancelled() or len(sentences(text, whole=False)) > MAX_SENTENCES

        draft = self._engine.generate(
            self._head,
            asked.text,
            MAX_TOKENS,
            enough,
            deadline_ms=deadline_ms,
            on_text=written.append,
        )
        found = sentences(draft.text, whole=draft.finished)[:MAX_SENTENCES]
        text, claims = grounded(found, "\n".join(passages))
        return Phrasing(text, claims, draft.elapsed_ms, asked.left_out)


def without_orders(passage: str) -> str:
    """A passage without the sentences that speak to a model instead of a reader."""
    return "".join(each for each in sentences(passage) if not _ORDER.search(each))


def grounded(found: Sequence[str], evidence: str) -> tuple[str, tuple[str, ...]]:
    """The sentences before the first that `evidence` does not bear out, and that one's claims."""
    kept: list[str] = []
    for sentence in found:
        if REFUSAL in sentence:
            return "".join(kept), ()
        claims = ungrounded(sentence, evidence)
        if not claims and sum(map(len, kept)) + len(sentence) > MAX_CHARACTERS:
            claims = (f"over {MAX_CHARACTERS} characters",)
        if claims:
            return "".join(kept), claims
        kept.append(sentence)
    return "".join(kept), ()

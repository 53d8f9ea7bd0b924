"""Which of at most three passages answers the caller, or none: a few-shot choice.

Measured with Qwen2.5-Coder-1.5B int8 on 36 questions written for it, a third with no right
passage: 35 right, none picked wrongly, one right one left unpicked. About 1.2 s of CPU a
choice on one thread: the estimate is learned, and a turn that cannot afford it must not start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.language.api import LETTERS, Cancelled, ChoiceEngine, FewShot, lettered, never
from voicebot.language.assemble import Count, head, material
from voicebot.pack import PromptText

MAX_PASSAGES = 3
MAX_TITLE_CHARACTERS = 40
MAX_QUESTION_CHARACTERS = 120
LEAST_PROBABILITY = 0.5
NONE = "以上都不能回答"


@dataclass(frozen=True)
class Pick:
    """`index` of the passage that answers, or None; `probability` of the model's choice."""

    index: int | None
    probability: float
    elapsed_ms: float


class Picker:
    """Asks a choice engine which passage answers."""

    def __init__(self, engine: ChoiceEngine, prompt: PromptText, count: Count, budget: int) -> None:
        self._engine = engine
        self.version = prompt.name
        examples = []
        for each in prompt.examples:
            options = [*each.context, NONE]
            answer = each.answer if each.answer in options else NONE
            asked = lettered(_question(each.question), options)
            examples.append((asked, LETTERS[options.index(answer)]))
        self._head: FewShot = head(prompt.system, prompt.background, examples, count, budget)

    def warm(self) -> None:
        """Read the few-shot head once. Takes seconds on a CPU."""
        self._engine.warm(self._head)

    def pick(
        self,
        question: str,
        titles: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Pick:
        """Choose among the first three `titles` (of FAQs, or first sentences of passages).

        Raises what `ChoiceEngine.choose` raises.
        """
        options = [material(title)[:MAX_TITLE_CHARACTERS] for title in titles[:MAX_PASSAGES]]
        if not options:
            return Pick(None, 1.0, 0.0)
        choice = self._engine.choose(
            self._head, _question(question), [*options, NONE], deadline_ms, cancelled
        )
        sure = choice.index < len(options) and choice.probability >= LEAST_PROBABILITY
        return Pick(choice.index if sure else None, choice.probability, choice.elapsed_ms)


def _question(asked: str) -> str:
    return f"来电者问：{material(asked)[-MAX_QUESTION_CHARACTERS:]}\n哪一条资料能回答？"

"""What a turn means that nothing else understood: one of a few moves, or something else.

The model names a meaning; what the dialog then hears is that meaning's fixed wording, never the
model's. No meaning ends the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.language.api import LETTERS, Cancelled, ChoiceEngine, FewShot, lettered, never
from voicebot.language.assemble import Count, head, quoted
from voicebot.pack import PromptText

LEAST_PROBABILITY = 0.8
MAX_CHARACTERS = 80
OTHER = "说的是别的事"
MEANINGS = {
    "要求换人工来接": "转人工",
    "要求再说一遍": "再说一遍",
    "让客服等一会儿": "等一下",
    "肯定的回答": "是的",
    "否定的回答": "不是",
    OTHER: "",
}
"""What a turn may mean, and how a caller would have said it plainly."""


@dataclass(frozen=True)
class Meaning:
    """`plainly` is what the dialog is told instead, empty where it is something else or unsure."""

    name: str
    plainly: str
    probability: float
    elapsed_ms: float


class Classifier:
    """Asks a choice engine. Raises what `ChoiceEngine.choose` raises."""

    def __init__(self, engine: ChoiceEngine, prompt: PromptText, count: Count, budget: int) -> None:
        self._engine = engine
        self.version = prompt.name
        names = list(MEANINGS)
        examples = [
            (
                lettered(_question(each.question, each.context), names),
                LETTERS[names.index(each.answer)],
            )
            for each in prompt.examples
            if each.answer in MEANINGS
        ]
        self._head: FewShot = head(prompt.system, prompt.background, examples, count, budget)

    def warm(self) -> None:
        """Read the few-shot head once."""
        self._engine.warm(self._head)

    def classify(
        self,
        said: str,
        bot_said: str = "",
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Meaning:
        """What `said` means after `bot_said`."""
        names = list(MEANINGS)
        question = _question(said[-MAX_CHARACTERS:], [bot_said[-MAX_CHARACTERS:]])
        choice = self._engine.choose(self._head, question, names, deadline_ms, cancelled)
        name = names[choice.index]
        sure = choice.probability >= LEAST_PROBABILITY
        plainly = MEANINGS[name] if sure else ""
        return Meaning(name, plainly, choice.probability, choice.elapsed_ms)


def _question(said: str, context: Sequence[str]) -> str:
    before = f"客服刚说：{quoted(context[-1])}\n" if context and context[-1] else ""
    return f"{before}来电者说：{quoted(said)}\n这句话是什么意思？"

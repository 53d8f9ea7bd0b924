"""Reading ``prompts/<use>.yaml``: what a language model is told. Unknown keys are problems."""

from __future__ import annotations

from voicebot.pack import PromptExample, PromptText
from voicebot.pack_yaml import Node

USES = ("choose", "classify", "phrase")
MAX_EXAMPLES = 12


def read_prompt_text(root: Node, use: str) -> PromptText:
    """The prompt in this file; what is wrong with it is noted at its line."""
    if use not in USES:
        root.wrong(f"a file named {', '.join(USES)} and .yaml", repr(use), "rename it")
    table = root.table(["version", "system", "background", "examples"], ["version", "system"])
    examples = table["examples"].items() if "examples" in table else []
    if len(examples) > MAX_EXAMPLES:
        table["examples"].wrong(f"at most {MAX_EXAMPLES}", str(len(examples)), "take some out")
    return PromptText(
        use=use,
        version=table["version"].text(40) if "version" in table else "",
        system=table["system"].text(2000) if "system" in table else "",
        background=table["background"].text(1000) if "background" in table else "",
        examples=tuple(_example(item) for item in examples),
    )


def _example(item: Node) -> PromptExample:
    table = item.table(["context", "question", "answer"], ["question", "answer"])
    return PromptExample(
        question=table["question"].text(300) if "question" in table else "",
        answer=table["answer"].text(300, empty=True) if "answer" in table else "",
        context=table["context"].texts(600) if "context" in table else (),
    )

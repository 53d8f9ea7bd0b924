"""The prompts that come with the house, read as a pack's are; a pack's own take their place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from voicebot.errors import LanguageError
from voicebot.pack import PromptText
from voicebot.pack_language import USES, read_prompt_text
from voicebot.pack_yaml import Problems, read_yaml

_FOLDER = Path(__file__).parent / "prompts"


def prompt_texts(own: Sequence[PromptText] = ()) -> dict[str, PromptText]:
    """By use: the pack's own prompt, else the house's."""
    return {**_house(), **{text.use: text for text in own}}


@cache
def _house() -> dict[str, PromptText]:
    problems, found = Problems(), {}
    for use in USES:
        root = read_yaml(_FOLDER / f"{use}.yaml", f"{use}.yaml", problems)
        if root is not None:
            found[use] = read_prompt_text(root, use)
    if problems.found:
        raise LanguageError(f"language: {problems.found[0]}")
    return found

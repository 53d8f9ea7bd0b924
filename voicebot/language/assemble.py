"""A prompt from its parts: scene and background (may be missing), context and question (never).

Texts of callers and documents are material. They stand between marks that are taken out of them
first, together with the marks of chat templates, so that none can end its place and begin to
instruct. Where a prompt is too long for its budget of tokens, parts are left out in this order:

1. the background (once, when the head is made),
2. the description of the scene,
3. passages, from the least likely one on; of the likeliest the last sentences,
4. the beginning of the question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicebot.language.api import FewShot

OPEN, CLOSE = "「", "」"
HEAD_SHARE = 0.6  # of the budget; the rest is for what is asked
LEAST_QUESTION = 20  # characters
Count = Callable[[str], int]

_MARKS = re.compile(
    r"<\|[^|>]{0,40}\|>|</?(?:start_of_turn|end_of_turn|bos|eos|s)>|\[/?INST\]|<</?SYS>>"
)
_UNSEEN = re.compile(
    f"[{OPEN}{CLOSE}【】\\x00-\\x1f\\x7f\\u2028\\u2029\\u200b-\\u200f\\u202a-\\u202e]+"
)
_ROLE = re.compile(r"^\s*(?:system|user|assistant|系统|指令)\s*[:：]", re.IGNORECASE | re.MULTILINE)
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")


@dataclass(frozen=True)
class Asked:
    """What one request is about."""

    question: str
    context: tuple[str, ...] = ()
    scene: str = ""


@dataclass(frozen=True)
class Assembled:
    """The text put to a model, and what was left out of it to keep within the budget."""

    text: str
    left_out: tuple[str, ...] = ()


def quoted(text: str) -> str:
    """Foreign text as material: on one line, between marks that it cannot hold itself."""
    return OPEN + material(text) + CLOSE


def material(text: str) -> str:
    """Foreign text without line breaks, control characters and marks that mean something."""
    text = _ROLE.sub("", _MARKS.sub("", text))
    text = _UNSEEN.sub(" ", text)
    return re.sub(r"\s+", " ", text).strip()


def head(
    system: str, background: str, examples: Sequence[tuple[str, str]], count: Count, budget: int
) -> FewShot:
    """Instructions, background and worked examples; the background only where there is room."""
    texts = [system, *(text for example in examples for text in example)]
    fixed = sum(count(text) for text in texts)
    if background and fixed + count(background) <= HEAD_SHARE * budget:
        system = f"{system}\n背景：{material(background)}"
    return FewShot(system, tuple(examples))


def head_tokens(shot: FewShot, count: Count) -> int:
    """How many tokens a head takes, marks aside."""
    return count(shot.system) + sum(count(a) + count(b) for a, b in shot.examples)


def assemble(asked: Asked, count: Count, budget: int) -> Assembled:
    """The text for `asked` in at most `budget` tokens (or the least that makes sense)."""
    scene, context, question = asked.scene, list(asked.context), material(asked.question)
    left_out: list[str] = []

    def text() -> str:
        return layout(Asked(question, tuple(context), scene))

    if scene and count(text()) > budget:
        scene = ""
        left_out.append("scene")
    while len(context) > 1 and count(text()) > budget:
        context.pop()
        left_out.append(f"passage {len(context) + 1}")
    while context and count(text()) > budget:
        sentences = _SENTENCE.findall(context[0])
        if len(sentences) < 2:
            break
        context[0] = "".join(sentences[:-1])
        if "end of passage 1" not in left_out:
            left_out.append("end of passage 1")
    while len(question) > LEAST_QUESTION and count(text()) > budget:
        question = question[max(1, len(question) // 10) :]
        if "beginning of the question" not in left_out:
            left_out.append("beginning of the question")
    return Assembled(text(), tuple(left_out))


def layout(asked: Asked) -> str:
    """The parts in their order, each foreign text between its marks."""
    lines = [f"场景：{quoted(asked.scene)}"] if asked.scene else []
    several = len(asked.context) > 1
    for number, passage in enumerate(asked.context, 1):
        lines.append(f"资料{number if several else ''}：{quoted(passage)}")
    return "\n".join([*lines, f"问题：{quoted(asked.question)}"])

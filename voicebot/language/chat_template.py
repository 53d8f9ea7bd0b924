"""The words around a conversation that a model was trained with: its own chat template.

``tokenizer_config.json`` (or ``chat_template.jinja``) of a Hugging Face model folder holds it as a
Jinja text, which is run in a sandbox. A folder without one is taken for ChatML if its vocabulary
has the marks (our converted Qwen2.5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from voicebot.errors import LanguageError
from voicebot.language.api import FewShot

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CHATML_MARK = "<|im_start|>"
END_MARKS = (
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<end_of_turn>", "<eos>",
    "</s>", "<|end|>",
)  # fmt: skip


class ChatTemplate:
    """Renders a conversation as the text that the model continues. Raises LanguageError."""

    def __init__(self, source: str, names: Mapping[str, str], where: str) -> None:
        self._where = where
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals.update(raise_exception=_refuse, strftime_now=_today)
        environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
        self._names = dict(names)
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise LanguageError(f"language: {where}: not a chat template: {error}") from None

    @classmethod
    def of(cls, folder: Path, *, knows_chatml: bool) -> ChatTemplate:
        """That of a model folder."""
        config = _config(folder / "tokenizer_config.json")
        file = folder / "chat_template.jinja"
        source = file.read_text("utf-8") if file.is_file() else _source(config.get("chat_template"))
        if not source:
            if not knows_chatml:
                raise LanguageError(
                    f"language: {folder}: expected a chat template in tokenizer_config.json or "
                    "chat_template.jinja; copy it from the model's original folder"
                )
            source = CHATML
        names = {}
        for key in ("bos_token", "eos_token"):
            value = config.get(key)
            names[key] = str(value["content"] if isinstance(value, dict) else value or "")
        return cls(source, names, str(folder))

    def render(self, head: FewShot, prompt: str) -> str:
        """The text up to where the model's answer begins.

        A template without a place for instructions (Gemma's) gets them before the first question.
        """
        turns = [*head.examples, (prompt, "")]
        conversation = [{"role": "system", "content": head.system}, *_messages(turns)]
        try:
            return self._render(conversation)
        except TemplateError:
            first, answer = turns[0]
            joined = [(f"{head.system}\n\n{first}", answer), *turns[1:]]
            try:
                return self._render(_messages(joined))
            except TemplateError as error:
                raise LanguageError(f"language: {self._where}: chat template: {error}") from None

    def _render(self, conversation: Sequence[Mapping[str, str]]) -> str:
        return self._template.render(
            messages=conversation,
            add_generation_prompt=True,
            enable_thinking=False,
            **self._names,
        )


def _messages(turns: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    found = []
    for asked, answer in turns:
        found.append({"role": "user", "content": asked})
        if answer:
            found.append({"role": "assistant", "content": answer})
    return found


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        parsed = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise LanguageError(f"language: {path}: not JSON: {error}") from None
    return parsed if isinstance(parsed, dict) else {}


def _source(given: object) -> str:
    """The template itself, or the one named default among several."""
    if isinstance(given, list):
        named = {each.get("name"): each.get("template") for each in given if isinstance(each, dict)}
        given = named.get("default", "")
    return given if isinstance(given, str) else ""


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _today(form: str) -> str:
    return datetime.now(UTC).strftime(form)

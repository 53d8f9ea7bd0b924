"""The OpenAI-compatible chat protocol without its socket: bodies out, answers in, all bounded.

Source: the chat-completions API that vLLM, Ollama, llama.cpp's server and others speak; its
streamed answers are server-sent events (WHATWG HTML, 9.2), of which ``data:`` is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from voicebot.errors import LanguageError
from voicebot.language.api import LETTERS, FewShot, lettered

MAX_LINE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 1024 * 1024
MAX_FIELD_CHARACTERS = 200
TOP_TOKENS = 20
_LEAST_LOGPROB = -1000.0  # e to that is 0
END = "[DONE]"


class EventStream:
    """Server-sent events from bytes that come cut anywhere; for one answer."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def feed(self, received: bytes) -> list[str]:
        """The data of each event that is complete now. Raises LanguageError for endless lines."""
        *lines, self._rest = (self._rest + received).replace(b"\r\n", b"\n").split(b"\n")
        held = len(self._rest) + sum(map(len, self._data))
        if held > MAX_LINE_BYTES or any(len(line) > MAX_LINE_BYTES for line in lines):
            raise _nonsense(f"a line over {MAX_LINE_BYTES} bytes")
        events = []
        for line in lines:
            if not line.strip():
                if self._data:
                    events.append("\n".join(self._data))
                self._data.clear()
            elif line.startswith(b"data:"):
                self._data.append(line[5:].decode("utf-8", "replace").strip())
        return events

    def close(self) -> list[str]:
        """No more comes: an event that only its blank line was missing from is complete."""
        return self.feed(b"\n\n") if self._data or self._rest else []


# --- bodies ------------------------------------------------------------------------------------
def messages(head: FewShot, prompt: str) -> list[dict[str, str]]:
    """The conversation as the protocol writes it."""
    turns = [{"role": "system", "content": head.system}]
    for asked, answer in head.examples:
        turns += [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return [*turns, {"role": "user", "content": prompt}]


def text_body(model: str, head: FewShot, prompt: str, max_tokens: int) -> dict[str, Any]:
    """Ask for a text, streamed."""
    return _body(model, messages(head, prompt), max_tokens, stream=True)


def scored_choice_body(
    model: str, head: FewShot, question: str, options: Sequence[str]
) -> dict[str, Any]:
    """Ask for one token and how likely it and its rivals are."""
    body = _body(model, messages(head, lettered(question, options)), 1)
    return {**body, "logprobs": True, "top_logprobs": TOP_TOKENS}


def forced_choice_body(
    model: str, head: FewShot, question: str, options: Sequence[str]
) -> dict[str, Any]:
    """Ask for an object that can hold nothing but one of the letters."""
    letters = list(LETTERS[: len(options)])
    schema = {"answer": {"type": "string", "enum": letters}}
    asked = lettered(question, options) + '\n只输出JSON：{"answer": "字母"}'
    return {
        **_body(model, messages(head, asked), 24),
        "response_format": _schema("choice", schema),
    }


def form_body(
    model: str, head: FewShot, prompt: str, names: Sequence[str], *, strict: bool
) -> dict[str, Any]:
    """Ask for an object with a text for each name; `strict` puts the schema to the server."""
    asked = f"{prompt}\n只输出JSON，键为：{'、'.join(names)}；值都是文字，没有就写空文字。"
    limit = 64 * len(names)
    form = {name: {"type": "string"} for name in names}
    wanted = _schema("form", form) if strict else {"type": "json_object"}
    return {**_body(model, messages(head, asked), limit), "response_format": wanted}


def _body(
    model: str, turns: list[dict[str, str]], max_tokens: int, *, stream: bool = False
) -> dict[str, Any]:
    return {
        "model": model,
        "messages": turns,
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": stream,
    }


def _schema(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


# --- answers -----------------------------------------------------------------------------------
def whole_answer(received: bytes) -> Mapping[str, Any]:
    """The first choice of an answer that came in one piece."""
    return _first_choice(_json(received.decode("utf-8", "replace")))


def piece(data: str) -> tuple[str, str]:
    """The text in one event of a streamed answer, and why it ended (empty: it goes on)."""
    choice = _first_choice(_json(data), may_be_empty=True)
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, Mapping) else ""
    reason = choice.get("finish_reason")
    return (
        content if isinstance(content, str) else "",
        reason if isinstance(reason, str) else "",
    )


def letter_probabilities(choice: Mapping[str, Any], count: int) -> tuple[float, ...] | None:
    """How likely each of the first `count` letters is; None where the server does not tell."""
    scored = choice.get("logprobs")
    tokens = scored.get("content") if isinstance(scored, Mapping) else None
    if not isinstance(tokens, list) or not tokens or not isinstance(tokens[0], Mapping):
        return None
    sums = dict.fromkeys(LETTERS[:count], 0.0)
    rivals = tokens[0].get("top_logprobs")
    for rival in rivals if isinstance(rivals, list) else []:
        if not isinstance(rival, Mapping):
            continue
        token, logprob = rival.get("token"), rival.get("logprob")
        # An integer may have more digits than a float can hold; no probability is one.
        if isinstance(token, str) and isinstance(logprob, float | int) and abs(logprob) < math.inf:
            letter = token.strip(" ▁\n")
            if letter in sums:
                sums[letter] += math.exp(max(_LEAST_LOGPROB, min(0.0, logprob)))
    total = sum(sums.values())
    return tuple(value / total for value in sums.values()) if total > 0 else None


def letter(choice: Mapping[str, Any], count: int) -> int | None:
    """Which of the first `count` letters the answer names, as an object or bare; None: none."""
    text = content(choice).strip()
    try:
        parsed = json.loads(text)
        text = parsed["answer"] if isinstance(parsed, dict) else text
    except (ValueError, KeyError, RecursionError):
        pass
    named = text.strip(" .。\n`\"'") if isinstance(text, str) else ""
    return LETTERS[:count].find(named) if len(named) == 1 and named in LETTERS[:count] else None


def form(choice: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The form that the answer fills. Raises LanguageError unless it is exactly that."""
    found = _json(content(choice))
    if set(found) != set(names) or not all(isinstance(value, str) for value in found.values()):
        raise _nonsense(f"an object that is not a text for each of {', '.join(names)}")
    return {name: found[name][:MAX_FIELD_CHARACTERS] for name in names}


def content(choice: Mapping[str, Any]) -> str:
    """The text of an answer that came in one piece."""
    message = choice.get("message")
    text = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(text, str):
        raise _nonsense("an answer without a text")
    return text


def retry_after_s(value: str, now_s: float) -> float | None:
    """What a Retry-After header asks for (RFC 9110, 10.2.3): seconds or a date; None: nothing."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, TypeError, OverflowError):
        return None


def _first_choice(parsed: Mapping[str, Any], *, may_be_empty: bool = False) -> Mapping[str, Any]:
    choices = parsed.get("choices")
    if choices == [] and may_be_empty:  # an event that tells the usage only
        return {}
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise _nonsense("an answer without choices")
    first: Mapping[str, Any] = choices[0]
    return first


def _json(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise _nonsense("no JSON") from None
    if not isinstance(parsed, dict):
        raise _nonsense("JSON that is no object")
    return parsed


def _nonsense(what: str) -> LanguageError:
    return LanguageError(f"language: the server sent {what}; is its url the one of an OpenAI API?")

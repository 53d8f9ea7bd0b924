"""Reading a file of service dialogues with their human summaries (JSONL), line by line.

A line is ``{"id", "turns": [{"role", "text"}, ...], "final_summary", "user_summary",
"agent_summary"}``. What is wrong with a line is told and the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_LINE_CHARS = 1_000_000
MAX_TURNS = 5_000
_REFERENCES = ("final_summary", "user_summary", "agent_summary")


@dataclass(frozen=True)
class Dialogue:
    """One dialogue: `turns` are (role, text); `references` the human summaries that are there, by
    the name of their field."""

    id: str
    turns: tuple[tuple[str, str], ...]
    references: dict[str, str]

    @property
    def text(self) -> str:
        """All that was said, a turn a line."""
        return "\n".join(text for _, text in self.turns)


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be used: `problem` says what was expected and what came."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class _Wrong(ValueError):
    """What is wrong with a line."""


def read_dialogues(lines: Iterable[str]) -> Iterator[Dialogue | BadLine]:
    """Each line as a dialogue, or what is wrong with it. Blank lines are passed over."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        try:
            dialogue = _dialogue(line, f"line-{number}")
            if dialogue.id in seen:
                raise _Wrong(f"expected each id once, got {dialogue.id[:60]!r} again")
        except _Wrong as wrong:
            yield BadLine(number, str(wrong))
        else:
            seen.add(dialogue.id)
            yield dialogue


def _dialogue(line: str, unnamed: str) -> Dialogue:
    if len(line) > MAX_LINE_CHARS:
        raise _Wrong(f"expected at most {MAX_LINE_CHARS} characters, got {len(line)}")
    try:
        data = json.loads(line.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError) as error:
        where = getattr(error, "msg", "it is nested too deep")
        raise _Wrong(f"expected a JSON object, got no JSON ({where})") from None
    if not isinstance(data, dict):
        raise _Wrong(f"expected a JSON object, got {_kind(data)}")
    if "turns" not in data:
        raise _Wrong("expected the field turns, got none")
    turns = data["turns"]
    if not isinstance(turns, list):
        raise _Wrong(f"turns: expected a list, got {_kind(turns)}")
    if len(turns) > MAX_TURNS:
        raise _Wrong(f"turns: expected at most {MAX_TURNS}, got {len(turns)}")
    said = tuple(_turn(nth, each) for nth, each in enumerate(turns))
    if not any(text.strip() for _, text in said):
        raise _Wrong("turns: expected something said, got an empty dialogue")
    name = data.get("id", unnamed)
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise _Wrong(f"id: expected a text, got {_kind(name)}")
    return Dialogue(str(name), said, _references(data))


def _turn(nth: int, each: Any) -> tuple[str, str]:
    if not isinstance(each, dict):
        raise _Wrong(f"turns[{nth}]: expected {{role, text}}, got {_kind(each)}")
    for key in ("role", "text"):
        if not isinstance(each.get(key), str):
            got = _kind(each[key]) if key in each else "none"
            raise _Wrong(f"turns[{nth}].{key}: expected a text, got {got}")
    return each["role"], each["text"]


def _references(data: dict[str, Any]) -> dict[str, str]:
    found = {}
    for key in _REFERENCES:
        value = data.get(key, "")
        if not isinstance(value, str):
            raise _Wrong(f"{key}: expected a text, got {_kind(value)}")
        if value.strip():
            found[key] = value
    return found


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return names.get(type(value), "null" if value is None else "a number")

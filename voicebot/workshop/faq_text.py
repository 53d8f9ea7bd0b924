"""Adds questions and entries to the text of a FAQ file and leaves every other character alone.

A YAML library that reads and writes a file gives it a layout of its own; here the parser only says
where things are (the marks of its nodes), new text is put in there, and the result is parsed again:
it must hold what was there and what was added, nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from voicebot.errors import PackError

_PLAIN = re.compile(r"[一-鿿A-Za-z][一-鿿A-Za-z0-9 +/._()（），。、？！“”-]*")
_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
_WIDE = 100  # columns; a list on one line that would grow beyond goes on in the next


def entry_ids(text: str) -> tuple[str, ...]:
    """The ids of the file's entries; none if it cannot be read."""
    try:
        return tuple(str(entry.get("id", "")) for entry in _plain(_root(text)))
    except (yaml.YAMLError, PackError, AttributeError):
        return ()


def with_similar(text: str, entry_id: str, questions: Sequence[str]) -> str:
    """The text with these similar questions added to an entry. Raises PackError."""
    root = _root(text)
    entry = next((each for each in root.value if _field(each, "id") == entry_id), None)
    if entry is None:
        raise PackError(f"expected an entry {entry_id!r} in the FAQ file, found none")
    before = _plain(root)
    known = _similar(before[[e["id"] for e in before].index(entry_id)])
    added = [each for each in dict.fromkeys(questions) if each not in known]
    if not added:
        return text
    wanted = [{**e, "similar": [*known, *added]} if e["id"] == entry_id else e for e in before]
    return _proved(_insert(text, entry, added), wanted)


def with_entry(text: str, fields: Mapping[str, str]) -> str:
    """The text with a new entry at its end; `fields` are id, question, answer, perhaps source."""
    root = _root(text) if text.strip() and _holds_data(text) else None
    column = root.start_mark.column if root is not None else 0
    if root is not None and root.flow_style:
        raise PackError("expected a FAQ file of '- id: …' entries, got one in brackets; rewrite it")
    lines = [f"{key}: {_scalar(value, flow=False)}" for key, value in fields.items()]
    body = "\n".join(
        " " * column + ("- " if nth == 0 else "  ") + line for nth, line in enumerate(lines)
    )
    joint = "" if not text or text.endswith("\n") else "\n"
    before = _plain(root) if root is not None else []
    return _proved(f"{text}{joint}{body}\n", [*before, dict(fields)])


def _insert(text: str, entry: yaml.MappingNode, added: Sequence[str]) -> str:
    values = {key.value: (key, value) for key, value in entry.value}
    if "similar" not in values:
        key, value = values["question"]
        flow = _flow(added)
        if entry.flow_style:
            return _put(text, value.end_mark.index, f", similar: [{flow}]")
        line_end = _line_end(text, value)
        return _put(text, line_end, f"\n{' ' * key.start_mark.column}similar: [{flow}]")
    _, node = values["similar"]
    if isinstance(node, yaml.ScalarNode):
        both = _flow([str(node.value).strip(), *added] if node.value.strip() else added)
        return text[: node.start_mark.index] + f"[{both}]" + text[node.end_mark.index :]
    if node.flow_style:
        return _into_brackets(text, node, added)
    last = node.value[-1]
    lines = "".join(
        f"\n{' ' * node.start_mark.column}- {_scalar(each, flow=False)}" for each in added
    )
    return _put(text, _line_end(text, last), lines)


def _into_brackets(text: str, node: yaml.SequenceNode, added: Sequence[str]) -> str:
    if not node.value:
        return _put(text, node.start_mark.index + 1, _flow(added))
    last = node.value[-1]
    at, column = last.end_mark.index, last.end_mark.column
    indent = " " * node.value[0].start_mark.column
    pieces = []
    for each in added:
        shown = _scalar(each, flow=True)
        if column + len(shown) + 3 > _WIDE:
            pieces.append(f",\n{indent}{shown}")
            column = len(indent) + len(shown)
        else:
            pieces.append(f", {shown}")
            column += len(shown) + 2
    return _put(text, at, "".join(pieces))


def _line_end(text: str, node: yaml.Node) -> int:
    """Where the line ends on which the value ends, a comment behind it included."""
    at: int = node.end_mark.index
    while at > node.start_mark.index and text[at - 1] in " \n":
        at -= 1  # a value in block style ends with the lines below it
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _put(text: str, at: int, new: str) -> str:
    return text[:at] + new + text[at:]


def _flow(texts: Sequence[str]) -> str:
    return ", ".join(_scalar(each, flow=True) for each in texts)


def _scalar(text: str, *, flow: bool) -> str:
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS
    if plain and not (flow and "," in text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _root(text: str) -> yaml.SequenceNode:
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise PackError(f"the FAQ file cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.SequenceNode):
        raise PackError("expected a FAQ file with a list of entries, got something else")
    return root


def _holds_data(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _field(entry: yaml.Node, name: str) -> str:
    if not isinstance(entry, yaml.MappingNode):
        return ""
    return next((str(value.value) for key, value in entry.value if key.value == name), "")


def _similar(entry: Mapping[str, Any]) -> list[str]:
    found = entry.get("similar", [])
    return ([found.strip()] if found.strip() else []) if isinstance(found, str) else list(found)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    return str(node.value)


def _proved(text: str, wanted: Sequence[Mapping[str, Any]]) -> str:
    try:
        got = _plain(_root(text))
    except PackError:
        got = None
    if got != list(wanted):
        raise PackError(
            "the FAQ file is laid out in a way that cannot be added to; edit it by hand"
        )
    return text

"""Reads slots: those of one scene, and those in the pack's slots.yaml that scenes share."""

from __future__ import annotations

import keyword
import re
from dataclasses import replace

from voicebot.pack_yaml import Node
from voicebot.scenes.model import Answer, Choice, Shared, Slot, SlotType
from voicebot.scenes.pattern import NEVER, PatternError, compiled

MAX_SPOKEN_CHARS = 1000
MAX_DICTATED = 40
MAX_SLOTS = 60
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_RESERVED = ("unknown", "known", "yes", "no")
SLOT_KEYS = (
    "type", "label", "ask", "help", "required", "values", "about", "affirm", "deny", "pattern",
    "kind", "min", "max", "length", "format", "example",
    "personal",
)  # fmt: skip
_OVERRIDES = ("use", "label", "ask", "help", "required")
_ONLY_DICTATED = ("length", "format", "example", "personal")
_NEEDS = {SlotType.ENUM: "values", SlotType.REGEX: "pattern", SlotType.TERM: "kind"}


def read_shared_slots(root: Node | None) -> dict[str, Slot]:
    """The slots of slots.yaml, by id."""
    if root is None:
        return {}
    return {name: _own(_checked(name, child), child) for name, child in root.entries().items()}


def read_shared_answers(root: Node | None) -> dict[str, Answer]:
    """The answers of answers.yaml, by id."""
    if root is None:
        return {}
    return {
        _checked(name, child): read_answer(child, Shared())
        for name, child in root.entries().items()
    }


def read_answer(node: Node, shared: Shared) -> Answer:
    """``{say, kb}``, or ``{use: id}`` of answers.yaml."""
    table = node.table(["use", "say", "kb"])
    if "use" in table:
        wanted = table["use"].text(60)
        for other in ("say", "kb"):
            if other in table:
                table[other].wrong("either 'use' or what is said", "both", "remove one of them")
        if wanted not in shared.answers:
            known = ", ".join(sorted(shared.answers)) or "none yet"
            table["use"].wrong(f"an id in answers.yaml ({known})", repr(wanted), "correct it")
        return replace(shared.answers.get(wanted, Answer()), use=wanted)
    return Answer(
        say="".join(table["say"].texts(MAX_SPOKEN_CHARS)) if "say" in table else "",
        kb=table["kb"].text(200) if "kb" in table else "",
    )


def read_slots(node: Node, shared: Shared) -> tuple[Slot, ...]:
    """The slots of a scene, in the order of the file."""
    entries = node.entries()
    if len(entries) > MAX_SLOTS:
        node.wrong(f"at most {MAX_SLOTS} slots", str(len(entries)), "split the scene")
        return ()
    return tuple(_slot(_checked(name, child), child, shared) for name, child in entries.items())


def _checked(name: str, node: Node) -> str:
    if not _NAME.match(name) or name in _RESERVED or keyword.iskeyword(name):
        node.wrong("an id of a-z, 0-9 and _ that is no keyword", repr(name), "rename it")
    return name


def _slot(name: str, node: Node, shared: Shared) -> Slot:
    if not _has(node, "use"):
        return _own(name, node)
    table = node.table(_OVERRIDES)
    wanted = table["use"].text(60)
    found = shared.slots.get(wanted)
    if found is None:
        known = ", ".join(sorted(shared.slots)) or "none yet"
        table["use"].wrong(f"a slot of slots.yaml ({known})", repr(wanted), "correct it")
        return Slot(name, SlotType.BOOL, name, line=node.line)
    return replace(
        found,
        id=name,
        line=node.line,
        use=wanted,
        label=table["label"].text(40) if "label" in table else found.label,
        asks=table["ask"].texts(MAX_SPOKEN_CHARS) if "ask" in table else found.asks,
        help=table["help"].text(MAX_SPOKEN_CHARS) if "help" in table else found.help,
        required=table["required"].flag() if "required" in table else found.required,
    )


def _own(name: str, node: Node) -> Slot:
    table = node.table(SLOT_KEYS, ["type", "label"])
    kind = SlotType(table["type"].one_of([str(t) for t in SlotType])) if "type" in table else "bool"

    def texts(key: str) -> tuple[str, ...]:
        return table[key].texts(MAX_SPOKEN_CHARS) if key in table else ()

    slot = Slot(
        id=name,
        type=SlotType(kind),
        label=table["label"].text(40) if "label" in table else name,
        asks=texts("ask"),
        help=table["help"].text(MAX_SPOKEN_CHARS) if "help" in table else "",
        required=table["required"].flag() if "required" in table else False,
        choices=_choices(table["values"]) if "values" in table else (),
        about=texts("about"),
        affirm=texts("affirm"),
        deny=texts("deny"),
        pattern=_pattern(table["pattern"]) if "pattern" in table else "",
        kind=table["kind"].text(40) if "kind" in table else "",
        minimum=table["min"].integer(0, 10**9) if "min" in table else 0,
        maximum=table["max"].integer(0, 10**9) if "max" in table else 1_000_000,
        length=table["length"].integer(3, MAX_DICTATED) if "length" in table else 0,
        format=table["format"].text(200) if "format" in table else "",
        example=table["example"].text(MAX_DICTATED) if "example" in table else "",
        personal=table["personal"].flag() if "personal" in table else False,
        line=node.line,
    )
    _check_keys(node, table, slot)
    return slot


def _check_keys(node: Node, table: dict[str, Node], slot: Slot) -> None:
    needed = _NEEDS.get(slot.type)
    if needed and needed not in table:
        node.wrong(f"the key {needed!r} for a slot of type {slot.type}", "none", "add it")
    if not slot.dictated:
        for key in _ONLY_DICTATED:
            if key in table:
                table[key].wrong(f"{key!r} in a slot of type digits or serial", str(slot.type))


def _choices(node: Node) -> tuple[Choice, ...]:
    choices = []
    for value, child in node.entries().items():
        if value == "unknown":
            child.wrong("a value other than 'unknown'", repr(value), "it is built in")
        if _is_table(child):
            table = child.table(["name", "say"], ["name", "say"])
            say = table["say"].texts(60) if "say" in table else ()
            name = table["name"].text(40) if "name" in table else value
        else:
            say = child.texts(60)
            name = say[0] if say else value
        choices.append(Choice(value, name, say))
    return tuple(choices)


def _is_table(node: Node) -> bool:
    return type(node.raw).__name__ == "MappingNode"


def _has(node: Node, key: str) -> bool:
    return _is_table(node) and any(each.value == key for each, _ in node.raw.value)


def _pattern(node: Node) -> str:
    text = node.text(200)
    try:
        compiled(text)
    except PatternError as error:
        node.wrong("a regular expression", f"{text!r} ({error})", "see docs/scenes.md, Patterns")
        return NEVER
    return text

"""Reads one scene from its YAML (docs/scenes.md). Problems are collected, never raised."""

from __future__ import annotations

import re

from voicebot.pack_yaml import Node
from voicebot.scenes.model import (
    Branch,
    Choice,
    Contradiction,
    Exit,
    Limits,
    Scene,
    SceneTest,
    Slot,
    SlotType,
    TestTurn,
)
from voicebot.scenes.when import Condition, ConditionError, parse_condition

MAX_SPOKEN_CHARS = 1000
MAX_DICTATED = 40
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_SCENE_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_NESTED_REPEAT = re.compile(r"[+*}]\)[+*{]")
_NEVER = parse_condition("nothing == never")
SCENE_REQUIRED = ("id", "name", "label", "triggers", "slots", "branches", "ask_order", "exits")
SCENE_OPTIONAL = (
    "version", "owner", "product", "not_triggers", "contradictions", "limits", "tests",
)  # fmt: skip
SLOT_KEYS = (
    "type", "label", "ask", "help", "required", "values", "about", "affirm", "deny", "pattern",
    "kind", "min", "max", "length", "format", "example",
    "personal",
)  # fmt: skip
_ONLY_DICTATED = ("length", "format", "example", "personal")
EXPECT_KEYS = ("ask", "contradiction", "branch", "handoff", "reason", "kind", "say", "slots")


def read_scene(root: Node) -> Scene:
    """A scene; check the node's `problems` before using it."""
    table = root.table((*SCENE_REQUIRED, *SCENE_OPTIONAL), SCENE_REQUIRED)

    def text(name: str, default: str = "") -> str:
        return table[name].text(200) if name in table else default

    scene_id = text("id", "unnamed")
    if not _SCENE_ID.match(scene_id):
        table["id"].wrong("an id like storage.disk_not_detected", repr(scene_id))
    exits = (
        table["exits"].table(["on_limit", "on_unknown"], ["on_limit"]) if "exits" in table else {}
    )
    on_limit = _exit(exits["on_limit"]) if "on_limit" in exits else Exit("", "多轮未定位")
    return Scene(
        id=scene_id,
        name=text("name"),
        label=text("label"),
        version=table["version"].integer(1, 1_000_000) if "version" in table else 1,
        owner=text("owner"),
        product=text("product"),
        triggers=table["triggers"].texts(200) if "triggers" in table else (),
        not_triggers=table["not_triggers"].texts(200) if "not_triggers" in table else (),
        slots=_slots(table["slots"]) if "slots" in table else (),
        contradictions=tuple(_contradiction(item) for item in table["contradictions"].items())
        if "contradictions" in table
        else (),
        branches=tuple(_branch(item) for item in table["branches"].items())
        if "branches" in table
        else (),
        ask_order=table["ask_order"].texts(60) if "ask_order" in table else (),
        limits=_limits(table["limits"]) if "limits" in table else Limits(),
        on_limit=on_limit,
        on_unknown=_exit(exits["on_unknown"]) if "on_unknown" in exits else on_limit,
        tests=tuple(_test(item) for item in table["tests"].items()) if "tests" in table else (),
        file=root.file,
    )


def _slots(node: Node) -> tuple[Slot, ...]:
    slots = []
    for name, child in node.entries().items():
        if not _NAME.match(name) or name in ("unknown", "known", "yes", "no", "and", "or", "not"):
            child.wrong("a slot id of a-z, 0-9 and _ that is no keyword", repr(name))
        slots.append(_slot(name, child))
    return tuple(slots)


def _slot(name: str, node: Node) -> Slot:
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
    needs = {SlotType.ENUM: "values", SlotType.REGEX: "pattern", SlotType.TERM: "kind"}.get(
        slot.type
    )
    if needs and needs not in table:
        node.wrong(f"the key {needs!r} for a slot of type {slot.type}", "none", "add it")
    if not slot.dictated:
        for key in _ONLY_DICTATED:
            if key in table:
                table[key].wrong(f"{key!r} in a slot of type digits or serial", str(slot.type))
    return slot


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


def _pattern(node: Node) -> str:
    text = node.text(200)
    try:
        re.compile(text)
    except re.error as error:
        node.wrong("a regular expression", f"{text!r} ({error})")
        return "(?!)"
    if _NESTED_REPEAT.search(text):
        node.wrong("no repeat inside a repeat", repr(text), "it may take forever on long text")
    return text


def _condition(node: Node) -> Condition:
    try:
        return parse_condition(node.text())
    except ConditionError as error:
        expected, _, got = str(error).removeprefix("expected ").rpartition(", got ")
        node.wrong(expected or str(error), got or "something else", "see docs/scenes.md")
        return _NEVER


def _contradiction(node: Node) -> Contradiction:
    table = node.table(["id", "when", "say", "reset", "max"], ["id", "when", "say", "reset"])
    return Contradiction(
        id=table["id"].text(60) if "id" in table else "",
        when=_condition(table["when"]) if "when" in table else _NEVER,
        says=table["say"].texts(MAX_SPOKEN_CHARS) if "say" in table else (),
        reset=table["reset"].texts(60) if "reset" in table else (),
        max=table["max"].integer(1, 5) if "max" in table else 1,
        line=node.line,
    )


def _branch(node: Node) -> Branch:
    table = node.table(
        ["id", "when", "need", "cause", "solution_class", "answer", "exit"],
        ["id", "when", "cause", "solution_class"],
    )
    answer = table["answer"].table(["say", "kb"]) if "answer" in table else {}
    if not answer and "exit" not in table:
        node.wrong("an 'answer' (say, kb) or an 'exit'", "neither", "add one")
    return Branch(
        id=table["id"].text(60) if "id" in table else "",
        when=_condition(table["when"]) if "when" in table else _NEVER,
        need=table["need"].texts(60) if "need" in table else (),
        cause=table["cause"].text(200) if "cause" in table else "",
        solution_class=table["solution_class"].text(200) if "solution_class" in table else "",
        say="".join(answer["say"].texts(MAX_SPOKEN_CHARS)) if "say" in answer else "",
        kb=answer["kb"].text(200) if "kb" in answer else "",
        exit=_exit(table["exit"]) if "exit" in table else None,
        line=node.line,
    )


def _exit(node: Node) -> Exit:
    table = node.table(["handoff", "reason"], ["handoff", "reason"])
    return Exit(
        skill=table["handoff"].text(60) if "handoff" in table else "",
        reason=table["reason"].text(200) if "reason" in table else "",
    )


def _limits(node: Node) -> Limits:
    table = node.table(["max_turns", "max_asks"])
    return Limits(
        max_turns=table["max_turns"].integer(2, 50) if "max_turns" in table else 12,
        max_asks=table["max_asks"].integer(1, 6) if "max_asks" in table else 3,
    )


def _keys(node: Node) -> str:
    text = node.text(60)
    if not re.fullmatch(r"[0-9A-D*#]*", text):
        node.wrong("keys of a telephone (0-9, *, #)", repr(text))
    return text


def _test(node: Node) -> SceneTest:
    table = node.table(["name", "turns"], ["name", "turns"])
    turns = []
    for item in table["turns"].items() if "turns" in table else []:
        turn = item.table(["say", "keys", "pause", "expect"], ["expect"])
        done = [key for key in ("say", "keys", "pause") if key in turn]
        if len(done) != 1:
            item.wrong("one of say, keys, pause", ", ".join(done) or "none")
        elif done == ["pause"] and not turn["pause"].flag():
            turn["pause"].wrong("pause: yes", "no", "leave the turn out")
        expect = turn["expect"].table(EXPECT_KEYS) if "expect" in turn else {}
        slots = expect.pop("slots").entries() if "slots" in expect else {}
        turns.append(
            TestTurn(
                say=turn["say"].text(empty=True) if "say" in turn else "",
                keys=_keys(turn["keys"]) if "keys" in turn else "",
                pause=turn["pause"].flag() if "pause" in turn else False,
                expect={key: child.text(200, empty=True) for key, child in expect.items()},
                slots={key: child.text(60) for key, child in slots.items()},
            )
        )
    return SceneTest(
        name=table["name"].text(200) if "name" in table else "", turns=tuple(turns), line=node.line
    )

"""Reads one scene from its YAML (docs/scenes.md). Problems are collected, never raised."""

from __future__ import annotations

import re

from voicebot.pack_yaml import Node
from voicebot.scenes.model import (
    Answer,
    Branch,
    Contradiction,
    Exit,
    Limits,
    Scene,
    SceneTest,
    Shared,
    TestTurn,
)
from voicebot.scenes.read_slots import MAX_SPOKEN_CHARS, read_answer, read_slots
from voicebot.scenes.when import Condition, ConditionError, parse_condition

MAX_TRIGGERS = 500
MAX_BRANCHES = 200
MAX_TESTS = 200
BEST = "best"
SCENE_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_NEVER = parse_condition("nothing == never")
NOTHING_SHARED = Shared()
SCENE_REQUIRED = ("id", "name", "label", "triggers", "slots", "branches", "exits")
SCENE_OPTIONAL = (
    "version", "owner", "product", "not_triggers", "contradictions", "ask_order", "limits",
    "tests",
)  # fmt: skip
EXPECT_KEYS = ("ask", "contradiction", "branch", "handoff", "reason", "kind", "say", "slots")


def read_scene(root: Node, shared: Shared = NOTHING_SHARED) -> Scene:
    """A scene; check the node's `problems` before using it."""
    table = root.table((*SCENE_REQUIRED, *SCENE_OPTIONAL), SCENE_REQUIRED)

    def text(name: str, default: str = "") -> str:
        return table[name].text(200) if name in table else default

    scene_id = text("id", "unnamed")
    if not SCENE_ID.match(scene_id):
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
        triggers=_few_texts(table, "triggers"),
        not_triggers=_few_texts(table, "not_triggers"),
        slots=read_slots(table["slots"], shared) if "slots" in table else (),
        contradictions=tuple(_contradiction(item) for item in _few(table, "contradictions")),
        branches=tuple(_branch(item, shared) for item in _few(table, "branches")),
        ask_order=_order(table["ask_order"]) if "ask_order" in table else (),
        limits=_limits(table["limits"]) if "limits" in table else Limits(),
        on_limit=on_limit,
        on_unknown=_exit(exits["on_unknown"]) if "on_unknown" in exits else on_limit,
        tests=tuple(_test(item) for item in _few(table, "tests", MAX_TESTS)),
        file=root.file,
        lines=_lines(table),
    )


def _lines(table: dict[str, Node]) -> dict[str, int]:
    """Where the keys stand, and each trigger."""
    lines = {key: node.line for key, node in table.items()}
    for key in ("triggers", "not_triggers"):
        if key in table and not isinstance(table[key].raw.value, str):
            for nth, raw in enumerate(table[key].raw.value):
                lines[f"{key}[{nth}]"] = raw.start_mark.line + 1
    return lines


def _few(table: dict[str, Node], key: str, most: int = MAX_BRANCHES) -> list[Node]:
    """The members of a list that people can still oversee."""
    items = table[key].items() if key in table else []
    if len(items) > most:
        table[key].wrong(f"at most {most}", str(len(items)), "split the scene")
        return []
    return items


def _few_texts(table: dict[str, Node], key: str) -> tuple[str, ...]:
    if key not in table:
        return ()
    raw = table[key].raw.value
    if not isinstance(raw, str) and len(raw) > MAX_TRIGGERS:
        table[key].wrong(f"at most {MAX_TRIGGERS}", str(len(raw)), "split the scene")
        return ()
    return table[key].texts(200)


def _order(node: Node) -> tuple[str, ...]:
    """The slots in the order of asking; empty: the engine asks what would decide most."""
    names = node.texts(60)
    return () if names == (BEST,) else names


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


def _branch(node: Node, shared: Shared) -> Branch:
    table = node.table(
        ["id", "when", "need", "cause", "solution_class", "answer", "exit"],
        ["id", "when", "cause", "solution_class"],
    )
    answer = read_answer(table["answer"], shared) if "answer" in table else Answer()
    if "answer" not in table and "exit" not in table:
        node.wrong("an 'answer' (say, kb) or an 'exit'", "neither", "add one")
    return Branch(
        id=table["id"].text(60) if "id" in table else "",
        when=_condition(table["when"]) if "when" in table else _NEVER,
        need=table["need"].texts(60) if "need" in table else (),
        cause=table["cause"].text(200) if "cause" in table else "",
        solution_class=table["solution_class"].text(200) if "solution_class" in table else "",
        say=answer.say,
        kb=answer.kb,
        use=answer.use,
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

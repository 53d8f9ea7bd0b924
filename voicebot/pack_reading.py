"""Reads a pack's ``reading.yaml``: its own rules of how something is said (docs/packs.md).

A pack is data, so its patterns must not be able to stop the bot: each is parsed, and the number of
ways in which it can match from one place is counted. Repeats without an end have no such number.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from voicebot.pack import ReadingRule
from voicebot.pack_yaml import Node

MAX_RULES = 200
MAX_PATTERN_CHARS = 200
MAX_WAYS = 1000
WAYS_TO_READ = ("digits", "number", "code")
PLACEHOLDER = r"\{(?P<group>\w{1,30})(?::(?P<way>\w{1,10}))?\}"
_SAYABLE = re.compile("[\u3400-\u4dbf\u4e00-\u9fffA-Z，、 ]*")
# the standard library's own parser; `re` has no public way to look at a pattern
_parser: Any = importlib.import_module("re._parser")


def read_rules(root: Node) -> tuple[ReadingRule, ...]:
    """The rules of a file; what is wrong with them is noted in the node's `problems`."""
    items = root.items()
    if len(items) > MAX_RULES:
        root.wrong(f"at most {MAX_RULES} rules", str(len(items)))
    rules: dict[str, ReadingRule] = {}
    for item in items[:MAX_RULES]:
        rule = _rule(item)
        if rule is None:
            continue
        if rule.name in rules:
            item.wrong("each name once", f"{rule.name!r} again", "rename one")
        rules[rule.name] = rule
    return tuple(rules.values())


def _rule(item: Node) -> ReadingRule | None:
    table = item.table(["name", "pattern", "reading", "examples"], ["name", "pattern", "reading"])
    if not {"name", "pattern", "reading"} <= table.keys():
        return None
    name = table["name"].text(40)
    pattern = table["pattern"].text(MAX_PATTERN_CHARS)
    reading = table["reading"].text(200)
    compiled = _checked_pattern(table["pattern"], pattern)
    if compiled is None or not _reading_fits(table["reading"], reading, compiled):
        return None
    examples = table["examples"].entries() if "examples" in table else {}
    said = tuple((text, node.text(200)) for text, node in examples.items())
    return ReadingRule(name, pattern, reading, said, item.line)


def _checked_pattern(node: Node, pattern: str) -> re.Pattern[str] | None:
    """The pattern, compiled, unless it is wrong or may take too long."""
    if not pattern:
        return None
    try:
        parsed = _parser.parse(pattern, re.I | re.A)
        ways = ways_to_match(parsed)
        compiled = re.compile(pattern, re.I | re.A)
    except (re.error, RecursionError, OverflowError) as error:
        node.wrong("a regular expression", f"'{pattern}' ({error})", "correct it")
        return None
    if ways is None:
        node.wrong(
            "a pattern whose repeats have an end, without \\1",
            f"'{pattern}'",
            "write {1,20} for + and {0,20} for *",
        )
    elif ways > MAX_WAYS:
        node.wrong(
            f"a pattern that can match in at most {MAX_WAYS} ways from one place",
            f"{ways if ways < 10**9 else 'over a billion'} in '{pattern}'",
            "make its repeats shorter or fewer",
        )
    elif parsed.getwidth()[0] == 0:
        node.wrong("a pattern that needs some text", f"'{pattern}', which matches none")
    else:
        return compiled
    return None


def _reading_fits(node: Node, reading: str, pattern: re.Pattern[str]) -> bool:
    before = len(node.problems.found)
    for hole in re.finditer(PLACEHOLDER, reading):
        group, way = hole["group"], hole["way"]
        known = (
            1 <= int(group) <= pattern.groups if group.isdecimal() else group in pattern.groupindex
        )
        if not known:
            node.wrong("a group of the pattern", hole.group(), "number it from 1 or name it")
        if way and way not in WAYS_TO_READ:
            node.wrong(f"one of {', '.join(WAYS_TO_READ)} behind the colon", hole.group())
    rest = re.sub(PLACEHOLDER, "", reading)
    if not _SAYABLE.fullmatch(rest):
        node.wrong(
            "Chinese characters, capital letters, ， 、 and {1} or {1:digits}",
            repr(reading),
            "write it as it is said",
        )
    return len(node.problems.found) == before


def ways_to_match(parsed: Any) -> int | None:
    """In how many ways a parsed pattern can match from one place; None: without bound.

    An upper bound of what the backtracking matcher tries: repeats of 1 to n count their ways to
    the powers 1 to n, alternatives add, sequences multiply.
    """
    total = 1
    for operator, argument in parsed:
        ways = _ways_of(str(operator), argument)
        if ways is None:
            return None
        total = min(total * ways, 10**12)
    return total


def _ways_of(operator: str, argument: Any) -> int | None:
    if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = argument
        ways = ways_to_match(inner)
        if ways is None or int(most) > 1000:
            return None
        return _repeated(ways, int(least), int(most))
    if operator == "SUBPATTERN":
        return ways_to_match(argument[3])
    if operator == "BRANCH":
        parts = [ways_to_match(branch) for branch in argument[1]]
        return None if None in parts else sum(part for part in parts if part)
    if operator in ("ASSERT", "ASSERT_NOT"):
        return ways_to_match(argument[1])
    if operator == "ATOMIC_GROUP":
        return ways_to_match(argument)
    if operator in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"):
        return None
    return 1


def _repeated(ways: int, least: int, most: int) -> int:
    total = 0
    for times in range(least, most + 1):
        total += ways ** min(times, 60)
        if total > 10**12:
            break
    return total

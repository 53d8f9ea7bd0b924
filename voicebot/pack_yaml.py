"""Strict reading of a pack's YAML: scalars are text, keys are known, every error has a line.

PyYAML's usual loaders turn ``yes``, ``no`` and ``on`` into booleans, let a later duplicate key win
in silence and expand aliases without bound. Here scalars stay text, and duplicates, unknown keys,
anchors and deep nesting are problems with a file and a line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_FILE_BYTES = 2_000_000
MAX_DEPTH = 30
MAX_EVENTS = 200_000  # values, keys, brackets: a few seconds of parsing
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
# The C parser is ten times as quick; PyYAML built without libyaml has only the other.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


_FULL_WIDTH = "write ': ' instead of the full-width '：'"


@dataclass(frozen=True)
class Problem:
    """Something wrong with a pack: where (line 0: the whole file), and what to do about it.

    A `warning` is worth a look, but the pack can be used.
    """

    file: str
    line: int
    text: str
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {'warning: ' if self.warning else ''}{self.text}"


@dataclass
class Problems:
    """Collects problems, so that one run of ``voicebot pack check`` shows them all."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, key: str, expected: str, got: str, do: str = "") -> None:
        text = f"{key}: expected {expected}, got {got}" + (f"; {do}" if do else "")
        self.found.append(Problem(file, line, text))

    def warn(self, file: str, line: int, key: str, text: str, do: str = "") -> None:
        self.found.append(Problem(file, line, f"{key}: {text}" + (f"; {do}" if do else ""), True))


@dataclass(frozen=True)
class Node:
    """A value in a YAML file that knows its place. Readers note a problem and return a default."""

    raw: Any
    file: str
    key: str
    problems: Problems

    @property
    def line(self) -> int:
        return int(self.raw.start_mark.line) + 1

    def wrong(self, expected: str, got: str | None = None, do: str = "") -> None:
        """Note a problem at this place."""
        shown = _describe(self.raw) if got is None else got
        self.problems.add(self.file, self.line, self.key, expected, shown, do)

    def entries(self) -> dict[str, Node]:
        """A table with free keys; a duplicate key is a problem."""
        if not isinstance(self.raw, yaml.MappingNode):
            full_width = "：" in str(self.raw.value)
            self.wrong("a table (key: value lines)", do=_FULL_WIDTH if full_width else "")
            return {}
        found: dict[str, Node] = {}
        for key_node, value in self.raw.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.wrong("plain keys", _describe(key_node), "write the key as text")
                continue
            name = str(key_node.value)
            child = Node(value, self.file, f"{self.key}.{name}".lstrip("."), self.problems)
            if name in found:
                line = int(key_node.start_mark.line) + 1
                self.problems.add(
                    self.file, line, child.key, "the key once", "it twice", "remove one of them"
                )
                continue
            found[name] = child
        return found

    def table(self, known: Collection[str], required: Collection[str] = ()) -> dict[str, Node]:
        """A table whose keys must all be `known`; `required` ones must be there."""
        found = self.entries()
        for name in [name for name in found if name not in known]:
            found[name].wrong(
                f"one of {', '.join(sorted(known))}", f"the unknown key {name!r}", "correct it"
            )
            del found[name]
        if isinstance(self.raw, yaml.MappingNode):
            for name in required:
                if name not in found:
                    self.wrong(f"the key {name!r}", "none", "add it")
        return found

    def items(self) -> list[Node]:
        """The members of a list."""
        if not isinstance(self.raw, yaml.SequenceNode):
            self.wrong("a list ([a, b] or - lines)")
            return []
        return [
            Node(raw, self.file, f"{self.key}[{nth}]", self.problems)
            for nth, raw in enumerate(self.raw.value)
        ]

    def text(self, max_chars: int = 4000, *, empty: bool = False) -> str:
        """One text, stripped."""
        if not isinstance(self.raw, yaml.ScalarNode):
            self.wrong("one text")
            return ""
        text = str(self.raw.value).strip()
        if not text and not empty:
            self.wrong("a text", "nothing")
        if len(text) > max_chars:
            self.wrong(f"at most {max_chars} characters", str(len(text)), "shorten it")
            return text[:max_chars]
        if any(ord(char) < 32 and char not in "\n\t" for char in text):
            self.wrong("printable text", "a control character", "remove it")
        return text

    def texts(self, max_chars: int = 4000) -> tuple[str, ...]:
        """One text or a list of texts."""
        if isinstance(self.raw, yaml.ScalarNode):
            return tuple(text for text in (self.text(max_chars),) if text)
        return tuple(text for text in (item.text(max_chars) for item in self.items()) if text)

    def integer(self, low: int, high: int) -> int:
        """A whole number within `low`..`high`."""
        text = self.text()
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.wrong(f"a whole number from {low} to {high}", repr(text))
            return low
        return number

    def flag(self) -> bool:
        """``yes`` or ``no``."""
        text = self.text()
        if text not in ("yes", "no", "true", "false"):
            self.wrong("yes or no", repr(text))
        return text in ("yes", "true")

    def one_of(self, known: Sequence[str]) -> str:
        """One of some words."""
        text = self.text()
        if text in known:
            return text
        self.wrong(f"one of {', '.join(known)}", repr(text))
        return known[0]


def read_yaml(path: Path, shown: str, problems: Problems) -> Node | None:
    """The root of a YAML file, or None after noting why it cannot be read."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            problems.add(
                shown, 0, "size", f"at most {MAX_FILE_BYTES} bytes", str(size), "split the file"
            )
            return None
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problems.add(shown, 0, "file", "a readable file", error.strerror or str(error))
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        got = f"{_encoding(error.object)} (byte {error.start})"
        problems.add(shown, line, "encoding", "UTF-8", got, "save it as UTF-8")
        return None
    return parse_yaml(text, shown, problems)


def parse_yaml(text: str, shown: str, problems: Problems) -> Node | None:
    """Like `read_yaml`, from a text."""
    try:
        # Composing recurses in C and would crash on deep nesting; the event parser does not.
        if not _shallow_and_plain(text, shown, problems):
            return None
        raw = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        got, do = str(error.problem or error.context), _hint(text, line)
        problems.add(shown, line, "syntax", "valid YAML", got, do)
        return None
    except yaml.YAMLError as error:
        problems.add(shown, 0, "syntax", "valid YAML", " ".join(str(error).split()), "correct it")
        return None
    if raw is None:
        problems.add(shown, 0, "file", "content", "an empty file", "fill or remove it")
        return None
    return Node(raw, shown, "", problems)


def _encoding(data: bytes) -> str:
    """What a file that is no UTF-8 seems to be, for people who only know 另存为."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "what looks like UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "something else"
    return "what looks like GBK (ANSI)"


def _hint(text: str, line: int) -> str:
    """What most often is behind a syntax error; the parser tells of the line or the one after."""
    lines = text.split("\n")[max(0, line - 2) : line]
    if any(each[: len(each) - len(each.lstrip())].count("\t") for each in lines):
        return "indent with spaces, not tabs"
    if any("：" in each for each in lines):
        return _FULL_WIDTH
    return "correct it"


def _shallow_and_plain(text: str, shown: str, problems: Problems) -> bool:
    depth = 0
    for nth, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problems.add(shown, line, "syntax", "no anchors (&x, *x)", "one", "write it out")
            return False
        if nth > MAX_EVENTS:
            expected = f"at most {MAX_EVENTS} keys and values"
            problems.add(shown, line, "size", expected, "more", "split the file")
            return False
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if depth > MAX_DEPTH:
            problems.add(shown, line, "syntax", f"at most {MAX_DEPTH} levels", "more", "flatten it")
            return False
    return True


def _describe(raw: Any) -> str:
    if isinstance(raw, yaml.ScalarNode):
        return repr(str(raw.value)[:60])
    return "a list" if isinstance(raw, yaml.SequenceNode) else "a table"

"""The written talks of talks.yaml, and how the assistant does on them.

python -m tests.assist.talks
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from tests.server_pack import server_pack
from voicebot.assist.assistant import Assistant, HeardTurn, Kind, Suggestion
from voicebot.assist.passages import Searcher
from voicebot.assist.words import PackWords

TALKS = Path(__file__).with_name("talks.yaml")
UNSEEN = Path(__file__).with_name("talks_unseen.yaml")
FIRST = 2
WHO = {"c": "caller", "s": "seat"}


@dataclass(frozen=True)
class Line:
    """A turn, and what a right suggestion after it is ("": not judged)."""

    who: str
    text: str
    want: str


@dataclass(frozen=True)
class Talk:
    """A written talk, and what a person files it under (alternatives apart by |)."""

    name: str
    problem: tuple[str, ...]
    solution: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass
class Usefulness:
    """Over all judged turns. `wrong` are suggestions on turns that want none, or that are not
    what is wanted."""

    wanted: int = 0
    right: int = 0
    quiet: int = 0
    false: int = 0
    shown: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@cache
def words() -> PackWords:
    """Those of the demo company's pack."""
    return PackWords(server_pack())


def read_talks(path: Path = TALKS) -> list[Talk]:
    """All of a file."""
    found = []
    for item in yaml.safe_load(path.read_text(encoding="utf-8")):
        lines = []
        for each in item["turns"]:
            said, _, want = each.partition(" => ")
            lines.append(Line(WHO[said[0]], said[2:].strip(), want.strip()))
        labels = (
            tuple(part.strip() for part in item[k].split("|")) for k in ("problem", "solution")
        )
        found.append(Talk(item["name"], *labels, tuple(lines)))
    return found


def holds(want: str, suggestion: Suggestion) -> bool:
    """Whether this is what was wanted."""
    kind, _, value = want.partition(":")
    if kind == "check":
        scene = server_pack().scene(value)
        assert scene is not None, value
        return suggestion.kind is Kind.NEXT_CHECK and suggestion.source == f"场景 {scene.name}"
    if kind == "contradiction":
        return suggestion.kind is Kind.CONTRADICTION
    return suggestion.kind is Kind.PASSAGE and value in suggestion.text


def judge(talks: list[Talk], knowledge: Searcher, answer_risk: float) -> Usefulness:
    """Play every talk to an assistant of its own."""
    found = Usefulness()
    for talk in talks:
        assistant = Assistant(knowledge, words(), answer_risk=answer_risk)
        for nth, line in enumerate(talk.lines):
            made = assistant.hear(HeardTurn(nth, line.who, line.text))
            found.shown += len(made)
            found.kinds.update(each.kind for each in made)
            told = "; ".join(f"{each.kind}: {each.text[:40]} ({each.source})" for each in made)
            where = f"{talk.name}: {line.text} -> {told or 'nothing'}"
            if line.want == "none":
                found.quiet += 1
                found.false += bool(made)
                found.wrong += [where] if made else []
            elif line.want:
                found.wanted += 1
                right = any(holds(line.want, each) for each in made[:FIRST])
                found.right += right
                found.missed += [] if right else [where]
                found.wrong += [where for each in made if not holds(line.want, each)]
    return found


def main() -> None:
    from voicebot.knowledge.build import build_knowledge
    from voicebot.knowledge.refusal import threshold
    from voicebot.settings import load_settings

    settings = load_settings()
    knowledge = build_knowledge(settings, server_pack(), lambda what, state: None)
    for path in (TALKS, UNSEEN):
        found = judge(read_talks(path), knowledge, threshold(settings.knowledge.wrong_answers))
        print(f"{path.name}: right in the first {FIRST}: {found.right}/{found.wanted}")
        print(f"turns that want nothing and got something: {found.false}/{found.quiet}")
        print(f"shown: {found.shown} {dict(found.kinds)}, not what was wanted: {len(found.wrong)}")
        for title, lines in (("missed", found.missed), ("wrong", found.wrong)):
            print(title, *lines, sep="\n  ")


if __name__ == "__main__":
    main()

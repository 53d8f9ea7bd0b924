"""What the bench's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.replay.fakes import FakeWay, HumVoicing, judge
from voicebot.replay.bench import Keeper, play_all
from voicebot.replay.remembered import Memory
from voicebot.replay.results import Run
from voicebot.replay.script import Script, read_script

Play = Callable[..., Run]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Plays scripts (as YAML trees) on a bot of fakes; returns the run."""
    ways: list[FakeWay] = []

    def run(calls: list[dict[str, Any]], folder: str = "run", **options: Any) -> Run:
        scripts = [read_script(call, "test", tmp_path) for call in calls]
        texts = sorted({turn.say for s in scripts for turn in s.turns if turn.say})
        ms = options.pop("ms", 700)
        memory = Memory(tmp_path / options.pop("memory", "memory"))
        on_second = options.pop("on_second", None)
        ways.append(FakeWay(texts, memory, **options))
        if on_second is not None:
            ways[-1].before = lambda each: on_second() if each is scripts[1] else None  # type: ignore[method-assign]
        keeper = Keeper(tmp_path / folder, "fast", {}, tapes=True)
        return play_all(scripts, ways[-1], HumVoicing(texts, ms), judge(texts), keeper)[0]

    yield run
    for way in ways:
        way.close()


def script(*turns: Any, **more: Any) -> Script:
    """One call."""
    tree = {"name": "call", "turns": list(turns), **more}
    return read_script(tree, "test", Path())

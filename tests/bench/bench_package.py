"""How long does the story for a seat take to make? It must be there before the telephone rings.

    python -m tests.bench.bench_package [FILE.jsonl]

Every dialogue of the server pack's scenes is played through the dialog, and handed off at its end;
with FILE.jsonl (dialogues in the form of ``voicebot calls eval``) those too, as talk between caller
and bot. A package is made as a call makes it: what is known of the pack, the story, its JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from telephony import CallInfo
from tests.bench.machine import machine_load
from tests.server_pack import server_dialog, server_pack
from tests.wrapup.played import TURN_MS, scene_talk
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.session import events as facts
from voicebot.session.story import Story
from voicebot.wrapup.dialogues import Dialogue, read_dialogues

BOUND_MS = 200
CALLERS = ("用户", "客户", "user", "customer")  # how files call who rang
INFO = CallInfo("bench", "13800138000", "4008000000")

Making = Callable[[], dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="JSONL, as voicebot calls eval reads it")
    options = parser.parse_args()
    screen = Console()
    load = machine_load(screen)
    measured = {"scenes of the server pack": measure(list(scene_stories()), screen)}
    if options.file is not None:
        with options.file.open(encoding="utf-8") as lines:
            told = [each for each in read_dialogues(lines) if isinstance(each, Dialogue)]
        measured[options.file.name] = measure([dialogue_story(each) for each in told], screen)
    print(f"{load}\n")
    print(f"| calls | n | p50 ms (bound {BOUND_MS}) | p95 ms | max ms | CPU p50 ms | CPU p95 ms |")
    print("|---|---|---|---|---|---|---|")
    for name, times in measured.items():
        (p50, p95), (cpu50, cpu95) = np.percentile(times, [50, 95], axis=0).T
        print(
            f"| {name} | {len(times)} | {p50:.1f} | {p95:.1f} | {times[:, 0].max():.1f} | "
            f"{cpu50:.1f} | {cpu95:.1f} |"
        )


def measure(makings: list[Making], screen: Console) -> np.ndarray:
    """(n, 2): wall and CPU time of each, ms."""
    times = []
    for make in track(makings, "packages", console=screen):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        text = json.dumps(make(), ensure_ascii=False)
        times.append((time.perf_counter() - wall_s, time.process_time() - cpu_s))
        assert json.loads(text)["lines"], "a story without a line"
    return np.array(times) * 1000


def scene_stories() -> Iterator[Making]:
    """A package of each dialogue of each scene."""
    for scene in server_pack().scenes:
        for test in scene.tests:
            events, state = scene_talk(scene, test)
            story = Story(server_pack(), INFO)
            for event in events:
                story(event)
            yield _making(story, "low_confidence", state)


def dialogue_story(dialogue: Dialogue) -> Making:
    """A package of a talk of which only the words are known."""
    story, (state, _) = Story(server_pack(), INFO), server_dialog().start()
    for nth, (role, text) in enumerate(dialogue.turns):
        at_ms = nth * TURN_MS
        if role.lower() in CALLERS:
            story(facts.CallerSpoke(at_ms, text, 0.9, at_ms - 900, at_ms))
        else:
            story(facts.BotSpoke(at_ms, text, "answer", 0.9, 500))
    return _making(story, "requested", state)


def _making(story: Story, reason: str, state: DialogState) -> Making:
    return lambda: story.package(Handoff(reason), state).to_dict()


if __name__ == "__main__":
    main()

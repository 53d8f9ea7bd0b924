"""Voices what our bot will answer to the bench's callers, as it would have done while nobody rang.

    python -m tests.bench.calls.voiced --seeds 0,1,1000

A bot that has been up for an hour has its whole pack voiced. For a bench that hour is not needed:
each caller's questions are asked by text, in their order, and the replies are voiced into the
cache that the bot reads. Replies to what the ears misheard are not among them.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.bench.calls.scripts import FIXTURES, caller_script
from tests.bench.line_load import ROOT
from voicebot.app import App
from voicebot.dialog.events import Heard, Say
from voicebot.session.conversation import Conversation
from voicebot.settings import load_settings


def voice_replies(seeds: Iterable[int], questions: int = 5) -> None:
    """Do it in a process of its own, whose models do not stay in memory."""
    told = ",".join(str(seed) for seed in seeds)
    command = [sys.executable, "-m", "tests.bench.calls.voiced", "--seeds", told]
    subprocess.run([*command, "--questions", str(questions)], cwd=ROOT, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--questions", type=int, default=5)
    given = parser.parse_args()
    app = App.build(load_settings(), with_records=False)
    try:
        texts: dict[str, None] = {}
        for seed in given.seeds.split(","):
            asked = questions_of(int(seed), given.questions)
            texts.update(dict.fromkeys(asyncio.run(replies(app.conversation(), asked))))
        told = Console(stderr=True)
        for text in track(list(texts), description="voicing the replies", console=told):
            app.speaker.prepare([text])
    finally:
        app.close()


def questions_of(seed: int, questions: int) -> list[str]:
    """What this seed's caller says, as text, in order."""
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text("utf-8"))
    texts = {Path(entry["file"]).stem: str(entry["text"]) for entry in manifest["line"]}
    steps = caller_script(seed, questions).steps
    played = (step.get("play") or step.get("play_over") for step in steps)
    return [texts[Path(str(wav)).stem] for wav in played if wav]


async def replies(conversation: Conversation, asked: Sequence[str]) -> list[str]:
    """All that the bot says in such a talk."""
    thought = conversation.start()
    said = [action.text for action in thought.actions if isinstance(action, Say)]
    for text in asked:
        thought = await conversation.consider(thought.state, Heard(text))
        said += [action.text for action in thought.actions if isinstance(action, Say)]
    return said


if __name__ == "__main__":
    main()

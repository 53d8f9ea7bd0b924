"""How much of what the bot says in the demo pack's calls was prepared.

Three kinds of calls: the pack's scene tests, caller lines of audio_fixtures as text (the demo's
script is among them), and the same recordings replayed through the ears. A clause counts as
prepared if it is among those that `voicebot pack prepare` renders; greetings do not count at all.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import track

from tests.bench.voice_parts import Bench
from tests.bench.voice_report import Row
from voicebot.app import App
from voicebot.demo.script import caller_steps
from voicebot.dialog.events import Heard, Say
from voicebot.dialog.scene_tests import run_scene_tests
from voicebot.replay.run import load_caller, replay_call
from voicebot.session.events import BotSpoke
from voicebot.session.prepared import nothing
from voicebot.settings import load_settings

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
LISTENED_MS = 500


@dataclass
class Hits:
    """Clauses said, those that were prepared, and the others by how often."""

    prepared: Callable[[str], list[tuple[str, bool]]]
    said: int = 0
    hit: int = 0
    first_said: int = 0
    first_hit: int = 0
    missed: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Count an utterance."""
        for number, (clause, ready) in enumerate(self.prepared(text)):
            self.said += 1
            self.hit += ready
            self.first_said += number == 0
            self.first_hit += ready and number == 0
            if not ready:
                self.missed[clause] = self.missed.get(clause, 0) + 1

    def rows(self, what: str) -> list[Row]:
        share = self.hit / max(self.said, 1)
        first = self.first_hit / max(self.first_said, 1)
        missed = sorted(self.missed.items(), key=lambda each: -each[1])[:3]
        shown = "; live: " + ", ".join(clause for clause, _ in missed) if missed else ""
        return [
            Row(f"prepared clauses, {what}",
                f"{share:.1%} ({self.hit} of {self.said}){shown}", self.said),
            Row(f"prepared first clauses, {what}",
                f"{first:.1%} ({self.first_hit} of {self.first_said})", self.first_said),
        ]  # fmt: skip


def measure_hits(bench: Bench) -> list[Row]:
    """Share of the clauses said that were prepared. espeak says them: only the texts count."""
    settings = load_settings(overrides={"pack": bench.pack.root, "speech.engine": "espeak"})
    app = App.build(settings, with_records=False, prepare=nothing)
    try:
        known = {clause.text for clause in app.speaker.fixed(app.texts.all)}

        def prepared(text: str) -> list[tuple[str, bool]]:
            return [(clause.text, clause.text in known) for clause in app.speaker.clauses(text)]

        rows: list[Row] = []
        for what, texts in (
            ("scene tests", _scene_tests(app)),
            ("demo call and caller lines as text", asyncio.run(_as_text(app))),
            ("replayed recordings", _replayed(app, bench)),
        ):
            hits = Hits(prepared)
            for text in texts:
                hits.add(text)
            rows += hits.rows(what)
        return rows
    finally:
        app.close()


def _scene_tests(app: App) -> Iterable[str]:
    for report in run_scene_tests(app.dialog, app.pack):
        for turn in report.turns:
            yield from turn.said.split(" / ")


def _lines() -> dict[str, str]:
    """By file name: what the caller says."""
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text("utf-8"))
    return {line["file"]: line["text"] for line in manifest["line"]}


async def _as_text(app: App) -> list[str]:
    """The demo call's lines one after the other, then each line of the fixtures as a call."""
    lines = _lines()
    steps: list[dict[str, Any]] = caller_steps(FIXTURES)
    played = [step.get("play", step.get("play_over", "")) for step in steps]
    demo = [lines[Path(path).name] for path in played if path and "seat" not in path]
    said: list[str] = []
    for caller in (demo, *([line] for line in lines.values())):
        state = app.conversation().start().state
        for text in caller:
            thought = await app.conversation().consider(state, Heard(text))
            state = thought.state
            said += [action.text for action in thought.actions if isinstance(action, Say)]
    return said


def _replayed(app: App, bench: Bench) -> list[str]:
    files = sorted(path for path in FIXTURES.glob("*.wav") if "seat" not in path.name)
    lead_ms = app.greeting_ms() + LISTENED_MS
    said: list[str] = []
    for path in track(files[: bench.count], description="replaying", console=bench.console):
        call = replay_call(
            app.session, lambda: app.scheduler.in_flight > 0, path.name, load_caller(path, lead_ms)
        )
        spoken = [event for event in call.events if isinstance(event, BotSpoke)]
        said += [event.text for event in spoken if event.kind != "greeting"]
    return said

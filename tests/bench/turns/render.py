"""Caller and bot lines as sound, rendered once with Kokoro voices into a folder.

Each half has voices of its own, each at a speed of its own; the bot's voice is none of them. What
is there already is not rendered again, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asr_models.wav import write_wav
from voicebot.speech.kokoro import KokoroVoice

LINES = Path(__file__).with_name("lines.toml")
HALVES = ("tuning", "held_out")
VOICES = {
    "tuning": (("zf_xiaoyi", 1.0), ("zm_yunxi", 1.15), ("zm_yunjian", 0.9)),
    "held_out": (
        ("zf_xiaoxiao", 1.0), ("zf_xiaoni", 0.9), ("zm_yunxia", 1.15), ("zm_yunyang", 1.05),
    ),
}  # fmt: skip
"""Each voice with its speed."""
BOT_VOICE = "zf_xiaobei"
OVERLAP_VOICES = {"tuning": 1, "held_out": 2}
"""Voices that say each line that is said over the bot."""
PITCHES = (0.92, 1.08)
"""Each of those is heard as two people: lower and slower, higher and faster."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Line:
    """One sentence of one voice; `parts` are what lies between its pauses."""

    half: str
    condition: str
    number: int
    voice: str
    speed: float
    parts: tuple[str, ...]

    def path(self, folder: Path, part: int) -> Path:
        """Where a part's sound is."""
        name = f"{self.half}_{self.condition}_{self.number:03}_{self.voice}_{part}.wav"
        return folder / name.replace(" ", "_")

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.parts)


def caller_lines() -> list[Line]:
    """All lines of lines.toml: overlaps in several voices, sentences in one after the other."""
    return list(_caller_lines(tomllib.loads(LINES.read_text("utf-8"))))


def _caller_lines(data: dict[str, object]) -> Iterator[Line]:
    for half in HALVES:
        lists = data[half]
        assert isinstance(lists, dict)
        for condition, texts in [("listener", data["listener"]), *lists.items()]:
            assert isinstance(texts, list)
            for number, text in enumerate(texts):
                yield from _lines_of(half, condition, number, text)


def _lines_of(half: str, condition: str, number: int, text: str) -> Iterator[Line]:
    voices = VOICES[half]
    clause = "paused after a clause" if "||" in text else condition
    parts = tuple(text.replace("||", "|").split("|"))
    over_the_bot = condition in ("listener", "interruption")
    count = OVERLAP_VOICES[half] if over_the_bot else 1
    for at in range(count):
        voice, speed = voices[(number + at) % len(voices)]
        yield Line(half, clause, number, voice, speed, parts)


def render(lines: list[Line], folder: Path, weights: Path, progress: Progress) -> None:
    """Render what is missing of `lines` into `folder`; needs the Kokoro weights' folder."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [
        (line, part)
        for line in lines
        for part in range(len(line.parts))
        if not line.path(folder, part).is_file()
    ]
    missing.sort(key=lambda pair: (pair[0].voice, pair[0].speed))
    voice: KokoroVoice | None = None
    loaded: tuple[str, float] | None = None
    for done, (line, part) in enumerate(missing):
        if loaded != (line.voice, line.speed) or voice is None:
            loaded = (line.voice, line.speed)
            voice = KokoroVoice(weights, line.voice, speed=line.speed)
        target = line.path(folder, part)
        unfinished = target.with_suffix(".part")
        write_wav(unfinished, voice.render(line.parts[part]), 8000)
        unfinished.replace(target)
        progress(done + 1, len(missing))

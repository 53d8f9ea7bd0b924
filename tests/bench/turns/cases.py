"""Scripted audio: sentences in a call, paused or not; speech over the bot; the bot alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from telephony.api import SAMPLE_RATE
from tests.bench.clips import Clip, load_manifest, read_8k
from tests.bench.turns.render import Line
from tests.bench.turns.sound import (
    BOT_DB,
    PER_MS,
    Float,
    at_level,
    silence_at,
    softest_ms,
    spoken_span_ms,
    trimmed,
)

LEAD_MS, TAIL_MS = 1000, 2600
PAUSES_MS = (300, 500, 700)
OVERLAP_AT_MS = 3000
BOT_TEXTS = (
    "请您先看一下服务器前面板上的电源指示灯是什么颜色的，如果是黄灯，请把电源线重新插紧。",
    "这种情况多半是内存没有插好，请您断电以后打开机箱盖，把内存条重新插拔一遍再开机。",
    "您的设备还在保修期以内，我们可以安排工程师上门，配件一般两个工作日可以送到现场。",
    "阵列卡报硬盘离线的时候，先不要动其他的硬盘，请登录管理界面导出日志，然后发给我们分析。",
)


@dataclass(frozen=True)
class Case:
    """What a caller does while the bot speaks or is silent; float at 8 kHz.

    `end_ms` is where the caller's speech ends, `pause` the begin and end of a silence in it;
    `onset_ms` is where speech over the bot begins. `echo` is the loss (dB) and the delay (ms) of
    the line's echo of the bot.
    """

    text: str
    caller: Float
    seed: int
    onset_ms: int = 0
    end_ms: int = 0
    pause: tuple[int, int] | None = None
    bot: Float | None = None
    bot_text: str = ""
    echo: tuple[float, float] | None = None


def level(clip: Float, seed: int) -> Float:
    """The clip as loud as some caller."""
    return at_level(clip, random.Random(f"level {seed}").uniform(-32, -18))


def whole_line(line: Line, folder: Path, seed: int) -> Case:
    """A sentence said through."""
    return in_a_call(line.text, level(sound_of(line.path(folder, 0)), seed), seed)


def paused_line(line: Line, folder: Path, length_ms: int, seed: int) -> Case:
    """Both halves of a sentence with a silence of that length between."""
    parts = [trimmed(level(sound_of(line.path(folder, part)), seed)) for part in range(2)]
    at_ms = len(parts[0]) // PER_MS
    return in_a_call(line.text, np.concatenate(parts), seed, (at_ms, length_ms))


def read_sentences(speech: Path | None, count: int, seed: int) -> list[Clip]:
    """Real sentences of six characters and more, if the folder is there."""
    if speech is None:
        return []
    clips = load_manifest(speech, min_chars=6)
    return random.Random(seed).sample(clips, min(count, len(clips)))


def read_sentence(clip: Clip, seed: int, length_ms: int | None = None) -> Case:
    """A real sentence; with `length_ms` its softest moment is stretched to a pause."""
    audio = level(sound_of(clip.path), seed)
    pause = None if length_ms is None else (softest_ms(audio), length_ms)
    return in_a_call(clip.text, audio, seed, pause)


def sound_of(path: Path) -> Float:
    """A file's samples."""
    return read_8k(path).astype(np.float64) / 32768.0


def in_a_call(text: str, clip: Float, seed: int, pause: tuple[int, int] | None = None) -> Case:
    """The clip after a second of line noise. `pause` (where, how long), ms: the silence that is
    there is stretched to that length."""
    _, end_ms = spoken_span_ms(clip)
    span = None
    if pause is not None:
        at_ms, length_ms = pause
        begin_ms, silent_ms = silence_at(clip, at_ms)
        added_ms = max(0, length_ms - silent_ms)
        cut = at_ms * PER_MS
        clip = np.concatenate((clip[:cut], np.zeros(added_ms * PER_MS), clip[cut:]))
        end_ms += added_ms
        span = LEAD_MS + begin_ms, LEAD_MS + begin_ms + max(length_ms, silent_ms)
    caller = np.concatenate((np.zeros(LEAD_MS * PER_MS), clip, np.zeros(TAIL_MS * PER_MS)))
    return Case(text, caller, seed, end_ms=LEAD_MS + end_ms, pause=span)


def over_the_bot(
    text: str, clip: Float, bot: tuple[Float, str], seed: int, echo: tuple[float, float] | None
) -> Case:
    """The clip's first sound comes `OVERLAP_AT_MS` into what the bot says."""
    sound, bot_text = bot
    caller = np.zeros(max(len(sound), OVERLAP_AT_MS * PER_MS + len(clip)) + 2 * SAMPLE_RATE)
    start = OVERLAP_AT_MS * PER_MS
    caller[start : start + len(clip)] = clip
    return Case(
        text, caller, seed, onset_ms=OVERLAP_AT_MS, end_ms=OVERLAP_AT_MS + len(clip) // PER_MS,
        bot=sound, bot_text=bot_text, echo=echo,
    )  # fmt: skip


def bot_sounds(lines: Sequence[Line], folder: Path) -> list[tuple[Float, str]]:
    """What the bot says, with its words."""
    return [(at_level(sound_of(line.path(folder, 0)), BOT_DB), line.text) for line in lines]


def echo_path(rng: random.Random, least_db: float, most_db: float) -> tuple[float, float]:
    """Loss in dB, delay in ms."""
    return rng.uniform(least_db, most_db), rng.uniform(20, 300)

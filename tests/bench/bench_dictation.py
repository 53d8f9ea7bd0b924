"""How well dictated groups are heard: spoken figures and letters over a telephone line.

    python -m tests.bench.bench_dictation [--show] [--seed 1] [--speed 0.85] [--ears pack …]

Kokoro's caller voices read groups as callers do (幺 for 1, letters spelled), and what else callers
say there (等一下), through A-law and pink noise at 20 dB; Whisper base hears them with the pack's
prompt, as a call listens where a number is dictated, and with a prompt of figures. Counted: groups
that are taken down right, that are not taken down, and that come out wrong; words in which no group
is found ("right"), and words that are taken for one ("wrong").
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode
from voicebot.dialog.dictated import dictated_groups, spoken_group
from voicebot.ears import build_recognizer
from voicebot.pack_loader import load_pack
from voicebot.settings import load_settings
from voicebot.speech.kokoro import KokoroVoice
from voicebot.weights import locate

VOICES = ("zf_xiaoyi", "zm_yunxi", "zm_yunjian")  # none of them the bot's
NOISE_DB = 20.0
FIGURES_PROMPT = "序列号是YL2095，3708，第二组是561。"
# What callers say instead of a group.
_WORDS = """
不对，是五六七 等一下，我找一下 没有序列号 不知道 好了 说完了 对的 不是 错了 最后一组错了
我要转人工 什么 在哪里看 稍等，我去机房看一下 还有 你说什么 不用了 可以用手机号吗
这台机器没有标签 应该是的
"""
WORDS = _WORDS.split()


@dataclass(frozen=True)
class Spoken:
    """A group, and how a caller says it."""

    group: str
    said: str


def groups(seed: int) -> Iterator[Spoken]:
    """Thirty of three or four figures, half with 幺, and some with letters."""
    chance = random.Random(seed)
    for number in range(30):
        group = "".join(chance.choices("0123456789", k=3 + number % 2))
        said = spoken_group(group).replace(" ", "")
        yield Spoken(group, said if number % 2 else said.replace("幺", "一"))
    for letters in ("YL", "A", "B", "SN", "NF", "X", "Y", "L"):
        group = letters + "".join(chance.choices("0123456789", k=2))
        yield Spoken(group, spoken_group(group))


def over_the_line(pcm: npt.NDArray[np.int16], rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """The clip between silences, with pink noise `NOISE_DB` under it, through A-law."""
    quiet = np.zeros(4000)
    clean = np.concatenate([quiet, pcm.astype(np.float64), quiet])
    spectrum = np.fft.rfft(rng.standard_normal(len(clean)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    noise = np.fft.irfft(spectrum, len(clean))
    level = np.sqrt(np.mean(pcm.astype(np.float64) ** 2)) * 10 ** (-NOISE_DB / 20)
    noisy = clean + noise * level / np.sqrt(np.mean(noise**2))
    return alaw_decode(alaw_encode(np.clip(noisy, -32768, 32767).astype(np.int16)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=0.85)
    parser.add_argument("--ears", nargs="+", choices=("pack", "dictated", "figures"))
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    args = parser.parse_args()
    settings = load_settings()
    recognizer = build_recognizer(settings)
    folder = locate("kokoro-v1.0-int8", settings.models)
    voices = [KokoroVoice(folder, name, speed=args.speed) for name in VOICES]
    rng = np.random.default_rng(args.seed)
    words = [Spoken("", said) for said in WORDS]
    clips = [
        (spoken, over_the_line(voices[number % len(voices)].render(spoken.said), rng))
        for number, spoken in (*enumerate(groups(args.seed)), *enumerate(words))
    ]
    pack_prompt = load_pack(settings.pack).info.asr_prompt
    # The prompt, and whether the ears are told that a number is awaited.
    ears = {
        "pack": (pack_prompt, False),
        "dictated": (pack_prompt, True),
        "figures": (FIGURES_PROMPT, False),
    }
    for name in args.ears or ears:
        prompt, figures = ears[name]
        counted: Counter[str] = Counter()
        for spoken, clip in clips:
            stream = recognizer.stream(prompt=prompt, figures=figures)
            stream.accept(clip)
            heard = stream.final().text
            got = "".join(dictated_groups(heard))
            verdict = "right" if got == spoken.group else "wrong" if got else "not taken down"
            kind = "figures" if spoken.group.isdigit() else "with letters"
            counted[f"{kind if spoken.group else 'words'}: {verdict}"] += 1
            if args.show and verdict != "right":
                print(f"  {name}: {spoken.group} ({spoken.said}) heard {heard!r} -> {got!r}")
        shown = ", ".join(f"{what} {count}" for what, count in sorted(counted.items()))
        print(f"{name}: {shown}")


if __name__ == "__main__":
    main()

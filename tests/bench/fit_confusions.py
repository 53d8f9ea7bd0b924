"""Fit asr_models/confusions.json: which syllable the recognizer writes for which.

    python -m tests.bench.fit_confusions --clips FOLDER --count 800

Every nth clip of FOLDER (manifest.tsv: file, text), half of them with noise at 20 dB, passes
A-law and is recognized; the toneless syllables of transcript and recognition are aligned (least
edits) and counted. A pair counted three times or more costs ln P(written | said) / ln 0.0005:
1 in 10 costs .30, 1 in 100 .61. Recognitions are kept, so a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pypinyin
from rich.progress import track

from asr_models.metrics import readings
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Clip, load_manifest, read_8k, through_phone
from tests.bench.heard import HeardBefore
from voicebot.settings import load_settings
from voicebot.weights import locate

OUT = Path("asr_models/confusions.json")
_LEAST_COUNT = 3
_RAREST = 0.0005
_DEAREST = 0.75
Aligned = Iterator[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--first", type=int, help="use only so many of them (a trial)")
    parser.add_argument("--kept", type=Path, default=Path("build/bench-ears/train.json"))
    args = parser.parse_args()
    clips = load_manifest(args.clips, min_chars=4)
    clips = clips[:: max(1, len(clips) // args.count)][: args.count][: args.first]
    said: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for clip, heard in heard_texts(clips, args.kept):
        for want, got in aligned(clip.text, heard):
            said[want] += 1
            pairs[want, got] += 1
    costs: dict[str, dict[str, float]] = {}
    for (want, got), count in sorted(pairs.items()):
        cost = math.log(count / said[want]) / math.log(_RAREST)
        if want != got and count >= _LEAST_COUNT and cost <= _DEAREST:
            costs.setdefault(want, {})[got] = round(cost, 2)
    fitted = {
        "how": "tests/bench/fit_confusions.py: Whisper base int8, A-law, half at 20 dB of noise",
        "source": "Common Voice zh-CN (CC0-1.0) and AISHELL-1 (Apache-2.0)",
        "clips": len(clips),
        "syllables": sum(said.values()),
        "substituted": sum(count for (a, b), count in pairs.items() if a != b),
        "pairs": sum(len(row) for row in costs.values()),
        "costs": costs,
    }
    text = json.dumps(fitted, ensure_ascii=False, indent=1)
    OUT.write_text(text + "\n", "utf-8")
    print({key: value for key, value in fitted.items() if key != "costs"})


def heard_texts(clips: list[Clip], kept: Path) -> Iterator[tuple[Clip, str]]:
    """Each clip with what the recognizer makes of it on a telephone line."""
    folder = locate("whisper-base", load_settings().models)
    ears = HeardBefore(lambda: WhisperRecognizer(folder), "whisper-base alone", kept)
    for number, clip in enumerate(track(clips, description="recognizing")):
        pcm = through_phone(read_8k(clip.path), 20.0 if number % 2 else None, clip.path.name)
        yield clip, ears.hear(pcm).text
    ears.save()


def aligned(reference: str, heard: str) -> Aligned:
    """The syllables of both texts that stand for each other, same or not."""
    want = pypinyin.lazy_pinyin(readings(reference)[0], errors=list)
    got = pypinyin.lazy_pinyin(readings(heard)[0], errors=list)
    rows = [list(range(len(got) + 1))]
    for i, a in enumerate(want, 1):
        row = [i]
        for j, b in enumerate(got, 1):
            row.append(min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b)))
        rows.append(row)
    i, j = len(want), len(got)
    while i and j:
        if rows[i][j] == rows[i - 1][j - 1] + (want[i - 1] != got[j - 1]):
            i, j = i - 1, j - 1
            if want[i].isalpha() and got[j].isalpha() and got[j].isascii():
                yield want[i], got[j]
        elif rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1


if __name__ == "__main__":
    main()

"""Error rates of a CTranslate2 Whisper on clips held out from training."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from asr_models.adapt.corpus import Clip, Corpus
from asr_models.adapt.phone_line import LineOdds, PhoneLine
from asr_models.metrics import ErrorCount, character_errors, syllable_errors
from asr_models.whisper_ct2 import WhisperRecognizer

TABLE_HEAD = "| model | line | clips | characters | CER | pinyin error |\n|---|---|---|---|---|---|"
_QUIET = LineOdds(narrow=0.0, noisy=0.0, lossy=0.0, ulaw=0.0, paced=0.0)
_ROUGH = LineOdds(noisy=1.0, snr_db=(8.0, 20.0), lossy=1.0, paced=0.0)
LINES = {"clean": _QUIET, "noisy, lossy": _ROUGH}


@dataclass
class Score:
    """Sums over the clips of one line."""

    clips: int = 0
    characters: ErrorCount = field(default_factory=ErrorCount)
    syllables: ErrorCount = field(default_factory=ErrorCount)


def evaluate(
    folder: Path,
    corpus: Corpus,
    clips: Sequence[Clip],
    prompt: str = "",
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Score]:
    """Recognize every clip on every line of LINES; the same lines for every model."""
    recognizer = WhisperRecognizer(folder)
    scores = {name: Score() for name in LINES}
    for clip in clips:
        for name, odds in LINES.items():
            rng = np.random.default_rng(zlib.crc32(f"{name} {clip.name}".encode()))
            heard = recognizer.recognize(PhoneLine(rng, odds)(corpus.pcm(clip)), prompt=prompt)
            score = scores[name]
            score.clips += 1
            score.characters += character_errors(clip.text, heard.text)
            score.syllables += syllable_errors(clip.text, heard.text)
            advance()
    return scores


def row(model: str, line: str, score: Score) -> str:
    """One line of the Markdown table under TABLE_HEAD."""
    return (
        f"| {model} | {line} | {score.clips} | {score.characters.length} "
        f"| {score.characters.rate:.3f} | {score.syllables.rate:.3f} |"
    )

"""What the decoder is shown for one clip: features, prompt, and the text to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers

from asr_models.adapt.corpus import Clip, Corpus
from asr_models.adapt.phone_line import PhoneLine
from asr_models.errors import AsrModelError
from asr_models.logmel import HOP_SAMPLES, SAMPLE_RATE, LogMel
from asr_models.resample import to_rate

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
IGNORED = -100  # torch's cross_entropy leaves such places out
_MIN_WINDOW_S, _MARGIN_S, _MAX_WINDOW_S = 10.0, 2.0, 30.0  # as whisper_decode does
_MAX_PROMPT_TOKENS = 60
_NOISE_S = (1.0, 6.0)


@dataclass(frozen=True)
class Odds:
    """How often a lesson has a prompt, a prompt that shares words with it, or no speech."""

    prompted: float = 0.3
    helpful: float = 0.4
    silent: float = 0.03


@dataclass(frozen=True)
class Lesson:
    """16 kHz samples (-1..1) and the decoder's ids: read `ids`, write `targets`, both (n,)."""

    samples: Floats
    ids: Ints
    targets: Ints


@dataclass(frozen=True)
class Batch:
    """Lessons side by side: `mel` (k, bands, frames), `ids` and `targets` (k, n)."""

    mel: Floats
    ids: Ints
    targets: Ints


class Teacher:
    """Makes lessons of clips. A lesson follows from (seed, epoch, clip) alone."""

    def __init__(
        self, folder: Path, corpus: Corpus, *, seed: int, odds: Odds | None = None
    ) -> None:
        self._corpus = corpus
        self._seed = seed
        self._odds = odds or Odds()
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = ("startofprev", "startoftranscript", "zh", "transcribe", "notimestamps")
        ids = [self._tokenizer.token_to_id(f"<|{name}|>") for name in (*names, "endoftext")]
        known = [token for token in ids if token is not None]
        if len(known) < len(ids):
            raise AsrModelError(f"adapt: {folder} holds no multilingual Whisper's tokenizer.json")
        self._previous, *self._sequence, self.end = known
        self._mel = LogMel()

    def batches(
        self, clips: Sequence[Clip], epoch: int, size: int, skip: int = 0
    ) -> Iterator[Batch]:
        """Yield all clips once, in batches of about equal lengths and random order."""
        rng = np.random.default_rng((self._seed, epoch))
        order = sorted(range(len(clips)), key=lambda i: clips[i].samples + rng.integers(4000))
        starts = rng.permutation(np.arange(0, len(order), size))
        for start in starts[skip:]:
            chosen = order[start : start + size]
            yield self._batch([self.lesson(clips, i, epoch) for i in chosen])

    def lesson(self, clips: Sequence[Clip], index: int, epoch: int) -> Lesson:
        """Put clip `index` on a random line, with or without a prompt."""
        rng = np.random.default_rng((self._seed, epoch, index))
        line = PhoneLine(rng)
        if rng.random() < self._odds.silent:
            pcm, text = line.noise_only(int(8000 * rng.uniform(*_NOISE_S))), ""
        else:
            clip = clips[index]
            pcm, text = line(self._corpus.pcm(clip)), clip.text
        prompt: list[int] = []
        if rng.random() < self._odds.prompted:
            prompt = [self._previous, *self._encode(" " + self._prompt(clips, text, rng))]
        words = self._encode(text)
        ids = [*prompt[:_MAX_PROMPT_TOKENS], *self._sequence, *words]
        targets = np.full(len(ids), IGNORED)
        targets[len(ids) - len(words) - 1 :] = [*words, self.end]
        samples = to_rate(pcm, 8000, SAMPLE_RATE).astype(np.float32) / np.float32(32768)
        return Lesson(samples, np.array(ids), targets)

    def text(self, ids: Ints) -> str:
        """What `ids` spell."""
        spelled: str = self._tokenizer.decode([int(token) for token in ids])
        return spelled

    def _prompt(self, clips: Sequence[Clip], text: str, rng: np.random.Generator) -> str:
        """Another clip's sentence, or a list of words of which one may be said."""
        if rng.random() < 0.5:
            return _any(clips, rng).text + "。"
        sources = [_any(clips, rng).text for _ in range(rng.integers(3, 8))]
        if text and rng.random() < self._odds.helpful:
            sources[rng.integers(len(sources))] = text
        words = []
        for source in sources:
            length = int(rng.integers(2, 6))
            start = int(rng.integers(max(1, len(source) - length)))
            words.append(source[start : start + length].strip(", "))
        return "，".join(word for word in words if word) + "。"

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _batch(self, lessons: Sequence[Lesson]) -> Batch:
        seconds = max(len(lesson.samples) for lesson in lessons) / SAMPLE_RATE
        window_s = min(_MAX_WINDOW_S, max(_MIN_WINDOW_S, seconds + _MARGIN_S))
        frames = int(window_s * SAMPLE_RATE) // HOP_SAMPLES // 2 * 2
        length = max(len(lesson.ids) for lesson in lessons)
        ids = np.full((len(lessons), length), self.end)
        targets = np.full((len(lessons), length), IGNORED)
        for row, lesson in enumerate(lessons):
            ids[row, : len(lesson.ids)] = lesson.ids
            targets[row, : len(lesson.ids)] = lesson.targets
        return Batch(np.stack([self._mel(x.samples, frames) for x in lessons]), ids, targets)


def _any(clips: Sequence[Clip], rng: np.random.Generator) -> Clip:
    return clips[int(rng.integers(len(clips)))]

"""Whisper in two steps, encode and generate, each with its CPU time.

The encoder is given max(10 s, clip + 2 s) instead of Whisper's 30 s: a quarter of the work at the
same error rate in our lab (docs/ears.md). Less than 10 s makes it loop on short clips.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import ctranslate2
import numpy as np
import numpy.typing as npt

from asr_models.logmel import HOP_SAMPLES, SAMPLE_RATE, LogMel
from asr_models.resample import to_rate
from asr_models.whisper_spans import AlignedToken
from asr_models.whisper_weights import WhisperWeights

T = TypeVar("T")

_MIN_WINDOW_S = 10.0
_MARGIN_S = 2.0
_MAX_WINDOW_S = 30.0
_TOKENS_PER_S = 12.0
_SLACK_TOKENS = 12
_MAX_PROMPT_TOKENS = 200
_MAX_TOKENS = 448
_MS_PER_MEL_FRAME = 10
_MS_PER_POSITION = 20  # of the encoder: two mel frames


@dataclass(frozen=True)
class Encoded:
    """What the encoder made of a clip of `audio_ms`; any number of decodes may read it."""

    output: ctranslate2.StorageView
    audio_ms: int
    cpu_s: float


@dataclass(frozen=True)
class Hypothesis:
    """Token ids, their mean log-probability, and the model's doubt that there is speech at all.

    `no_speech` (0..1) belongs to the sound and is the same for all hypotheses of a search.
    """

    ids: tuple[int, ...]
    score: float
    no_speech: float


class WhisperDecoder:
    """Encodes and generates on loaded weights. Thread-safe; `workers` calls run at a time."""

    def __init__(self, weights: WhisperWeights, *, workers: int) -> None:
        self._weights = weights
        self._mel = LogMel(weights.mel_bands)
        self._places = threading.Semaphore(workers)
        self._clock_is_ours = workers == 1

    def encode(self, pcm: npt.NDArray[np.int16], sample_rate: int) -> Encoded:
        """Encode mono int16 samples, shape (n,), 0 < n <= 29 s."""
        started = time.thread_time()
        samples = to_rate(pcm, sample_rate, SAMPLE_RATE)
        clip_s = len(samples) / SAMPLE_RATE
        window_s = min(_MAX_WINDOW_S, max(_MIN_WINDOW_S, clip_s + _MARGIN_S))
        frames = int(window_s * SAMPLE_RATE) // HOP_SAMPLES // 2 * 2  # the encoder halves them
        mel = self._mel(samples.astype(np.float32) / np.float32(32768.0), frames)
        features = ctranslate2.StorageView.from_array(mel[None])
        front_s = time.thread_time() - started
        output, cpu_s = self._timed(lambda: self._weights.model.encode(features))
        return Encoded(output, round(len(pcm) * 1000 / sample_rate), front_s + cpu_s)

    def prompt_ids(self, prompt: str) -> list[int]:
        """Return `prompt` as the tokens of the text before."""
        if not prompt.strip():
            return []
        ids: list[int] = self._weights.tokenizer.encode(
            " " + prompt.strip(), add_special_tokens=False
        ).ids
        return [self._weights.tokens.previous, *ids[-_MAX_PROMPT_TOKENS:]]

    def generate(
        self, encoded: Encoded, prompt_ids: Sequence[int], *, beam_size: int
    ) -> tuple[list[Hypothesis], float]:
        """Search with `beam_size` beams (1: greedy): hypotheses, best first, and the CPU time."""
        vocabulary = self._weights.vocabulary
        start = vocabulary.to_model([*prompt_ids, *self._weights.tokens.sequence])
        cap = int(encoded.audio_ms / 1000 * _TOKENS_PER_S) + _SLACK_TOKENS
        # CTranslate2 generates at most min(max_length / 2, max_length - prompt) tokens.
        max_length = min(_MAX_TOKENS, max(2 * cap, cap + len(start)))
        results, cpu_s = self._timed(
            lambda: self._weights.model.generate(
                encoded.output,
                [start],
                beam_size=beam_size,
                num_hypotheses=beam_size,
                max_length=max_length,
                return_scores=True,
                return_no_speech_prob=True,
            )
        )
        found = [
            Hypothesis(tuple(vocabulary.to_tokenizer(ids)), score, results[0].no_speech_prob)
            for ids, score in zip(results[0].sequences_ids, results[0].scores, strict=True)
        ]
        return found, cpu_s

    def align(self, encoded: Encoded, ids: Sequence[int]) -> tuple[list[AlignedToken], float]:
        """When each token of a reading was said, and the CPU time of finding out."""
        vocabulary, tokens = self._weights.vocabulary, self._weights.tokens
        results, cpu_s = self._timed(
            lambda: self._weights.model.align(
                encoded.output,
                vocabulary.to_model(tokens.sequence[:-1]),  # CTranslate2 adds "no timestamps"
                [vocabulary.to_model(ids)],
                max(1, encoded.audio_ms // _MS_PER_MEL_FRAME),
            )
        )
        starts: dict[int, int] = {}
        for token, frame in results[0].alignments:
            starts.setdefault(token, frame * _MS_PER_POSITION)
        ends = [starts.get(index + 1, encoded.audio_ms) for index in range(len(ids))]
        probabilities = results[0].text_token_probs
        aligned = [
            AlignedToken(token, starts.get(index, ends[index]), ends[index], probabilities[index])
            for index, token in enumerate(ids)
        ]
        return aligned, cpu_s

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids; U+FFFD stands for a character that is not complete."""
        text: str = self._weights.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def _timed(self, work: Callable[[], T]) -> tuple[T, float]:
        """`work` and its CPU time with one worker, else (or on a GPU) its wall time."""
        with self._places:
            cpu_started, wall_started = self._weights.clock.seconds(), time.perf_counter()
            result = work()
            wall_s = time.perf_counter() - wall_started
            cpu_s = self._weights.clock.seconds() - cpu_started
        return result, cpu_s if self._clock_is_ours else wall_s

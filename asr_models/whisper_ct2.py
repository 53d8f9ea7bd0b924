"""Whisper in CTranslate2, for telephone turns: short windows, n-best, confidence.

Source: Radford et al. 2022; weights in the layout of Systran/faster-whisper-*. The encoder is
given max(10 s, clip + 2 s) instead of Whisper's 30 s: a quarter of the work at the same error
rate in our lab (docs/ears.md). Less than 10 s makes it loop on short clips.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
import tokenizers

from asr_models.api import Alternative, Recognition
from asr_models.confidence import confidence
from asr_models.cpu_clock import WorkerClock, thread_ids
from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.guards import guard
from asr_models.logmel import HOP_SAMPLES, SAMPLE_RATE, LogMel
from asr_models.resample import to_rate
from asr_models.script import normalize_script, strip_punctuation

MAX_AUDIO_S = 29.0
_MIN_WINDOW_S = 10.0
_MARGIN_S = 2.0
_MAX_WINDOW_S = 30.0
_TOKENS_PER_S = 12.0
_SLACK_TOKENS = 12
_MAX_PROMPT_TOKENS = 200
_MAX_TOKENS = 448
_SILENT_PEAK = 33  # -60 dBFS: nothing a telephone would carry as speech
_FILES = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True)
class _Tokens:
    """The ids of Whisper's control tokens."""

    previous: int
    sequence: tuple[int, ...]


class WhisperRecognizer:
    """A Recognizer for Mandarin. Thread-safe; `workers` decodes run at the same time.

    `threads` are per decode. Weights are brought to int8 when loaded.
    """

    def __init__(
        self, folder: Path, *, beam_size: int = 5, threads: int = 1, workers: int = 1
    ) -> None:
        """Load the weights in `folder`. Raises AsrModelError naming what is wrong with it."""
        self._folder = folder
        self._beam_size = beam_size
        self._mel = LogMel(_mel_bands(folder))
        self._tokenizer = _load_tokenizer(folder)
        self._tokens = _control_tokens(self._tokenizer, folder)
        before = thread_ids()
        self._model = _load_model(folder, threads, workers)
        self._workers_clock = WorkerClock(thread_ids() - before if threads == 1 else frozenset())
        self._one_at_a_time = threading.Semaphore(workers)
        self._clock_is_ours = workers == 1

    @property
    def name(self) -> str:
        return f"whisper:{self._folder.name}"

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,), of at most 29 s.

        `prompt` is read as the text before (a sentence or a list with commas; a bare word
        makes it loop). `cpu_s` is this decode's own CPU time with one worker, and its wall
        time with more. Raises AudioFormatError for other samples.
        """
        audio_ms = _check(pcm, sample_rate)
        if len(pcm) == 0 or int(np.abs(pcm.astype(np.int32)).max()) < _SILENT_PEAK:
            return Recognition("", 0.0, audio_ms=audio_ms, rejected="silence")
        started = time.thread_time()
        features = self._features(to_rate(pcm, sample_rate, SAMPLE_RATE))
        prompt_ids = self._prompt_ids(prompt)
        front_s = time.thread_time() - started
        result, decode_s = self._decode(features, prompt_ids, audio_ms)
        started = time.thread_time()
        recognition = self._judge(result, audio_ms, prompt)
        cpu_s = front_s + decode_s + time.thread_time() - started
        return Recognition(
            recognition.text,
            recognition.confidence,
            recognition.alternatives,
            audio_ms,
            cpu_s,
            recognition.rejected,
        )

    def _features(self, samples: npt.NDArray[np.int16]) -> ctranslate2.StorageView:
        clip_s = len(samples) / SAMPLE_RATE
        window_s = min(_MAX_WINDOW_S, max(_MIN_WINDOW_S, clip_s + _MARGIN_S))
        frames = int(window_s * SAMPLE_RATE) // HOP_SAMPLES // 2 * 2  # the encoder halves them
        mel = self._mel(samples.astype(np.float32) / np.float32(32768.0), frames)
        return ctranslate2.StorageView.from_array(mel[None])

    def _prompt_ids(self, prompt: str) -> list[int]:
        if not prompt.strip():
            return []
        ids: list[int] = self._tokenizer.encode(" " + prompt.strip(), add_special_tokens=False).ids
        return [self._tokens.previous, *ids[-_MAX_PROMPT_TOKENS:]]

    def _decode(
        self, features: ctranslate2.StorageView, prompt_ids: list[int], audio_ms: int
    ) -> tuple[ctranslate2.models.WhisperGenerationResult, float]:
        start = [*prompt_ids, *self._tokens.sequence]
        cap = int(audio_ms / 1000 * _TOKENS_PER_S) + _SLACK_TOKENS
        # CTranslate2 generates at most min(max_length / 2, max_length - prompt) tokens.
        max_length = min(_MAX_TOKENS, max(2 * cap, cap + len(start)))
        with self._one_at_a_time:
            cpu_started, wall_started = self._workers_clock.seconds(), time.perf_counter()
            results = self._model.generate(
                features,
                [start],
                beam_size=self._beam_size,
                num_hypotheses=self._beam_size,
                max_length=max_length,
                return_scores=True,
            )
            wall_s = time.perf_counter() - wall_started
            cpu_s = self._workers_clock.seconds() - cpu_started
        return results[0], cpu_s if self._clock_is_ours else wall_s

    def _judge(
        self, result: ctranslate2.models.WhisperGenerationResult, audio_ms: int, prompt: str
    ) -> Recognition:
        alternatives = self._alternatives(result)
        if not alternatives:
            return Recognition("", 0.0, rejected="empty")
        best = alternatives[0]
        verdict = guard(best.text, audio_ms, prompt)
        sure = confidence(best.score)
        if verdict.rejected:
            return Recognition("", 0.0, alternatives, rejected=verdict.rejected)
        kept = Alternative(verdict.text, best.score)
        return Recognition(verdict.text, sure, (kept, *alternatives[1:]))

    def _alternatives(
        self, result: ctranslate2.models.WhisperGenerationResult
    ) -> tuple[Alternative, ...]:
        """Texts that differ by more than punctuation, best first."""
        found: dict[str, Alternative] = {}
        for ids, score in zip(result.sequences_ids, result.scores, strict=True):
            text = normalize_script(self._tokenizer.decode(ids, skip_special_tokens=True))
            found.setdefault(strip_punctuation(text), Alternative(text, score))
        return tuple(found.values())


def _check(pcm: npt.NDArray[np.int16], sample_rate: int) -> int:
    if pcm.ndim != 1 or pcm.dtype != np.int16:
        raise AudioFormatError(
            f"whisper: expected int16 samples of shape (n,), got {pcm.dtype} of shape {pcm.shape}"
        )
    seconds = len(pcm) / sample_rate
    if seconds > MAX_AUDIO_S:
        raise AudioFormatError(
            f"whisper: expected at most {MAX_AUDIO_S:g} s of audio, got {seconds:.1f} s; "
            "cut it at pauses first (asr_models.gated)"
        )
    return round(seconds * 1000)


def _mel_bands(folder: Path) -> int:
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise AsrModelError(
            f"whisper: expected {', '.join(_FILES)} in {folder}, missing: {', '.join(missing)}"
        )
    preprocessor = folder / "preprocessor_config.json"
    if not preprocessor.is_file():
        return 80  # all sizes but large-v3, which comes with that file
    try:
        return int(json.loads(preprocessor.read_bytes())["feature_size"])
    except (ValueError, KeyError, TypeError):
        raise AsrModelError(
            f"whisper: {preprocessor}: expected JSON with a number 'feature_size'"
        ) from None


def _load_tokenizer(folder: Path) -> tokenizers.Tokenizer:
    path = folder / "tokenizer.json"
    try:
        return tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises bare Exception
        raise AsrModelError(f"whisper: {path} is no tokenizer: {error}") from None


def _control_tokens(tokenizer: tokenizers.Tokenizer, folder: Path) -> _Tokens:
    names = ("<|startofprev|>", "<|startoftranscript|>", "<|zh|>", "<|transcribe|>")
    found = [tokenizer.token_to_id(name) for name in (*names, "<|notimestamps|>")]
    ids = [token for token in found if token is not None]
    if len(ids) < len(found):
        raise AsrModelError(
            f"whisper: {folder / 'tokenizer.json'} lacks Whisper's control tokens; expected the "
            "tokenizer of a multilingual Whisper"
        )
    return _Tokens(previous=ids[0], sequence=tuple(ids[1:]))


def _load_model(folder: Path, threads: int, workers: int) -> ctranslate2.models.Whisper:
    try:
        return ctranslate2.models.Whisper(
            str(folder),
            device="cpu",
            compute_type="int8",
            intra_threads=threads,
            inter_threads=workers,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise AsrModelError(
            f"whisper: {folder} cannot be loaded by CTranslate2: {reason}; fetch it again"
        ) from None

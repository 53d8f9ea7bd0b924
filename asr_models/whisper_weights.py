"""A folder of Whisper weights for CTranslate2: what must be in it, and loading it.

Any multilingual Whisper that CTranslate2 has converted will do (tiny to large-v3, 80 or 128 mel
bands), on the CPU or on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import tokenizers

from asr_models.cpu_clock import WorkerClock, thread_ids
from asr_models.errors import AsrModelError
from asr_models.whisper_vocabulary import Vocabulary, prune, read_tokens

_FILES = ("model.bin", "config.json", "tokenizer.json")
_ENGLISH_END = 50_256  # GPT-2's; the multilingual vocabulary is one longer


@dataclass(frozen=True)
class ControlTokens:
    """Ids of Whisper's control tokens: `previous` opens a prompt, `sequence` a transcript."""

    previous: int
    sequence: tuple[int, ...]


@dataclass(frozen=True)
class WhisperWeights:
    """A loaded Whisper. `clock` reads the CPU time of its workers."""

    name: str
    model: ctranslate2.models.Whisper
    tokenizer: tokenizers.Tokenizer
    tokens: ControlTokens
    mel_bands: int
    clock: WorkerClock
    vocabulary: Vocabulary


def load_whisper(
    folder: Path,
    *,
    device: str = "cpu",
    compute_type: str = "auto",
    threads: int = 1,
    workers: int = 1,
) -> WhisperWeights:
    """Load the weights in `folder`. Raises AsrModelError naming what is wrong, in one line.

    Args:
        folder: model.bin, config.json and tokenizer.json (and CTranslate2's vocabulary file).
        device: cpu, cuda, or auto (cuda where there is one).
        compute_type: CTranslate2's name of a number format, or auto: int8 on the CPU, float16 on
            a GPU (int8 beside float32 on one that has no float16).
        threads: CPU threads of one decode.
        workers: decodes at the same time.
    """
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise AsrModelError(
            f"whisper: expected {', '.join(_FILES)} in {folder}, missing: {', '.join(missing)}"
        )
    tokenizer = _load_tokenizer(folder)
    control = _control_tokens(tokenizer, folder)
    place = _device(device)
    numbers = _compute_type(compute_type, place)
    pruned = prune(folder) if place == "cpu" else None
    before = thread_ids()
    try:
        model = ctranslate2.models.Whisper(
            str(folder),
            device=place,
            compute_type=numbers,
            intra_threads=threads,
            inter_threads=workers,
            files=pruned.files if pruned else None,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise AsrModelError(
            f"whisper: {folder} cannot be loaded by CTranslate2: {reason}; fetch it again"
        ) from None
    clock = WorkerClock(thread_ids() - before if threads == 1 else frozenset())
    tokens_by_id = read_tokens(folder)
    vocabulary = pruned.vocabulary if pruned else Vocabulary(tokens_by_id, range(len(tokens_by_id)))
    return WhisperWeights(
        f"whisper:{folder.name}", model, tokenizer, control, model.n_mels, clock, vocabulary
    )


def _load_tokenizer(folder: Path) -> tokenizers.Tokenizer:
    path = folder / "tokenizer.json"
    try:
        return tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises bare Exception
        raise AsrModelError(f"whisper: {path} is no tokenizer: {error}") from None


def _control_tokens(tokenizer: tokenizers.Tokenizer, folder: Path) -> ControlTokens:
    names = ("<|startofprev|>", "<|startoftranscript|>", "<|zh|>", "<|transcribe|>")
    found = [tokenizer.token_to_id(name) for name in (*names, "<|notimestamps|>")]
    ids = [token for token in found if token is not None]
    if len(ids) < len(found):
        raise AsrModelError(
            f"whisper: {folder / 'tokenizer.json'} lacks Whisper's control tokens; expected the "
            "tokenizer of a multilingual Whisper"
        )
    if tokenizer.token_to_id("<|endoftext|>") == _ENGLISH_END:
        raise AsrModelError(
            f"whisper: {folder} is an English-only Whisper; expected a multilingual one "
            "(a name without .en)"
        )
    return ControlTokens(previous=ids[0], sequence=tuple(ids[1:]))


def _device(asked: str) -> str:
    has_cuda = ctranslate2.get_cuda_device_count() > 0
    if asked == "auto":
        return "cuda" if has_cuda else "cpu"
    if asked not in ("cpu", "cuda"):
        raise AsrModelError(f"whisper: expected device cpu, cuda or auto, got {asked!r}")
    if asked == "cuda" and not has_cuda:
        raise AsrModelError(
            "whisper: device is cuda, but CTranslate2 finds no CUDA device; "
            "choose cpu or auto, or install NVIDIA's driver"
        )
    return asked


def _compute_type(asked: str, device: str) -> str:
    known = ctranslate2.get_supported_compute_types(device)
    if asked == "auto":
        preferred = ("int8",) if device == "cpu" else ("float16", "int8_float32")
        return next((name for name in preferred if name in known), "float32")
    if asked not in known:
        raise AsrModelError(
            f"whisper: compute type {asked!r} does not run on this {device}; "
            f"it has {', '.join(sorted(known))}"
        )
    return asked

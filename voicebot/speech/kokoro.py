"""The bot's own voice: Kokoro-82M v1.0 (ONNX) with its Mandarin voices.

Model: hexgrad/Kokoro-82M, Apache-2.0. Input: phoneme ids between two zeros, a style vector
chosen by the number of phonemes, a speed; output: 24 kHz floats.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from voicebot.errors import VoiceError, WeightsError
from voicebot.speech.api import LINE_RATE, Pcm
from voicebot.speech.line_audio import Samples, line_ready
from voicebot.speech.phonemes import LETTERS, Phonemes
from voicebot.speech.reading import Reader

KOKORO_RATE = 24_000
_MAX_PHONEMES = 509
_STYLE_SHAPE = (510, 256)
_AUDIO_VERSION = "1"  # raise it when trimming or levelling changes what is heard


class KokoroVoice:
    """A Kokoro Mandarin voice, ready for the line.

    Args:
        folder: holds ``model.onnx``, ``vocab.json`` and ``voices/<voice>.bin``.
        voice: e.g. ``zf_xiaobei``.
        speed: 1.0 is normal; 0.5 to 2.
        threads: CPU threads a clause.
        reader: the reading rules, with the pack's terms.

    Raises WeightsError if a file is missing or not what it should be.
    """

    def __init__(
        self,
        folder: Path,
        voice: str,
        *,
        speed: float = 1.0,
        threads: int = 1,
        reader: Reader | None = None,
    ) -> None:
        self._voice, self._speed = voice, speed
        self._reader = reader or Reader()
        self._phonemes = Phonemes()
        self._vocab = _read_vocab(folder / "vocab.json")
        self._styles, style_hash = _read_styles(folder / "voices" / f"{voice}.bin")
        model = folder / "model.onnx"
        self._session = _open_session(model, threads)
        identity = repr(
            (_sha256(model), style_hash, speed, _AUDIO_VERSION, sorted(LETTERS.items()))
        )
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._fingerprint = f"kokoro-{voice}-{digest}-{self._reader.fingerprint}"

    @property
    def name(self) -> str:
        return self._voice

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def warm_up(self) -> None:
        """Load the front end and run the model once (2 to 3 s)."""
        self._reader.warm_up()
        self._phonemes.warm_up()
        self.render("您好")

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        """See `Voice.render`. A clause of more than 509 phonemes is spoken in parts."""
        phonemes = [c for c in self._phonemes.of(self._reader.read(text)) if c in self._vocab]
        if not phonemes:
            return np.zeros(0, np.int16)
        with _deadline(timeout_s) as options:
            parts = [self._synthesise(part, options) for part in _parts(phonemes)]
        return line_ready(np.concatenate(parts), KOKORO_RATE)

    def _synthesise(self, phonemes: list[str], options: onnxruntime.RunOptions) -> Samples:
        ids = np.array([[0, *(self._vocab[c] for c in phonemes), 0]], np.int64)
        inputs = {
            "tokens": ids,
            "style": self._styles[len(phonemes) - 1][None],
            "speed": np.array([self._speed], np.float32),
        }
        try:
            (audio,) = self._session.run(None, inputs, options)
        except Exception as error:  # onnxruntime has no exception tree of its own
            if options.terminate:
                raise VoiceError(f"voice {self._voice}: the clause was not done in time") from None
            raise VoiceError(f"voice {self._voice}: synthesis failed: {error}") from None
        return np.asarray(audio, np.float32).ravel()


def _parts(phonemes: list[str]) -> Iterator[list[str]]:
    """Cut what is too long for the model, at a space if there is one."""
    while len(phonemes) > _MAX_PHONEMES:
        head = phonemes[:_MAX_PHONEMES]
        cut = max((i for i, c in enumerate(head) if c == " "), default=0) or _MAX_PHONEMES
        yield phonemes[:cut]
        phonemes = phonemes[cut:]
    yield phonemes


@contextmanager
def _deadline(timeout_s: float | None) -> Iterator[onnxruntime.RunOptions]:
    """Run options that stop the model between two of its nodes when the time is up."""
    options = onnxruntime.RunOptions()
    if timeout_s is None:
        yield options
        return
    timer = threading.Timer(timeout_s, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield options
    finally:
        timer.cancel()
        timer.join()


def _open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a run stopped at its deadline is no error to print
    if not model.is_file():
        raise WeightsError(_missing(model))
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no exception tree of its own
        raise WeightsError(f"{model}: expected a Kokoro ONNX model: {error}") from None


def _read_vocab(path: Path) -> dict[str, int]:
    try:
        vocab = json.loads(path.read_text(encoding="utf-8"))["vocab"]
        return {str(symbol): int(number) for symbol, number in vocab.items()}
    except OSError:
        raise WeightsError(_missing(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f'{path}: expected {{"vocab": {{symbol: id}}}}: {error!r}') from None


def _read_styles(path: Path) -> tuple[npt.NDArray[np.float32], str]:
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.bin"))) or "none"
        raise WeightsError(f"{_missing(path)}; voices here: {there}")
    data = path.read_bytes()
    expected = _STYLE_SHAPE[0] * _STYLE_SHAPE[1] * 4
    if len(data) != expected:
        raise WeightsError(f"{path}: expected {expected} bytes of float32 styles, got {len(data)}")
    styles = np.frombuffer(data, "<f4").reshape(_STYLE_SHAPE).astype(np.float32)
    return styles, hashlib.sha256(data).hexdigest()


def _missing(path: Path) -> str:
    return f"{path}: no such weight file; run: voicebot models fetch"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

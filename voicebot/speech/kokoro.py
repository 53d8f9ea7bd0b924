"""The bot's own voice: Kokoro-82M v1.0 (ONNX) with its Mandarin voices.

Model: hexgrad/Kokoro-82M, Apache-2.0. Input: phoneme ids between two zeros, a style vector
chosen by the number of phonemes, a speed; output: 24 kHz floats.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from voicebot.errors import VoiceError, WeightsError
from voicebot.speech.api import LINE_RATE, Chunk, Pcm
from voicebot.speech.brightness import brightened
from voicebot.speech.kokoro_fast import FAST_MODELS, speak_clause
from voicebot.speech.kokoro_text import Feed, KokoroText, missing
from voicebot.speech.line_audio import Samples, line_ready
from voicebot.speech.model_run import Watch
from voicebot.speech.reading import Reader

KOKORO_RATE = 24_000
_AUDIO_VERSION = "3"  # raise it when tone, trimming or levelling change what is heard
_PUBLISHED = "model"


class KokoroVoice:
    """A Kokoro Mandarin voice, ready for the line.

    Args:
        folder: holds ``vocab.json``, ``voices/<voice>.bin`` and either the converted models
            (``text.onnx``, ``decoder.onnx``, ``generator.onnx``: three times as fast) or the
            published ``model.onnx``.
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
        self._voice = voice
        reader = reader or Reader()
        self._text = KokoroText(folder, voice, speed, reader)
        self._fast = any((folder / f"{name}.onnx").exists() for name in FAST_MODELS)
        names = FAST_MODELS if self._fast else (_PUBLISHED,)
        files = {name: folder / f"{name}.onnx" for name in names}
        self._sessions = {name: _open_session(file, threads) for name, file in files.items()}
        hashes = [_sha256(file) for file in files.values()]
        identity = repr((hashes, self._text.identity, _AUDIO_VERSION))
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._fingerprint = f"kokoro-{voice}-{digest}-{reader.fingerprint}"

    @property
    def name(self) -> str:
        return self._voice

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def stream_rate(self) -> int:
        return KOKORO_RATE

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def warm_up(self) -> None:
        """Load the front end and run the model once (2 to 3 s)."""
        self._text.warm_up()
        self.render("您好")

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        """See `Voice.render`. A clause of more than 509 phonemes is spoken in parts."""
        watch = Watch(timeout_s, None)
        with watch.running():
            pieces = [piece for piece, _ in self._pieces(text, watch)]
        return line_ready(np.concatenate(pieces), KOKORO_RATE)

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        """See `StreamingVoice.stream`. A clause is one chunk, but for one of over 509 phonemes."""
        watch = Watch(timeout_s, stop)
        pieces = self._pieces(text, watch)
        last = False
        while not last and not watch.stopped:
            try:
                with watch.running():
                    piece, last = next(pieces)
            except VoiceError:
                if watch.stopped:
                    return
                raise
            if not watch.stopped:
                yield Chunk(_pcm(piece), text if last else "")

    def _pieces(self, text: str, watch: Watch) -> Iterator[tuple[Samples, bool]]:
        """Floats at 24 kHz, and whether they are the last; at least one piece."""
        feeds = list(self._text.feeds(text))
        if not feeds:
            yield np.zeros(0, np.float32), True
        for number, feed in enumerate(feeds, 1):
            yield self._speak(feed, watch), number == len(feeds)

    def _speak(self, feed: Feed, watch: Watch) -> Samples:
        if self._fast:
            dull = speak_clause(feed, lambda name, feed: self._run(name, feed, watch))
        else:
            dull = np.asarray(self._run(_PUBLISHED, feed, watch)[0], np.float32).ravel()
        return brightened(dull, KOKORO_RATE)

    def _run(self, name: str, feed: Feed, watch: Watch) -> list[npt.NDArray[Any]]:
        try:
            return list(self._sessions[name].run(None, dict(feed), watch.options))
        except Exception as error:  # onnxruntime has no exception tree of its own
            if watch.ended:
                raise VoiceError(f"voice {self._voice}: the clause was not done in time") from None
            raise VoiceError(f"voice {self._voice}: synthesis failed: {error}") from None


def _pcm(samples: Samples) -> Pcm:
    return np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)


def _open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # a thread that waits for the other in a loop takes its core from other calls
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # a run stopped at its deadline is no error to print
    if not model.is_file():
        raise WeightsError(missing(model))
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no exception tree of its own
        raise WeightsError(f"{model}: expected a Kokoro ONNX model: {error}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""FunASR as a streaming recognizer: Paraformer streaming, then what else the operator has.

Optional: FSMN-VAD as a gate, an offline Paraformer that hears the whole utterance again (with
hotwords), a punctuation model. All are FunASR's own code on names or folders that it knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.api import Recognition
from asr_models.errors import AudioFormatError
from asr_models.funasr_audio import to_16k
from asr_models.funasr_chunks import ChunkOptions, StreamingParaformer, warm_up
from asr_models.funasr_runtime import SAMPLE_RATE, FunasrModel
from asr_models.funasr_second import Punctuation, SecondPass
from asr_models.funasr_stream import MAX_AUDIO_S, FunasrEngines, FunasrStream
from asr_models.funasr_vad import FsmnVad
from asr_models.long_stream import LongStream

_ASR_FILES = ("tokens.json", "am.mvn")


class FunasrRecognizer:
    """A StreamingRecognizer for Mandarin.

    Thread-safe: each model has a lock, so that calls take turns at it. PyTorch's thread count
    is one for the process, hence the same for all models.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        vad: FsmnVad | str | Path | None = None,
        punctuation: str | Path | None = None,
        second_pass: str | Path | None = None,
        hotwords: Iterable[str] = (),
        device: str = "cpu",
        threads: int = 1,
        hub: str = "ms",
        chunks: ChunkOptions | None = None,
    ) -> None:
        """Load the models: folders, or names that FunASR downloads from `hub` ("ms" or "hf").

        `vad` keeps what is no speech from becoming text. `hotwords` go to the second pass; a
        model without biasing ignores them. Raises AsrModelError, one line, for a model that is
        missing or of another kind, an unknown device, or an installation without FunASR.
        """

        def load(what: str | Path, *files: str) -> FunasrModel:
            return FunasrModel(what, device=device, threads=threads, hub=hub, files=files)

        first = StreamingParaformer(load(model, *_ASR_FILES), chunks or ChunkOptions())
        if vad and not isinstance(vad, FsmnVad):
            vad = FsmnVad(vad, device=device, threads=threads, hub=hub)
        self._engines = FunasrEngines(
            first,
            vad if isinstance(vad, FsmnVad) else None,
            SecondPass(load(second_pass, *_ASR_FILES), tuple(hotwords)) if second_pass else None,
            Punctuation(load(punctuation)) if punctuation else None,
        )
        warm_up(first)

    @property
    def name(self) -> str:
        return f"funasr:{Path(self._engines.first.model.name).name}"

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> LongStream:
        """A new utterance of any length at 8 or 16 kHz (AudioFormatError for another rate).

        A Paraformer takes no prompt; it serves to refuse a text that only echoes it. `figures`
        changes nothing.
        """
        return LongStream(lambda: FunasrStream(self._engines, prompt, sample_rate), sample_rate)

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        """Recognize mono int16 samples, shape (n,), of at most 60 s, at any rate.

        The text is that of a stream's `final`. Raises AudioFormatError for other samples.
        """
        at_16k = to_16k(pcm, sample_rate)
        if len(at_16k) > MAX_AUDIO_S * SAMPLE_RATE:
            raise AudioFormatError(
                f"funasr: expected at most {MAX_AUDIO_S} s of audio, got "
                f"{len(at_16k) / SAMPLE_RATE:.1f} s; cut it at pauses first (asr_models.gated)"
            )
        stream = FunasrStream(self._engines, prompt, SAMPLE_RATE)
        stream.accept(at_16k)
        return stream.final()

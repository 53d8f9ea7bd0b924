"""Paraformer streaming, chunk by chunk: FunASR's cache, and what each chunk said.

Source: Gao et al. 2022 (Paraformer, arXiv:2206.08317) and FunASR's ParaformerStreaming. What a
chunk said never changes; only a flush, on a copy of the cache, hears the last half second.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrModelError
from asr_models.funasr_runtime import FunasrModel, as_float

_FRAME_SAMPLES = 960  # 60 ms at 16 kHz: six feature frames in one
_SAMPLES_A_MS = 16


@dataclass(frozen=True)
class ChunkOptions:
    """How the audio is cut; larger values mean later and better text.

    `size` counts 60 ms frames: of the past, of the chunk itself, of look-ahead. The look-backs
    count chunks that encoder and decoder attend to. The defaults are FunASR's for calls.
    """

    size: tuple[int, int, int] = (0, 10, 5)
    encoder_look_back: int = 4
    decoder_look_back: int = 1

    @property
    def samples(self) -> int:
        """Length of a chunk at 16 kHz."""
        return self.size[1] * _FRAME_SAMPLES

    @property
    def look_ahead(self) -> int:
        """How far, in samples at 16 kHz, a chunk's text lags behind its audio."""
        return self.size[2] * _FRAME_SAMPLES


@dataclass(frozen=True)
class Piece:
    """What one chunk said: from `start_ms` to `end_ms`; one log posterior a token."""

    text: str
    start_ms: int
    end_ms: int
    log_posteriors: tuple[float, ...] = ()


class StreamingParaformer:
    """A loaded ParaformerStreaming that also tells its tokens' posteriors. Thread-safe."""

    def __init__(self, model: FunasrModel, options: ChunkOptions) -> None:
        """Raises AsrModelError if the model is none that streams."""
        network = model.network
        if not hasattr(network, "cal_decoder_with_predictor_chunk"):
            raise AsrModelError(
                f"funasr: expected a streaming Paraformer in {model.name}, "
                f"got {type(network).__name__}"
            )
        self.model = model
        self.options = options
        self._tokens = network.cal_decoder_with_predictor_chunk
        self._special = {network.blank_id, network.sos, network.eos}
        self._posteriors: list[float] = []
        network.cal_decoder_with_predictor_chunk = self._listen

    def decode(
        self, audio: npt.NDArray[np.int16], cache: dict[str, Any], *, last: bool
    ) -> tuple[str, tuple[float, ...]]:
        """Feed 16 kHz samples; returns the new text and its tokens' log posteriors."""
        with self.model.alone():
            self._posteriors = []
            found = self.model.generate(
                as_float(audio),
                cache=cache,
                is_final=last,
                chunk_size=list(self.options.size),
                encoder_chunk_look_back=self.options.encoder_look_back,
                decoder_chunk_look_back=self.options.decoder_look_back,
            )
            return str(found.get("text", "")), tuple(self._posteriors)

    def _listen(self, encoded: Any, lengths: Any, embeds: Any, count: Any, **more: Any) -> Any:
        """FunASR keeps only the best tokens of this call: note their log posteriors on the way."""
        outcome = self._tokens(encoded, lengths, embeds, count, **more)
        best, ids = outcome[0][0, : int(count[0])].max(dim=-1)
        self._posteriors += [
            score
            for score, token in zip(best.tolist(), ids.tolist(), strict=True)
            if token not in self._special
        ]
        return outcome


class ChunkedDecoding:
    """One utterance in chunks: `feed` what is complete, `flush` to hear it to its end.

    Belongs to one thread.
    """

    def __init__(self, paraformer: StreamingParaformer) -> None:
        self._paraformer = paraformer
        self._cache: dict[str, Any] = {}
        self._flushed: tuple[int, Piece] | None = None
        self.pieces: list[Piece] = []
        self.consumed = 0  # samples at 16 kHz

    def feed(self, audio: npt.NDArray[np.int16]) -> None:
        """Decode the chunks of the utterance so far, shape (n,) from its start, that are new."""
        size = self._paraformer.options.samples
        while len(audio) >= self.consumed + size:
            chunk = audio[self.consumed : self.consumed + size]
            heard = self._paraformer.decode(chunk, self._cache, last=False)
            self.pieces.append(self._piece(self.consumed + size, *heard))
            self.consumed += size

    def flush(self, audio: npt.NDArray[np.int16]) -> Piece:
        """What the rest says if the utterance ends with `audio` (fed before); changes nothing."""
        if self._flushed is None or self._flushed[0] != len(audio):
            cache = copy.deepcopy(self._cache)
            heard = self._paraformer.decode(audio[self.consumed :], cache, last=True)
            begin = self._lagging(self.consumed)
            end = len(audio) // _SAMPLES_A_MS
            self._flushed = (len(audio), Piece(heard[0], min(begin, end), end, heard[1]))
        return self._flushed[1]

    def _piece(self, end: int, text: str, log_posteriors: tuple[float, ...]) -> Piece:
        return Piece(text, self._lagging(self.consumed), self._lagging(end), log_posteriors)

    def _lagging(self, sample: int) -> int:
        return max(0, sample - self._paraformer.options.look_ahead) // _SAMPLES_A_MS


def warm_up(paraformer: StreamingParaformer) -> None:
    """Let PyTorch prepare what it prepares in its first run: no caller shall wait for it."""
    decoding = ChunkedDecoding(paraformer)
    silence = np.zeros(paraformer.options.samples * 3 // 2, np.int16)
    decoding.feed(silence)
    decoding.flush(silence)


def join(pieces: list[Piece]) -> str:
    """The text of pieces in order; Latin words of two chunks stay apart."""
    text = ""
    for piece in pieces:
        apart = text[-1:].isascii() and text[-1:].isalpha() and piece.text[:1].isascii()
        text += " " * (apart and piece.text[:1].isalpha()) + piece.text
    return text


def mean_log_posterior(pieces: list[Piece]) -> float:
    """The tokens' mean log posterior; minus infinity where there is no token."""
    scores = [score for piece in pieces for score in piece.log_posteriors]
    return sum(scores) / len(scores) if scores else -math.inf

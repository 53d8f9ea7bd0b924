"""From samples to what may be believed of Whisper's text: encode, search, guard, rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from asr_models.api import Alternative, Recognition
from asr_models.confidence import confidence
from asr_models.errors import AudioFormatError
from asr_models.guards import guard, is_nobody
from asr_models.script import normalize_script, strip_punctuation
from asr_models.whisper_decode import Encoded, Hypothesis, WhisperDecoder
from asr_models.whisper_spans import make_spans

MAX_AUDIO_S = 29.0
_SILENT_PEAK = 33  # -60 dBFS: nothing a telephone would carry as speech


class WhisperReader:
    """Reads clips of at most 29 s. Thread-safe."""

    def __init__(self, decoder: WhisperDecoder, *, beam_size: int, spans: bool = False) -> None:
        self._decoder = decoder
        self._beam_size = beam_size
        self._spans = spans

    def encode(self, pcm: npt.NDArray[np.int16], sample_rate: int) -> Encoded | Recognition:
        """What the encoder makes of `pcm`; a Recognition without text where nothing sounds."""
        audio_ms = _check(pcm, sample_rate)
        if len(pcm) == 0 or int(np.abs(pcm.astype(np.int32)).max()) < _SILENT_PEAK:
            return Recognition("", 0.0, audio_ms=audio_ms, rejected="silence")
        return self._decoder.encode(pcm, sample_rate)

    def best(self, encoded: Encoded, prompt: str) -> Recognition:
        """The reading of a beam search. `cpu_s` is the search's own, without the encoder's."""
        found, cpu_s = self._decoder.generate(
            encoded, self._decoder.prompt_ids(prompt), beam_size=self._beam_size
        )
        heard = replace(self._judge(found, encoded.audio_ms, prompt), cpu_s=cpu_s)
        return self.with_spans(heard, encoded, found[0].ids if found else ())

    def with_spans(self, heard: Recognition, encoded: Encoded, ids: Sequence[int]) -> Recognition:
        """`heard` with the spans of its text, read from tokens `ids`, if spans are wanted."""
        if not self._spans or not heard.text:
            return heard
        aligned, cpu_s = self._decoder.align(encoded, ids)
        spans = make_spans(aligned, heard.text, self._decoder.text)
        return replace(heard, spans=spans, cpu_s=heard.cpu_s + cpu_s)

    def quick(self, encoded: Encoded, prompt: str) -> tuple[Recognition, tuple[int, ...]]:
        """The greedy reading, and its tokens."""
        found, cpu_s = self._decoder.generate(
            encoded, self._decoder.prompt_ids(prompt), beam_size=1
        )
        heard = replace(self._judge(found, encoded.audio_ms, prompt), cpu_s=cpu_s)
        return heard, found[0].ids if found else ()

    def text(self, ids: Sequence[int]) -> str:
        """Token ids as the house spells them, without guards."""
        return normalize_script(self._decoder.text(ids).rstrip("\ufffd"))

    def _judge(self, found: Sequence[Hypothesis], audio_ms: int, prompt: str) -> Recognition:
        alternatives = self._alternatives(found)
        if not alternatives:
            return Recognition("", 0.0, audio_ms=audio_ms, rejected="empty")
        best = alternatives[0]
        if is_nobody(found[0].no_speech, best.score):
            return Recognition("", 0.0, alternatives, audio_ms, rejected="no speech")
        verdict = guard(best.text, audio_ms, prompt)
        if verdict.rejected:
            return Recognition("", 0.0, alternatives, audio_ms, rejected=verdict.rejected)
        kept = Alternative(verdict.text, best.score)
        # Only here is the prompt known: its echo is what rescoring by the pack's texts likes best.
        others = [
            each for each in alternatives[1:] if not guard(each.text, audio_ms, prompt).rejected
        ]
        sure = confidence(best.score)
        return Recognition(verdict.text, sure, (kept, *others), audio_ms)

    def _alternatives(self, found: Sequence[Hypothesis]) -> tuple[Alternative, ...]:
        """Texts that differ by more than punctuation, best first."""
        texts: dict[str, Alternative] = {}
        for hypothesis in found:
            text = self.text(hypothesis.ids)
            texts.setdefault(strip_punctuation(text), Alternative(text, hypothesis.score))
        return tuple(texts.values())


def _check(pcm: npt.NDArray[np.int16], sample_rate: int) -> int:
    """Return the length in ms."""
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

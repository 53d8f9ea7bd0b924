"""Real recognitions in virtual time: what was heard, and the compute after which it is known."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.api import RecognitionStream, StreamingRecognizer
from voicebot.ears import build_domain, build_recognizer
from voicebot.pack_loader import load_pack
from voicebot.settings import Settings

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Text:
    """What was heard; known `cost_ms` of CPU time after it was asked for."""

    text: str
    confidence: float
    cost_ms: float


class Ears:
    """The ears of a call to the demo company, and a file of what they heard before.

    Args:
        settings: the recognizer's, and the pack's, whose prompt and repair are a call's.
        kept: recognitions are kept in this file and taken from it; None: each is done anew.
        latency_ms: taken for the quick text's cost instead of what was measured.
    """

    def __init__(
        self, settings: Settings, kept: Path | None = None, latency_ms: float | None = None
    ) -> None:
        self.latency_ms = latency_ms
        self._settings = settings
        pack = load_pack(settings.pack)
        self._prompt = pack.info.asr_prompt
        self._repair = build_domain(settings, pack)
        self._kept = kept
        known = kept is not None and kept.is_file()
        self._texts: dict[str, dict[str, object]] = (
            json.loads(kept.read_text("utf-8")) if known and kept else {}
        )
        self._recognizer: StreamingRecognizer | None = None
        self.quick_ms: list[float] = []
        self.final_ms: list[float] = []

    def stream(self) -> RecognitionStream:
        """A new utterance of the recognizer, which is loaded when first needed."""
        if self._recognizer is None:
            self._recognizer = build_recognizer(self._settings)
        return self._recognizer.stream(prompt=self._prompt)

    def repaired(self, text: str) -> str:
        """The text in the lexicon's spelling."""
        return self._repair.repair(text).text

    def utterance(self) -> Utterance:
        """A caller's utterance that begins."""
        return Utterance(self)

    def look_up(self, key: str) -> Text | None:
        """What was heard before."""
        found = self._texts.get(key)
        return None if found is None else Text(**found)  # type: ignore[arg-type]

    def keep(self, key: str, text: Text) -> None:
        """Remember it for the next run."""
        self._texts[key] = asdict(text)

    def save(self) -> None:
        """Write what is to be kept."""
        if self._kept is not None:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            self._kept.write_text(json.dumps(self._texts, ensure_ascii=False), "utf-8")


class Utterance:
    """One stream of the recognizer: asked for quick texts and for the best one.

    A stream's texts depend on what it was asked before, so that a kept text is known by all of
    that. Audio is given to the recognizer only where a text is not known yet.
    """

    def __init__(self, ears: Ears) -> None:
        self._ears = ears
        self._stream: RecognitionStream | None = None
        self._asked: list[tuple[str, int]] = []
        self._past = ""

    def quick(self, pcm: Pcm) -> Text:
        """The quick text of `pcm`, the utterance so far."""
        text = self._hear("quick", pcm)
        if self._ears.latency_ms is not None:
            text = replace(text, cost_ms=self._ears.latency_ms)
        self._ears.quick_ms.append(text.cost_ms)
        return text

    def final(self, pcm: Pcm) -> Text:
        """The best text of `pcm`, the utterance so far."""
        text = self._hear("final", pcm)
        self._ears.final_ms.append(text.cost_ms)
        return text

    def _hear(self, kind: str, pcm: Pcm) -> Text:
        said = f"{kind}{self._past}".encode() + pcm.tobytes()
        key = hashlib.sha256(said).hexdigest()[:24]
        self._past = key
        found = self._ears.look_up(key)
        if found is None:
            found = self._recognize(kind, pcm)
            self._ears.keep(key, found)
        self._asked.append((kind, len(pcm)))
        return found

    def _recognize(self, kind: str, pcm: Pcm) -> Text:
        stream = self._caught_up(pcm)
        began = time.process_time()
        if kind == "quick":
            partial = stream.partial(len(pcm))
            text, sure = partial.text, partial.confidence
        else:
            recognition = stream.final(len(pcm))
            text, sure = recognition.text, recognition.confidence
        return Text(self._ears.repaired(text), sure, (time.process_time() - began) * 1000)

    def _caught_up(self, pcm: Pcm) -> RecognitionStream:
        """The stream with all of `pcm`, asked all that it was asked before."""
        if self._stream is None:
            self._stream = self._ears.stream()
            for kind, samples in self._asked:
                self._stream.accept(pcm[self._stream.samples : samples])
                (self._stream.partial if kind == "quick" else self._stream.final)(samples)
        self._stream.accept(pcm[self._stream.samples :])
        return self._stream

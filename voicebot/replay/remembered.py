"""Ears that remember what they heard: the same audio is recognized once, on any later run.

A stream's reading depends on all that was asked of it before, so what is remembered is keyed by
the whole history: the audio, and each reading's length. On the first reading that is not known the
real stream is made and taken through that history; what it says is what it would have said.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models import Alternative, Partial, Recognition, RecognitionStream, Span
from asr_models import StreamingRecognizer as Streaming
from voicebot.replay.costs import Costs
from voicebot.replay.modelled_time import owe

Reading = Partial | Recognition


class Memory:
    """Readings on disk, one small JSON file each, under `folder`; counts what it knew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.known = 0
        self.new = 0
        folder.mkdir(parents=True, exist_ok=True)

    def recall(self, key: str) -> dict[str, Any] | None:
        """What was kept under `key`; a damaged file is as good as none."""
        try:
            kept = json.loads((self._folder / key).read_text("utf-8"))
        except (OSError, ValueError):
            self.new += 1
            return None
        self.known += 1
        return dict(kept)

    def keep(self, key: str, reading: Reading) -> None:
        """Write it down, whole or not at all."""
        partial = self._folder / f".{key}"
        partial.write_text(json.dumps(asdict(reading), ensure_ascii=False), "utf-8")
        partial.replace(self._folder / key)


class RememberedEars:
    """A `StreamingRecognizer` over another; charges each reading to the virtual clock.

    `identity` names everything that the readings depend on beside the audio.
    """

    def __init__(self, ears: Streaming, identity: str, memory: Memory, costs: Costs) -> None:
        self._ears = ears
        self._identity = identity
        self._memory = memory
        self._costs = costs
        self._streams = itertools.count()

    @property
    def name(self) -> str:
        return self._ears.name

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        stream = self.stream(prompt=prompt, sample_rate=sample_rate)
        stream.accept(pcm)
        return stream.final()

    def stream(
        self, *, prompt: str = "", sample_rate: int = 8000, figures: bool = False
    ) -> RecognitionStream:
        begun = f"{self._identity}\n{prompt}\n{sample_rate}\n{figures}"
        make = self._ears.stream
        return _Stream(
            lambda: make(prompt=prompt, sample_rate=sample_rate, figures=figures),
            hashlib.sha256(begun.encode()),
            self._memory,
            _Charged(self._costs, sample_rate, next(self._streams)),
        )


class _Charged:
    """What a stream's readings take on the virtual clock."""

    def __init__(self, costs: Costs, rate: int, number: int) -> None:
        self._costs, self._rate, self._lane = costs, rate, ("ears", number)

    def quick(self, samples: int) -> None:
        each_s = self._costs.quick_ms_per_s
        owe(self._costs.quick_ms + each_s * samples / self._rate, self._lane)

    def final(self, samples: int) -> None:
        each_s = self._costs.final_ms_per_s
        owe(self._costs.final_ms + each_s * samples / self._rate, self._lane)


class _Stream:
    def __init__(
        self,
        make: Callable[[], RecognitionStream],
        begun: Any,
        memory: Memory,
        charged: _Charged,
    ) -> None:
        self._make, self._memory, self._charged = make, memory, charged
        self._history = begun
        self._parts: list[npt.NDArray[np.int16]] = []
        self._samples = 0
        self._asked: list[tuple[str, int]] = []
        self._real: RecognitionStream | None = None

    @property
    def samples(self) -> int:
        return self._samples

    def accept(self, pcm: npt.NDArray[np.int16]) -> None:
        self._parts.append(pcm)
        self._samples += len(pcm)

    def partial(self, until: int | None = None) -> Partial:
        until = self._samples if until is None else until
        known, real = self._read("quick", until)
        self._charged.quick(until)
        return real if isinstance(real, Partial) else Partial(**known)

    def final(self, until: int | None = None) -> Recognition:
        until = self._samples if until is None else until
        known, real = self._read("final", until)
        self._charged.final(until)
        return real if isinstance(real, Recognition) else _recognition(known)

    def _read(self, kind: str, until: int) -> tuple[dict[str, Any], Reading | None]:
        pcm = np.concatenate([np.empty(0, np.int16), *self._parts])[:until]
        self._history.update(f"{kind} {until} ".encode() + pcm.tobytes())
        key = self._history.hexdigest()
        self._asked.append((kind, until))
        known = self._memory.recall(key)
        if known is not None:
            return known, None
        reading = self._really()
        self._memory.keep(key, reading)
        return {}, reading

    def _really(self) -> Reading:
        """The last of what was asked, by the real stream, after all that was asked before."""
        if self._real is None:
            self._real = self._make()
            for kind, until in self._asked[:-1]:
                self._ask(self._real, kind, until)
        return self._ask(self._real, *self._asked[-1])

    def _ask(self, real: RecognitionStream, kind: str, until: int) -> Reading:
        pcm = np.concatenate([np.empty(0, np.int16), *self._parts])
        if real.samples < until:
            real.accept(pcm[real.samples : until])
        return real.partial(until) if kind == "quick" else real.final(until)


def _recognition(kept: dict[str, Any]) -> Recognition:
    alternatives = tuple(Alternative(**each) for each in kept.pop("alternatives"))
    spans = tuple(Span(**each) for each in kept.pop("spans"))
    return Recognition(alternatives=alternatives, spans=spans, **kept)

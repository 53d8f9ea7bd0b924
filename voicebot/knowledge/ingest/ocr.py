"""Text in pictures, by RapidOCR with the models in its wheel (the extra ``documents``)."""

from __future__ import annotations

import functools
import importlib.util
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]  # (height, width, 3)
_SETTINGS = {
    "Global.log_level": "critical",
    "Det.limit_type": "max",  # lines are sought at this size, and read at the picture's own
    "Det.limit_side_len": 1280,
    "EngineConfig.onnxruntime.intra_op_num_threads": min(4, os.cpu_count() or 1),
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
INSTALL = "pip install 'voicebot[documents]'"


@dataclass(frozen=True)
class Seen:
    """A line of text in a picture; x0, top, x1, bottom in pixels."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


class Ocr:
    """Loads with the first picture. `available` says whether the extra is installed."""

    @functools.cached_property
    def available(self) -> bool:
        return importlib.util.find_spec("rapidocr") is not None

    @functools.cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        return RapidOCR(params=_SETTINGS)

    def read(self, image: Image) -> list[Seen]:
        """Lines from top to bottom. Nothing if the extra is not installed."""
        if not self.available:
            return []
        result = self._engine(image)
        if result.boxes is None or result.txts is None:
            return []
        seen = [
            Seen(text, *box.min(axis=0).tolist(), *box.max(axis=0).tolist())
            for text, box in zip(result.txts, result.boxes, strict=True)
            if text.strip()
        ]
        return sorted(seen, key=lambda s: (round(s.top / 10), s.x0))

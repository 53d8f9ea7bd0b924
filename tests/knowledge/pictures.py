"""Recognition without models: every picture says the same."""

from __future__ import annotations

from voicebot.knowledge.ingest.ocr import Image, Ocr, Seen


class SaysTheSame(Ocr):
    available = True  # type: ignore[assignment]

    def read(self, image: Image) -> list[Seen]:
        return [Seen("图里的字", 0, 0, 10, 10)]


class IsMissing(Ocr):
    available = False  # type: ignore[assignment]

"""Figures: the original picture is kept under its content's hash, the text in it is read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from voicebot.knowledge.ingest.ocr import INSTALL, Ocr, Seen
from voicebot.knowledge.ingest.reader_process import Beat, ReaderError
from voicebot.knowledge.ingest.unit import Kind, Unit

MAX_PIXELS = 40_000_000
MIN_SIDE = 40  # pixels; smaller ones are icons and bullets
MAX_FIGURES = 500  # a file
_FORMATS = {"PNG": ".png", "JPEG": ".jpg"}
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class Pictures:
    """Collects the figures of one file into `folder` (None: they are only read).

    `beat` is called for each, to show that it goes on. Raises ReaderError if one cannot be
    written.
    """

    def __init__(self, folder: Path | None, ocr: Ocr, beat: Beat = lambda: None) -> None:
        self._beat = beat
        self._folder = folder
        self._ocr = ocr
        self._read: dict[str, list[Seen]] = {}
        self._unread = 0
        self._broken = 0
        self._kept: set[str] = set()

    def problems(self) -> list[str]:
        """What was lost, as lines for the report."""
        found = []
        if self._unread:
            found.append(f"{self._unread} pictures: text in them is not read; {INSTALL}")
        if self._broken:
            found.append(f"{self._broken} pictures are damaged, too large or of unknown format")
        return found

    def add_bytes(self, data: bytes) -> tuple[str, list[Seen]] | None:
        """Keep a picture file and read it: its name and lines; None for icons and broken ones."""
        try:
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ValueError("too large")
                if min(image.size) < MIN_SIDE:
                    return None
                suffix = _FORMATS.get(image.format or "", "")
                rgb = _flat(image)
        except Exception:  # decoders of hostile pictures raise anything
            self._broken += 1
            return None
        return self._add(rgb, data if suffix else _png(rgb), suffix or ".png")

    def add_image(self, image: Image.Image) -> tuple[str, list[Seen]] | None:
        """The same for a picture that was drawn here."""
        if min(image.size) < MIN_SIDE:
            return None
        rgb = _flat(image)
        return self._add(rgb, _png(rgb), ".png")

    def read(self, image: Image.Image) -> list[Seen]:
        """The lines of a picture that is not kept: a scanned page."""
        if not self._ocr.available:
            self._unread += 1
        return self._ocr.read(np.asarray(_flat(image)))

    @property
    def readable(self) -> bool:
        return self._ocr.available

    def _add(self, rgb: Image.Image, data: bytes, suffix: str) -> tuple[str, list[Seen]]:
        self._beat()
        name = hashlib.sha256(data).hexdigest()[:16] + suffix
        if name not in self._read:
            if not self._ocr.available:
                self._unread += 1
            self._read[name] = self._ocr.read(np.asarray(rgb))
        if self._folder is None or len(self._kept | {name}) > MAX_FIGURES:
            return "", self._read[name]
        self._kept.add(name)
        path = self._folder / name
        if not path.exists():
            part = path.with_name(f".{name}.part")
            try:
                part.write_bytes(data)
                part.replace(path)  # whole or not at all
            except OSError as error:
                raise ReaderError(f"its pictures cannot be written: {error.strerror}") from None
        return name, self._read[name]


def figure_unit(
    caption: str, texts: Sequence[str], name: str, title: str, page: int = 0
) -> Unit | None:
    """A passage about a figure: its caption and the text in it; None if it has neither."""
    inside = "、".join(text.strip() for text in texts if text.strip())
    atoms = tuple(part for part in (caption.strip(), inside and f"图中文字：{inside}。") if part)
    if not atoms:
        return None
    return Unit(
        atoms, title, lines=True, stands_alone=True, kind=Kind.FIGURE, page=page, figure=name
    )


def _flat(image: Image.Image) -> Image.Image:
    """RGB on white: transparent pixels would turn black."""
    if image.mode in ("RGBA", "LA", "PA", "P"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

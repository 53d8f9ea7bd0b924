"""Which reader is for which format. Each is loaded when a file of its kind is met."""

from __future__ import annotations

from pathlib import Path

from voicebot.knowledge.ingest.ocr import Ocr
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.reader_process import Pages
from voicebot.knowledge.ingest.unit import Document

_ocr = Ocr()  # loads its models with the first picture, and keeps them


def read_rich(path: Path, pictures: Path | None, pages: Pages) -> Document:
    """A PDF, DOCX, XLSX or HTML file. Raises ReaderError, and whatever its parser raises."""
    figures = Pictures(pictures, _ocr)
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        from voicebot.knowledge.ingest.pdf import read_pdf

        document = read_pdf(path, figures, pages)
    elif suffix == ".docx":
        from voicebot.knowledge.ingest.docx import read_docx

        document = read_docx(path, figures)
    elif suffix in (".xlsx", ".xlsm"):
        from voicebot.knowledge.ingest.xlsx import read_xlsx

        document = read_xlsx(path)
    else:
        from voicebot.knowledge.ingest.html import read_html

        document = read_html(path, figures)
    document.problems += figures.problems()
    return document

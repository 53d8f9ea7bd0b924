"""Which reader is for which format. Each is loaded when a file of its kind is met."""

from __future__ import annotations

from pathlib import Path

from voicebot.knowledge.ingest.ocr import Ocr
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.reader_process import Beat, Pages
from voicebot.knowledge.ingest.unit import Document

_ocr = Ocr()  # loads its models with the first picture, and keeps them


def read_rich(
    path: Path, pictures: Path | None, pages: Pages, beat: Beat = lambda: None
) -> Document:
    """A PDF, DOCX, XLSX or HTML file, its figures written to the folder `pictures`.

    `pages` is told how far it is, `beat` that it goes on. Raises ReaderError, and whatever the
    format's parser raises.
    """
    figures = Pictures(pictures, _ocr, beat)
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        from voicebot.knowledge.ingest.pdf import read_pdf

        document = read_pdf(path, figures, pages)
    elif suffix == ".docx":
        from voicebot.knowledge.ingest.docx import read_docx

        document = read_docx(path, figures)
    elif suffix in (".xlsx", ".xlsm"):
        from voicebot.knowledge.ingest.xlsx import read_xlsx

        document = read_xlsx(path, figures, beat)
    else:
        from voicebot.knowledge.ingest.html import read_html

        document = read_html(path, figures)
    document.problems += figures.problems()
    return document

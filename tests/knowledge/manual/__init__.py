"""A server manual of our own invention, built by script, whose every fact is asked for."""

from __future__ import annotations

from pathlib import Path

from tests.knowledge.manual import office_manuals, pdf_manual


def build_all(folder: Path) -> None:
    """Write the manual in every format into `folder`."""
    pdf_manual.build(folder / "manual.pdf")
    office_manuals.build_docx(folder / "nic.docx")
    office_manuals.build_xlsx(folder / "spares.xlsx")
    office_manuals.build_html(folder / "firmware.html")
    office_manuals.build_csv(folder / "cities.csv")

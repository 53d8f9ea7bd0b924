"""PDF as programs set them: watermarks, striped and three-line tables, turned text, logos."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from tests.knowledge.manual.pdf_manual import FONT, HERE
from tests.knowledge.pictures import SaysTheSame
from voicebot.knowledge.ingest.characters import cleaned, unreadable
from voicebot.knowledge.ingest.pdf import read_pdf
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.unit import Document

ROWS = [
    ["名称", "规格", "数量"],
    ["螺丝刀", "十字", "1"],
    ["手环", "通用", "2"],
    ["标签", "六毫米", "3"],
]
SAID = ["名称: 螺丝刀 | 规格: 十字 | 数量: 1", "名称: 手环 | 规格: 通用 | 数量: 2",
        "名称: 标签 | 规格: 六毫米 | 数量: 3"]  # fmt: skip
THREE_LINES = [("LINEABOVE", (0, 0), (-1, 0), 1, colors.black),
               ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black),
               ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black)]  # fmt: skip
STRIPES = [("BACKGROUND", (0, row), (-1, row), colors.lightgrey) for row in (0, 2)]
GRID = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]


def text(size: float = 10.5, **options: object) -> ParagraphStyle:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    return ParagraphStyle(
        "x", fontName=FONT, fontSize=size, leading=size * 1.5, wordWrap="CJK", **options
    )


def table(rows: list[list[object]], style: list[tuple[object, ...]]) -> Table:
    return Table(rows, colWidths=[120] * 3, style=[("FONTNAME", (0, 0), (-1, -1), FONT), *style])


def watermark(canvas: Canvas, document: object) -> None:
    canvas.saveState()
    canvas.translate(300, 500)
    canvas.rotate(45)
    canvas.setFont(FONT, 40)
    canvas.drawCentredString(0, 0, "内部机密")
    canvas.restoreState()


def read(folder: Path, *story: Flowable) -> Document:
    path = folder / "a.pdf"
    SimpleDocTemplate(str(path)).build(list(story), onFirstPage=watermark, onLaterPages=watermark)
    return shown(path, folder)


def shown(path: Path, folder: Path) -> Document:
    return read_pdf(path, Pictures(folder, SaysTheSame()), lambda done, total: None)


def texts(document: Document) -> list[str]:
    return [unit.render(unit.atoms) for unit in document.units]


@pytest.mark.parametrize("style", [THREE_LINES, STRIPES, GRID, []])
def test_a_table_is_read_however_it_is_ruled(
    tmp_path: Path, style: list[tuple[object, ...]]
) -> None:
    lead = Paragraph("安装之前请先准备好下面的工具。", text())
    document = read(tmp_path, lead, Spacer(1, 12), table(ROWS, style))
    assert texts(document) == ["安装之前请先准备好下面的工具。", *SAID]
    assert document.tables == 1


def test_a_watermark_is_left_out_and_said_so(tmp_path: Path) -> None:
    document = read(tmp_path, Paragraph("正文在这里。" * 200, text(firstLineIndent=21)))
    assert "机" not in "".join(texts(document))
    assert texts(document) == ["正文在这里。" * 200]
    assert document.notes == ["4 characters that are turned, as in a watermark"]


def test_long_rows_and_merged_cells_over_pages(tmp_path: Path) -> None:
    cause = "控制器之间的心跳中断了，请检查级联线缆是否松动，必要时更换控制器"
    rows: list[list[object]] = [["代码", "级别", "处理"]]
    rows += [[f"E{i}", "严重", Paragraph(f"{cause}{i}。", text())] for i in range(100, 130)]
    style = [*GRID, ("SPAN", (1, 1), (1, 2))]
    made = Table(rows, colWidths=[60, 60, 200], repeatRows=1,
                 style=[("FONTNAME", (0, 0), (-1, -1), FONT), *style])  # fmt: skip
    document = read(tmp_path, made)
    assert texts(document) == [
        f"代码: E{i} | 级别: 严重 | 处理: {cause}{i}。" for i in range(100, 130)
    ]
    assert document.pages > 1
    assert document.tables == 1
    assert document.units[-1].page == document.pages


def test_a_logo_on_every_page_is_no_figure_and_a_figure_is(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    for number in range(4):
        canvas.setFont(FONT, 10.5)
        canvas.drawImage(str(HERE / "figure.png"), 60, 780, 80, 40)
        canvas.drawString(60, 600, f"第{number}段话说到这里。")
        if number == 2:
            canvas.drawImage(str(HERE / "figure.png"), 60, 300, 300, 140)
            canvas.drawString(100, 380, "①")
            canvas.drawString(60, 280, "图 2 后面板")
        canvas.showPage()
    canvas.save()
    document = shown(path, tmp_path)
    figures = [unit for unit in document.units if unit.figure]
    assert [unit.render(unit.atoms) for unit in figures] == ["图 2 后面板\n图中文字：图里的字。"]
    assert [unit.page for unit in figures] == [3]
    assert len(texts(document)) == 5


def test_a_page_set_sideways_says_so_and_a_turned_page_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    canvas.setPageRotation(90)  # as landscape pages are made: set sideways, shown level
    canvas.rotate(90)
    canvas.drawString(100, -300, "This page is turned by the viewer.")
    canvas.showPage()
    canvas.setPageRotation(0)
    canvas.rotate(90)
    canvas.drawString(100, -300, "This page is set sideways, so that it is lost.")
    canvas.showPage()
    canvas.save()
    document = shown(path, tmp_path)
    assert document.problems == ["page 2: text that is turned is not read"]
    assert texts(document) == ["This page is turned by the viewer."]


def test_what_lies_outside_the_printed_part_is_left_out_and_figures_stay_in_place(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=(700, 900), cropBox=(50, 100, 650, 880))
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas.setFont(FONT, 10.5)
    canvas.drawString(100, 20, "印刷标记，不在页面里。")
    canvas.drawString(100, 800, "页面里的文字，一共只有这么一句话而已，没有别的了。")
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(100, 500, 200, 100, stroke=0, fill=1)
    canvas.drawImage(str(HERE / "figure.png"), 100, 500, 200, 100, mask=[0, 255] * 3)
    canvas.showPage()
    canvas.save()
    document = shown(path, tmp_path)
    assert texts(document)[0] == "页面里的文字，一共只有这么一句话而已，没有别的了。"
    [figure] = [unit for unit in document.units if unit.figure]
    with Image.open(tmp_path / figure.figure) as image:
        corners = [image.convert("RGB").getpixel(at) for at in ((3, 3), (image.width - 4, 3))]
    assert corners == [(255, 0, 0)] * 2


def test_a_font_that_names_no_characters_is_read_from_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(60, 600, "These glyphs have no meaning.")
    canvas.showPage()
    canvas.save()
    monkeypatch.setattr("voicebot.knowledge.ingest.pdf.unreadable", lambda char: char in "ehs")
    assert texts(shown(path, tmp_path)) == ["图里的字"]


def test_radicals_and_half_characters_become_what_people_write() -> None:
    assert cleaned("使⽤⼿册\ud83d\x00\u200b里\ufeff的丨，ﬁ") == "使用手册里的丨，ﬁ"
    assert [unreadable(char) for char in ("(cid:7)", "\ue001", "电", "(")] == [
        True, True, False, False,
    ]  # fmt: skip

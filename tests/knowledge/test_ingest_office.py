"""What people put into DOCX and HTML: insertions, boxes, lists in lists, hidden and moved text."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl.drawing.image import Image as Picture

from tests.knowledge.manual.draw_pictures import HERE
from tests.knowledge.pictures import SaysTheSame
from voicebot.knowledge.ingest.docx import read_docx
from voicebot.knowledge.ingest.html import read_html
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.unit import Document
from voicebot.knowledge.ingest.xlsx import read_xlsx


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path, SaysTheSame())


@pytest.fixture
def word(tmp_path: Path, pictures: Pictures) -> Callable[[Any], list[tuple[str, str]]]:
    def read(document: Any) -> list[tuple[str, str]]:
        path = tmp_path / "a.docx"
        document.save(str(path))
        return shown(read_docx(path, pictures))

    return read


@pytest.fixture
def web(tmp_path: Path, pictures: Pictures) -> Callable[[str | bytes], list[tuple[str, str]]]:
    def read(text: str | bytes) -> list[tuple[str, str]]:
        path = tmp_path / "a.html"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return shown(read_html(path, pictures))

    return read


def shown(document: Document) -> list[tuple[str, str]]:
    return [(unit.title, unit.render(unit.atoms)) for unit in document.units]


def run(text: str, more: str = "") -> str:
    return f"<w:r><w:rPr>{more}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(inner: str) -> Any:
    return parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>")


def test_tracked_changes_hidden_text_and_controls(word: Callable[[Any], Any]) -> None:
    document = docx.Document()
    body = document.element.body
    body.insert(0, paragraph(
        f"{run('电源')}<w:ins w:id='1' w:author='a'>{run('模组')}</w:ins>"
        f"<w:del w:id='2' w:author='a'><w:r><w:delText>删掉的</w:delText></w:r></w:del>"
        f"{run('看不见', '<w:vanish/>')}{run('坏了。')}"
    ))  # fmt: skip
    control = f"<w:sdtContent><w:p>{run('控件里的话。')}</w:p></w:sdtContent>"
    body.insert(1, parse_xml(f"<w:sdt {nsdecls('w')}>{control}</w:sdt>"))
    box = f"<w:txbxContent><w:p>{run('文本框里的话。')}</w:p></w:txbxContent>"
    body.insert(2, paragraph(f"<w:r><w:pict>{box}</w:pict></w:r>"))
    assert [text for _, text in word(document)] == [
        "电源模组坏了。", "控件里的话。", "文本框里的话。",
    ]  # fmt: skip


def test_a_list_with_a_remark_and_a_list_in_it_is_one_unit(word: Callable[[Any], Any]) -> None:
    document = docx.Document()
    document.add_heading("更换", 1)
    document.add_paragraph("按下面做：")
    document.add_paragraph("断电。", style="List Number")
    document.add_paragraph("注意防静电。")
    document.add_paragraph("拆盖。", style="List Number")
    document.add_paragraph("完成以后检查。")
    document.add_paragraph("另一句。")
    assert word(document) == [
        ("更换", "按下面做：\n1. 断电。 注意防静电。\n2. 拆盖。"),
        ("更换", "完成以后检查。"),
        ("更换", "另一句。"),
    ]


def test_steps_typed_as_paragraphs_are_one_unit(word: Callable[[Any], Any]) -> None:
    document = docx.Document()
    for text in ("先看这里。", "灯不亮时：", "1、检查电源线。", "2、检查插座。", "就这些。"):
        document.add_paragraph(text)
    assert [text for _, text in word(document)] == [
        "先看这里。", "灯不亮时：\n1、检查电源线。\n2、检查插座。", "就这些。",
    ]  # fmt: skip


def test_headings_by_level_and_captions_of_tables_and_figures(word: Callable[[Any], Any]) -> None:
    document = docx.Document()
    document.add_heading("手册", 0)
    document.add_heading("部件", 1)
    document.add_heading("细目", 2)
    document.add_paragraph("表 1 清单")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("编号", "名称", "7", "风扇"), strict=True):
        cell.text = text
    document.add_heading("附图", 1)
    document.add_picture(str(HERE / "figure.png"))
    document.add_paragraph("图 1 后面板")
    assert word(document) == [
        ("手册 > 部件 > 细目 > 表 1 清单", "编号: 7号 | 名称: 风扇"),
        ("手册 > 附图", "图 1 后面板\n图中文字：图里的字。"),
    ]


def test_pictures_of_a_workbook_are_figures(tmp_path: Path, pictures: Pictures) -> None:
    book = openpyxl.Workbook()
    book.active.append(["名称", "数量"])
    book.active.append(["风扇", 6])
    book.active.add_image(Picture(str(HERE / "figure.png")), "D4")
    path = tmp_path / "备件.xlsx"
    book.save(path)
    document = read_xlsx(path, pictures, lambda: None)
    assert shown(document) == [("Sheet", "名称: 风扇 | 数量: 6"), ("备件", "图中文字：图里的字。")]
    assert (tmp_path / document.units[1].figure).is_file()


def test_html_shows_what_a_reader_sees(web: Callable[[str], Any]) -> None:
    assert web(
        "<html><head><title>t</title><style>p{}</style></head><body><header>顶</header>"
        "<nav>导航</nav><h1>说明</h1>开头的话<b>很重要</b>。<p>第一行<br>第二行</p>"
        "<div style='visibility:hidden'>藏</div><p aria-hidden=true>藏</p><noscript>藏</noscript>"
        "<h2>步骤</h2><p>这样做：</p><ol start=3><li>三<ul><li>小点</li></ul></li><li>四</li></ol>"
        "<dl><dt>保修</dt><dd>三年</dd></dl><pre>ls -l</pre><footer>脚</footer></body></html>"
    ) == [
        ("说明", "开头的话很重要。"),
        ("说明", "第一行\n第二行"),
        ("说明 > 步骤", "这样做：\n3. 三小点\n4. 四"),
        ("说明 > 步骤", "保修：三年"),
        ("说明 > 步骤", "ls -l"),
    ]


def test_html_tables_with_merged_cells_and_tables_for_layout(web: Callable[[str], Any]) -> None:
    assert web(
        "<table><caption>灯</caption><tr><th>部位<th colspan=2>含义</tr>"
        "<tr><td rowspan=2>电源<td>绿<td>正常</tr><tr><td>黄<td>故障</tr></table>"
        "<table><tr><td><p>排版用的。</p><p>两段。</p></td></tr></table>"
    ) == [
        ("灯", "部位: 电源 | 含义: 绿 | 含义: 正常"),
        ("灯", "部位: 电源 | 含义: 黄 | 含义: 故障"),
        ("", "排版用的。"),
        ("", "两段。"),
    ]


@pytest.mark.parametrize(
    ("encoding", "meta"),
    [("gb18030", "gbk"), ("utf-8", "gb2312"), ("gb18030", ""), ("utf-8", "no-such")],
)
def test_html_is_decoded_by_what_it_says_or_what_it_is(
    web: Callable[[bytes], Any], encoding: str, meta: str
) -> None:
    text = f"<meta charset='{meta}'><p>电源灯熄灭，请检查插座。</p>"
    assert web(text.encode(encoding)) == [("", "电源灯熄灭，请检查插座。")]


def test_html_pictures_come_from_beside_the_page_only(
    web: Callable[[str], Any], tmp_path: Path
) -> None:
    data = (HERE / "figure.png").read_bytes()
    (tmp_path / "图 1.png").write_bytes(data)
    (tmp_path.parent / "outside.png").write_bytes(data)
    inside = base64.b64encode(data).decode()
    found = web(
        f"<img src='data:image/png;base64,{inside}' alt='甲'><img src='%E5%9B%BE%201.png' alt='乙'>"
        "<img src='../outside.png' alt='丙'><img src='http://127.0.0.1:1/x.png' alt='丁'>"
        f"<img src='file://{tmp_path}/x.png' alt='戊'><img src='data:image/png;base64,!!' alt='己'>"
    )
    read = "图中文字：图里的字。"
    assert [text for _, text in found] == [
        f"甲\n{read}", f"乙\n{read}", "丙", "丁", "戊", "己",
    ]  # fmt: skip

"""The same kind of facts as DOCX, XLSX, HTML and CSV."""

from __future__ import annotations

from pathlib import Path

from docx import Document
from openpyxl import Workbook

HERE = Path(__file__).parent


def build_docx(path: Path) -> None:
    document = Document()
    document.add_heading("网卡安装指南", 0)
    document.add_heading("安装驱动", 1)
    document.add_paragraph("系统里看不到网卡时，按下面的步骤安装驱动：")
    for step in (
        "从官网下载驱动包。",
        "用管理员身份运行安装程序。",
        "重启以后在设备管理器里确认。",
    ):
        document.add_paragraph(step, style="List Number")
    document.add_heading("兼容性", 1)
    table = document.add_table(rows=4, cols=3)
    rows = (
        ("网卡型号", "操作系统", "驱动版本"), ("XN710", "麒麟V10", "2.4.1"),
        ("XN710", "统信20", "2.5.0"), ("XN820", "欧拉22", "3.0.7"),
    )  # fmt: skip
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text
    table.cell(2, 0).text = ""
    table.cell(1, 0).merge(table.cell(2, 0))
    document.add_picture(str(HERE / "figure.png"))
    document.add_paragraph("图 1 网卡安装位置")
    document.sections[0].header.paragraphs[0].text = "内部资料"
    document.save(str(path))


def build_xlsx(path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "备件价格"
    sheet.append(["二零二六年备件价格表"])
    sheet.merge_cells("A1:D1")
    sheet.append(["备件名称", "料号", "保修", None])
    sheet.append([None, None, "整机", "单独购买"])
    for area in ("A2:A3", "B2:B3", "C2:D2"):
        sheet.merge_cells(area)
    sheet.append(["八百瓦电源", "P0800", "三年", "一年"])
    sheet.append(["一千六百瓦电源", "P1600", "三年", "两年"])
    sheet.append(["热插拔风扇", "F6038", "三年", "六个月"])
    sheet.cell(row=60, column=1, value="返修率")
    sheet.cell(row=60, column=2, value="数值")
    sheet.cell(row=61, column=1, value="电源返修率")
    sheet.cell(row=61, column=2, value=0.023).number_format = "0.0%"
    hidden = book.create_sheet("草稿")
    hidden.append(["不该被看到的草稿"])
    hidden.sheet_state = "hidden"
    book.save(path)


HTML = """<!doctype html><html><head><meta charset="gb18030"><title>x</title>
<style>.a{color:red}</style><script>var secret = "脚本里的内容";</script></head><body>
<nav>首页 产品 下载</nav>
<h1>固件升级说明</h1>
<p>固件升级大约需要<b>二十</b>分钟，<br>期间不能断电。</p>
<h2>升级失败的处理</h2>
<p>升级失败后机器不能启动时：</p>
<ol><li>拔掉电源线等一分钟。</li><li>按住<i>定位按钮</i>插上电源线。</li>
<li>松开按钮，等待备用固件启动。</li></ol>
<h2>版本</h2>
<table><tr><th>固件版本</th><th>发布日期</th><th>主要变化</th></tr>
<tr><td rowspan="2">4.12</td><td>三月</td><td>修复风扇误报</td></tr>
<tr><td>四月</td><td>支持国密算法</td></tr></table>
<p style="display: none">隐藏的段落</p><p hidden>也是隐藏的</p>
</body></html>"""

CSV = "城市;备件库;工程师电话\n西安;高新路仓库;029-5550100\n成都;天府三街仓库;028-5550200\n"


def build_html(path: Path) -> None:
    path.write_bytes(HTML.encode("gb18030"))


def build_csv(path: Path) -> None:
    path.write_bytes(CSV.encode("gb18030"))

"""Tables of every format as rows that can be asked."""

from __future__ import annotations

import pytest

from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import Hit, HitKind
from voicebot.knowledge.identifiers import identifiers
from voicebot.knowledge.ingest.delimited import delimiter_of, read_delimited
from voicebot.knowledge.ingest.tables import table_units


def rows(table: list[list[str]], *, header: bool | None = None) -> list[str]:
    return [unit.atoms[0] for unit in table_units(table, header=header)]


def test_a_numbered_part_is_named_as_callers_say_it() -> None:
    [text] = rows([["编号", "名称"], ["18", "电源监控模组"]])
    assert text == "编号: 18号 | 名称: 电源监控模组"
    assert identifiers("十八号是什么模组") <= identifiers(text)
    said = extract("18号是什么", Hit("a", HitKind.PASSAGE, 1.0, text))
    assert said.spoken == "18号，名称是电源监控模组。"


def test_columns_side_by_side_become_rows() -> None:
    table = [["序号", "部件", "序号", "部件"], ["1", "风扇", "3", "主板"], ["2", "电源", "", ""]]
    assert rows(table) == [
        "序号: 1号 | 部件: 风扇", "序号: 3号 | 部件: 主板", "序号: 2号 | 部件: 电源",
    ]  # fmt: skip


def test_a_header_of_two_rows_is_one() -> None:
    table = [["型号", "接口", "接口"], ["型号", "前", "后"], ["A1", "两个", "四个"]]
    assert rows(table) == ["型号: A1 | 接口 前: 两个 | 接口 后: 四个"]


def test_a_row_over_all_columns_is_a_heading() -> None:
    table = [["备件"] * 3, ["名称", "料号", "数量"], ["电源类"] * 3, ["八百瓦", "P8", "2"]]
    units = table_units(table, "价格")
    assert [(unit.title, unit.atoms[0]) for unit in units] == [
        ("价格 > 电源类", "名称: 八百瓦 | 料号: P8 | 数量: 2")
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([["电源", "550W"], ["内存", "32GB"]], ["电源: 550W", "内存: 32GB"]),
        ([["参数", "数值"], ["内存", "32GB"]], ["参数: 内存 | 数值: 32GB"]),
        ([["1", "2", "3"], ["4", "5", "6"]], ["1 | 2 | 3", "4 | 5 | 6"]),
        ([["", "名称", ""], ["", "风扇", ""]], ["名称", "风扇"]),
        ([["名称", "数量"]], ["名称: 数量"]),
        ([["", ""], ["", ""]], []),
        ([], []),
    ],
)
def test_a_header_is_told_from_data(table: list[list[str]], expected: list[str]) -> None:
    assert rows(table) == expected


def test_a_header_that_is_repeated_on_the_next_page_is_no_row() -> None:
    table = [["名称", "数量"], ["风扇", "6"], ["名称", "数量"], ["电源", "2"]]
    units = table_units(table, pages=[1, 1, 2, 2])
    assert [(unit.page, unit.atoms[0]) for unit in units] == [
        (1, "名称: 风扇 | 数量: 6"), (2, "名称: 电源 | 数量: 2"),
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_csv_of_every_dialect_is_read(mark: str) -> None:
    text = f'城市{mark}电话\n"西{mark}安"{mark}029\n\n部件{mark}数量\n风扇{mark}6\n'
    assert delimiter_of(text) == mark
    document = read_delimited(text)
    assert [unit.atoms[0] for unit in document.units] == [
        f"城市: {' '.join(f'西{mark}安'.split())} | 电话: 029", "部件: 风扇 | 数量: 6",
    ]  # fmt: skip
    assert document.tables == 2


def test_a_csv_of_very_many_columns_is_cut_and_said_so() -> None:
    wide = "名称" + "," * 100_000 + "\n" + "风扇\n" * 1000
    document = read_delimited(wide)
    assert document.problems == ["has rows of 100001 cells; the first 256 are read"]
    assert len(document.units) == 1000


def test_a_csv_with_a_cell_without_end_is_reported() -> None:
    document = read_delimited('名称,数量\n风扇,6\n电源,"' + "很长" * 100_000)
    assert [unit.atoms[0] for unit in document.units] == ["名称: 风扇 | 数量: 6"]
    assert "field larger than field limit" in document.problems[0]

"""PDF pages as they are laid out: columns, running headers, lines of a paragraph, tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.knowledge.ingest.flow import Flow
from voicebot.knowledge.ingest.headings import Headings
from voicebot.knowledge.ingest.page import Grid, Line, Page, Segment, joined, line_of
from voicebot.knowledge.ingest.repeats import without_repeats
from voicebot.knowledge.ingest.split import pack
from voicebot.knowledge.ingest.unit import Document
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK

SIZE = 10.0


def at(x: float, top: float, text: str, size: float = SIZE) -> Segment:
    width = sum(size if char > "\u2e80" else size / 2 for char in text)
    return Segment(x, top, x + width, top + size, text, size)


def page(number: int, *segments: Segment, grids: tuple[Grid, ...] = ()) -> Page:
    """Segments of one height are one line."""
    tops = sorted({segment.top for segment in segments})
    lines = tuple(line_of([s for s in segments if s.top == top]) for top in tops)
    return Page(number, 595.0, 842.0, lines, grids)


def column(x: float, top: float, *texts: str) -> list[Segment]:
    return [at(x, top + i * 15, text) for i, text in enumerate(texts)]


def read(*pages: Page) -> Document:
    flow = Flow(Headings(SIZE))
    cleaned, _ = without_repeats(pages)
    for each in cleaned:
        flow.take(each)
    return flow.finish()


def texts(document: Document) -> list[str]:
    return [unit.render(unit.atoms) for unit in document.units]


def test_running_headers_and_page_numbers_go() -> None:
    pages = [
        page(
            n, at(60, 30, "维护手册 第三版"), at(60, 200, f"第{'甲乙丙'[n - 1]}件事情说完了。"),
            at(280, 810, f"- {n} -"),
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    cleaned, dropped = without_repeats(pages)
    assert dropped == 6
    assert [line.text for each in cleaned for line in each.lines] == [
        "第甲件事情说完了。", "第乙件事情说完了。", "第丙件事情说完了。",
    ]  # fmt: skip


def test_what_stands_once_in_the_margin_stays() -> None:
    cleaned, dropped = without_repeats([page(1, at(60, 30, "安全须知"), at(60, 400, "正文。"))])
    assert (dropped, len(cleaned[0].lines)) == (0, 2)


def test_two_columns_are_read_one_after_the_other() -> None:
    left = column(60, 200, *(["左边的文字在这里排满一整行文字" + "甲乙丙丁"[i] for i in range(4)]))
    right = column(
        320, 200, *(["右边的文字在这里排满一整行文字" + "甲乙丙丁"[i] for i in range(4)])
    )
    [text] = texts(read(page(1, *left, *right)))
    assert text.index("左边的文字在这里排满一整行文字丁") < text.index(
        "右边的文字在这里排满一整行文字甲"
    )


def test_a_table_of_short_cells_is_no_two_columns() -> None:
    names, values = ["部件名称", "风扇", "电源", "主板", "内存"], ["数量", "6", "2", "1", "24"]
    document = read(page(1, *column(60, 200, *names), *column(320, 200, *values)))
    assert texts(document)[0] == "部件名称: 风扇 | 数量: 6"
    assert len(document.units) == 4


def test_a_paragraph_goes_on_over_columns_and_pages() -> None:
    full = "这一行文字从左到右排满了整个版面的宽度一直到最右边的位置为止没有空出来还有"
    document = read(
        page(1, at(60, 100, full), at(60, 700, full)), page(2, at(60, 100, "最后半句。"))
    )
    assert texts(document) == [full, f"{full}最后半句。"]
    assert [unit.page for unit in document.units] == [1, 1]


def test_a_word_of_the_lexicon_is_whole_again_after_a_line_break() -> None:
    full = "一行文字从左到右排满了整个版面的宽度一直到最右边的位置为止都没有空出来"
    terms = [term.term for term in load_pack(SERVER_PACK).lexicon]
    breaks = [(t, i) for t in terms for i in range(1, len(t)) if not t[i - 1 : i + 1].isascii()]
    assert len(breaks) > 20  # setters break no Latin word without a hyphen
    for term, half in breaks:
        first, second = at(60, 100, full + term[:half]), at(60, 115, term[half:] + "坏了。")
        [text] = texts(read(page(1, first, second)))
        assert f"{term}坏了。" in text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("power tran-", "sition", "power transition"), ("the", "log", "the log"),
        ("阵列", "卡", "阵列卡"), ("RAID-", "Z", "RAID-Z"), ("型号", "YL5280", "型号YL5280"),
        ("", "text", "text"),
    ],
)  # fmt: skip
def test_lines_are_joined(before: str, after: str, expected: str) -> None:
    assert joined(before, after) == expected


def test_steps_stay_together_over_a_page_and_end_with_the_next_paragraph() -> None:
    document = read(
        page(1, at(60, 650, "风扇不转时："), at(60, 665, "1. 断电。"), at(60, 680, "2. 换风扇。")),
        page(2, at(60, 100, "3. 上电。"), at(60, 140, "风扇一共六个。")),
    )
    assert texts(document) == ["风扇不转时：\n1. 断电。\n2. 换风扇。\n3. 上电。", "风扇一共六个。"]


def test_a_row_that_the_page_cuts_is_one_row() -> None:
    first = Grid(60, 700, 500, 780, (("编号", "名称"), ("7", "处理器")))
    second = Grid(60, 80, 500, 160, (("", "散热器"), ("8", "内存")))
    document = read(page(1, grids=(first,)), page(2, grids=(second,)))
    assert texts(document) == ["编号: 7号 | 名称: 处理器散热器", "编号: 8号 | 名称: 内存"]
    assert document.tables == 1


def test_a_caption_names_its_table_and_stays_where_there_is_none() -> None:
    first = Grid(60, 700, 500, 780, (("编号", "名称"), ("7", "处理器")))
    second = Grid(60, 120, 500, 160, (("8", "内存"),))
    document = read(
        page(
            1,
            at(60, 100, "表 1 见附录"),
            at(60, 130, "正文。"),
            at(60, 680, "表 2 部件"),
            grids=(first,),
        ),
        page(2, at(60, 80, "续表 2"), grids=(second,)),
    )
    assert [(unit.title, unit.atoms[0]) for unit in document.units] == [
        ("", "表 1 见附录"), ("", "正文。"), ("表 2 部件", "编号: 7号 | 名称: 处理器"),
        ("表 2 部件", "编号: 8号 | 名称: 内存"),
    ]  # fmt: skip


def test_two_tables_with_text_between_are_two() -> None:
    grid = Grid(60, 700, 500, 780, (("编号", "名称"), ("7", "处理器")))
    other = Grid(60, 200, 500, 260, (("编号", "名称"), ("1", "电池")))
    document = read(page(1, grids=(grid,)), page(2, at(60, 100, "另外一张表。"), grids=(other,)))
    assert document.tables == 2


def test_headings_by_size_and_number_make_the_path() -> None:
    document = read(
        page(
            1, at(60, 80, "手册", 20), at(60, 120, "第一章 概述", 14), at(60, 150, "1.1 环境"),
            at(60, 170, "温度。"), at(60, 200, "第二章 安装", 14), at(60, 230, "开箱。"),
            at(60, 260, "目录 ........ 3"),
        )
    )  # fmt: skip
    assert [(unit.title, unit.atoms[0]) for unit in document.units] == [
        ("手册 > 第一章 概述 > 1.1 环境", "温度。"), ("手册 > 第二章 安装", "开箱。"),
    ]  # fmt: skip
    assert document.notes == ["1 lines of a table of contents"]


TEXTS = st.text(st.sampled_from("电源灯亮一二三abc 1.。，、-|•图表第章"), min_size=1, max_size=30)
PLACES = st.tuples(st.sampled_from([60.0, 150.0, 320.0]), st.integers(5, 80))


@given(st.lists(st.tuples(PLACES, TEXTS), max_size=30))
def test_no_character_of_a_page_is_lost(found: list[tuple[tuple[float, int], str]]) -> None:
    """Whatever stands on a page is said once or more, apart from space, hyphens and leaders."""
    segments = [at(x, top * 10.0, text) for (x, top), text in found if text.strip()]
    one = page(1, *segments)
    flow = Flow(Headings(SIZE))
    flow.take(one)
    document = flow.finish()
    said = "".join(f"{unit.title}{unit.lead}{''.join(unit.atoms)}" for unit in document.units)
    headed = flow.headings.path
    if not document.notes:
        for char in set("".join(s.text for s in segments)) - set(" -|"):
            assert char in said + headed or _only_in_headings(char, one)
    assert all(part.text for part in pack(document.units, lambda ts: [len(t) for t in ts], 40))


def _only_in_headings(char: str, one: Page) -> bool:
    """A heading under which nothing stands is in no passage."""
    lines: list[Line] = [line for line in one.lines if char in line.text]
    headings = Headings(SIZE)
    return all(headings.level(line, one) is not None for line in lines)

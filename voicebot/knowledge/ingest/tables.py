"""Tables of every format as rows that can be asked: ``编号: 18号 | 名称: 电源模组``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voicebot.knowledge.ingest.unit import Kind, Unit

CELL_SEPARATOR = " | "
PATH_SEPARATOR = " > "
Row = Sequence[str]
_ORDINAL = re.compile(r"(?:编号|序号|图号|位号|标号|件号|号码|#|No\.?|№|Item No\.?)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")
_HEADER_WORD = re.compile(
    r"(?:编号|序号|图号|位号|名称|型号|规格|说明|描述|含义|意义|处理|措施|方法|数量|部件|模组|模块|部位"
    r"|位置|参数|指标|项目|类型|状态|原因|现象|接口|备注|单位|功能|颜色|代码|料号|版本|日期|价格|灯|建议"
    r"|步骤|条件|分类|类别|数值|值|内容|用途|容量|功率|结果|故障|机型|产品|配置|期限|城市|地址|电话"
    r"|\bno\.?|name|item|type|description|model|qty|quantity|part|value|status|spec|code|meaning"
    r"|action)$",
    re.IGNORECASE,
)
_DATA = re.compile(r"[。！？；]|^[\d.,:%+\-/~ ]+$")
_MAX_HEADER_CHARS = 20
MAX_COLUMNS = 256


def row_text(header: Row, cells: Row) -> str:
    """``column: value | column: value`` for the cells that are not empty.

    A bare number under a heading like 编号 becomes what callers say: ``18号``.
    """
    pairs = ((h, _numbered(h, c)) for h, c in zip(header, cells, strict=False) if c)
    return CELL_SEPARATOR.join(f"{h}: {c}" if h else c for h, c in pairs)


def _numbered(header: str, cell: str) -> str:
    return f"{cell}号" if _ORDINAL.fullmatch(header) and _NUMBER.fullmatch(cell) else cell


def table_units(
    rows: Sequence[Row],
    title: str = "",
    pages: Sequence[int] = (),
    *,
    header: bool | None = None,
) -> list[Unit]:
    """One unit a row. `header` says whether the first row names the columns; None: judge by it.

    `pages` are the rows' pages, if the format has pages.

    A row that says one thing over all columns is a heading for the rows below it; columns
    that are repeated side by side (编号 名称 编号 名称) become rows of their own.
    """
    table = _clean(rows, pages)
    under = title
    while len(table) > 1 and _spanning(table[0][0]):
        under = _below(title, table.pop(0)[0][0])
    if not table:
        return []
    names, skipped = _header([row for row, _ in table], header)
    units = []
    for row, page in table[skipped:]:
        if _spanning(row):
            under = _below(title, row[0])
        elif row != names:  # else the header again, on the next page
            for text in (_row(*part) for part in _unfolded(names, row)):
                if text:
                    units.append(_unit(text, under, page))
    return units


def _unit(text: str, title: str, page: int) -> Unit:
    return Unit((text,), title, stands_alone=True, kind=Kind.ROW, page=page)


def _row(names: Row, cells: Row) -> str:
    if any(names):
        return row_text(names, cells)
    filled = [cell for cell in cells if cell]
    if len(cells) == 2 and len(filled) == 2:
        return f"{filled[0].rstrip('：:')}: {filled[1]}"
    return CELL_SEPARATOR.join(filled)


def _clean(rows: Sequence[Row], pages: Sequence[int]) -> list[tuple[list[str], int]]:
    """Rows of one width with their pages, without empty rows and columns."""
    rows = [row[:MAX_COLUMNS] for row in rows]
    width = max((len(row) for row in rows), default=0)
    numbers = pages or [0] * len(rows)
    table = [
        ([" ".join(cell.split()) for cell in row] + [""] * (width - len(row)), page)
        for row, page in zip(rows, numbers, strict=True)
        if any(cell.strip() for cell in row)
    ]
    used = [i for i in range(width) if any(row[i] for row, _ in table)]
    return [([row[i] for i in used], page) for row, page in table]


def _spanning(row: Row) -> bool:
    return len(row) > 2 and bool(row[0]) and len(set(row)) == 1


def _below(title: str, name: str) -> str:
    return f"{title}{PATH_SEPARATOR}{name}" if title else name


def _header(table: list[list[str]], header: bool | None) -> tuple[list[str], int]:
    """The columns' names ("" where there are none), and how many rows they take."""
    first = table[0]
    if header is False or (header is None and not looks_like_header(first)) or len(table) < 2:
        return [""] * len(first), 0
    if _two_storeys(first, table[1]):
        return [
            a if a == b or not b else f"{a} {b}" for a, b in zip(first, table[1], strict=True)
        ], 2
    return first, 1


def looks_like_header(row: Row) -> bool:
    """Whether a first row names columns, by its words alone."""
    filled = [cell for cell in row if cell]
    if len(filled) < 2 or any(len(c) > _MAX_HEADER_CHARS or _DATA.search(c) for c in filled):
        return False
    named = sum(bool(_HEADER_WORD.search(cell)) for cell in filled)
    return named >= 1 if len(row) == 2 else named >= 1 or not any(c.isdigit() for c in "".join(row))


def _two_storeys(first: Row, second: Row) -> bool:
    """Whether the header has a second row: a name over several columns, names below it."""
    wide = {i for i in range(len(first)) if first[i] and first[i] in _beside(first, i)}
    below = [second[i] for i in sorted(wide)]
    if not wide or not all(below) or len(set(below)) < 2 or any(_DATA.search(b) for b in below):
        return False
    rest = (i for i in range(len(first)) if i not in wide)
    return all(second[i] in ("", first[i]) for i in rest)


def _beside(row: Row, i: int) -> tuple[str, ...]:
    return (*row[max(i - 1, 0) : i], *row[i + 1 : i + 2])


def _unfolded(names: Row, row: Row) -> Iterator[tuple[Row, Row]]:
    width = len(names)
    for part in range(2, width // 2 + 1):
        if width % part == 0 and any(names) and list(names) == list(names[:part]) * (width // part):
            for start in range(0, width, part):
                yield names[:part], row[start : start + part]
            return
    yield names, row

"""What a person who brings documents sees: passages that hold together, and honest reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.entry import Passage
from voicebot.knowledge.ingest import FileReport, find_files, read_file
from voicebot.knowledge.ingest import files as ingest_files
from voicebot.knowledge.ingest.markdown import read_markdown
from voicebot.knowledge.ingest.split import pack

MANUAL = """---
author: someone
---
# 手册

前言一句。

## 硬盘更换

硬盘亮黄灯时按下面的步骤更换。

1. 确认槽位。
2. 按下卡扣。
   注意不要用力。
3. 拉出硬盘。

## 指示灯

| 灯 | 含义 | 处理 |
|---|---|---|
| 黄灯常亮 | 硬盘故障 | 更换 |
| 蓝灯 | 定位 | |

### 老式编号

现象：无法开机。
1、检查电源线。
2、检查插座。
"""


def read(path: Path, embedder: HashingEmbedder) -> tuple[list[Passage], FileReport]:
    return read_file(path, path.name, embedder)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_markdown_keeps_steps_with_their_symptom_and_makes_rows_askable(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    passages, report = read(write(tmp_path, "manual.md", MANUAL), hashing)
    assert report.problems == ()
    assert [(p.title, p.text) for p in passages] == [
        ("手册", "前言一句。"),
        (
            "手册 > 硬盘更换",
            "硬盘亮黄灯时按下面的步骤更换。\n"
            "1. 确认槽位。\n2. 按下卡扣。 注意不要用力。\n3. 拉出硬盘。",
        ),
        ("手册 > 指示灯", "灯: 黄灯常亮 | 含义: 硬盘故障 | 处理: 更换"),
        ("手册 > 指示灯", "灯: 蓝灯 | 含义: 定位"),
        ("手册 > 指示灯 > 老式编号", "现象：无法开机。\n1、检查电源线。\n2、检查插座。"),
    ]
    assert passages[0].id == "manual.md#1"
    assert passages[1].source == "manual.md > 手册 > 硬盘更换"


def test_jsonl_keeps_ids_and_reports_bad_lines(tmp_path: Path, hashing: HashingEmbedder) -> None:
    lines = [
        json.dumps({"id": "a-1", "title": "标题", "text": "正文。"}),
        "{broken",
        json.dumps({"id": "a-1", "text": "又一个。"}),
        json.dumps({"id": "a-2"}),
        json.dumps({"id": "a-3", "text": "没有标题。", "other": 1}),
        "[]",
        '{"id": "a-4", "text": "\\ud800"}',
        '{"id": "a-5", "text": "半个\\ud800字。"}',
    ]
    passages, report = read(write(tmp_path, "k.jsonl", "\n".join(lines)), hashing)
    assert [(p.id, p.title, p.text) for p in passages] == [
        ("a-1", "标题", "正文。"),
        ("a-3", "", "没有标题。"),
        ("a-5", "", "半个字。"),
    ]
    assert [problem.split(":")[0] for problem in report.problems] == [
        "line 2", "line 3", "line 4", "line 6", "line 7",
    ]  # fmt: skip


def test_a_long_record_becomes_several_passages_of_the_same_id(
    tmp_path: Path, hashing: HashingEmbedder
) -> None:
    text = "".join(f"第{i}句话说明一件事情。" for i in range(100))
    path = write(tmp_path, "k.jsonl", json.dumps({"id": "long", "text": text}))
    passages, report = read(path, hashing)
    assert {p.id for p in passages} == {"long"}
    assert len(passages) > 1
    assert "".join(p.text for p in passages) == text
    assert max(hashing.count([p.text for p in passages])) <= hashing.max_tokens
    assert report.problems == ()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.md", b"", "is empty"),
        ("blank.txt", b" \n\n ", "is empty"),
        ("picture.md", b"\x89PNG\0\0\x1a", "is binary"),
        ("odd.txt", b"\xff\xff\x81\x20\xff", "neither UTF-8 nor GB18030"),
        ("manual.ppt", b"%PPT", "old format '.ppt'; save it as .pdf"),
        ("manual.exe", b"MZ", "unknown kind '.exe'; readable: .md, .markdown, .txt, .csv"),
        ("missing.md", None, "cannot be read: No such file"),
        ("rules.md", b"---\n\n---\n", "holds no text"),
    ],
)
def test_an_unreadable_file_has_one_clear_line(
    tmp_path: Path, hashing: HashingEmbedder, name: str, data: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    passages, report = read(path, hashing)
    assert passages == []
    assert len(report.problems) == 1
    assert says in report.problems[0]


def test_a_file_over_the_limit_is_not_read(
    tmp_path: Path, hashing: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_files, "MAX_TEXT_BYTES", 1 << 20)
    _, report = read(write(tmp_path, "big.txt", "字" * (1 << 20)), hashing)
    assert report.problems == ("is 3 MB; at most 1 MB are read; split it",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_encodings_are_read_alike(
    tmp_path: Path, hashing: HashingEmbedder, encoding: str
) -> None:
    path = write(tmp_path, "a.txt", "硬盘亮红灯。\r\n\r\n请更换硬盘。".encode(encoding))
    assert [p.text for p in read(path, hashing)[0]] == ["硬盘亮红灯。\n请更换硬盘。"]


def test_a_sentence_longer_than_the_limit_stays_whole_and_is_reported(tmp_path: Path) -> None:
    embedder = HashingEmbedder(max_tokens=64)
    long = "很长的一句话" * 20 + "。"
    passages, report = read(write(tmp_path, "a.txt", f"短句。{long}短句。"), embedder)
    assert long in [p.text for p in passages]
    assert "one sentence, step or row" in report.problems[0]


def test_files_of_the_same_name_get_different_names(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "x.md", folder)
    write(tmp_path / "a", ".hidden.md", "h")
    names = [name for _, name in find_files([tmp_path / "a", tmp_path / "b", tmp_path / "a"])]
    assert names == ["x.md", "b/x.md"]


BLOCKS = (
    "# 题\n", "一句话说完。", "1. 步骤甲\n", "\n\n", "|甲|乙|\n|-|-|\n|1|2|\n", "- 项\n",
    "```\ncode\n```\n", "> 引用\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(BLOCKS), max_size=30))
def test_any_markdown_is_packed_without_cutting_an_atom(parts: list[str]) -> None:
    embedder = HashingEmbedder(max_tokens=40)
    units = read_markdown("".join(parts)).units
    found = [(part.title, part.text) for part in pack(units, embedder.count, 40)]
    for unit in units:
        for atom in unit.atoms:
            assert any(atom.strip() in text for title, text in found if title == unit.title)
    alone = {unit.render((atom,)).strip() for unit in units for atom in unit.atoms}
    for title, text in found:
        assert embedder.count([f"{title}\n{text}"])[0] <= 40 or text.strip() in alone

"""Ingest again: only what changed is read, what is gone disappears, pictures come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.hashing import HashingEmbedder
from tests.knowledge.manual.office_manuals import build_docx, build_html
from tests.knowledge.pictures import IsMissing, SaysTheSame
from voicebot.knowledge import reading
from voicebot.knowledge.index import PICTURES
from voicebot.knowledge.ingest.pictures import Pictures
from voicebot.knowledge.ingest.reader_process import ReaderError
from voicebot.knowledge.ingest.rich import read_rich
from voicebot.knowledge.knowledge import Knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text("# 电源\n\n灯熄灭表示没有输入。", encoding="utf-8")
    (folder / "b.txt").write_text("风扇一共六个。", encoding="utf-8")
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, as they are."""
    names: list[str] = []
    original = reading.read_file

    def noting(path: Path, name: str, *rest: object) -> object:
        names.append(name)
        return original(path, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_file", noting)
    return names


def build(folder: Path, **options: object) -> Knowledge:
    return Knowledge.build((), [folder], (), HashingEmbedder(), folder.parent / "index", **options)  # type: ignore[arg-type]


def test_only_what_changed_is_read_again(folder: Path, read: list[str]) -> None:
    first = build(folder)
    assert read == ["a.md", "b.txt"]
    (folder / "b.txt").write_text("风扇一共八个。", encoding="utf-8")
    read.clear()
    again = build(folder)
    assert read == ["b.txt"]
    assert again.search("风扇几个").hits[0].text == "风扇一共八个。"
    assert [report.passages for report in again.reports] == [1, 1]
    assert again.reports[0] == first.reports[0]


def test_a_file_that_was_not_read_whole_keeps_its_report(folder: Path, read: list[str]) -> None:
    (folder / "c.jsonl").write_text('{"id": "1", "text": "好。"}\n{坏', encoding="utf-8")
    first = build(folder)
    read.clear()
    again = build(folder)
    assert read == []
    assert again.reports == first.reports
    assert again.reports[2].problems[0].startswith("line 2: is no JSON")


def test_a_file_that_gave_nothing_is_tried_again(folder: Path, read: list[str]) -> None:
    (folder / "c.md").write_bytes(b"\0")
    build(folder)
    read.clear()
    build(folder)
    assert read == ["c.md"]


def test_a_file_that_is_gone_leaves_no_passages(folder: Path) -> None:
    build(folder)
    (folder / "b.txt").unlink()
    assert {hit.text for hit in build(folder).search("风扇一共六个").hits} == {
        "灯熄灭表示没有输入。"
    }


def test_a_file_that_moved_is_cited_under_its_new_name(folder: Path, read: list[str]) -> None:
    build(folder)
    (folder / "b.txt").rename(folder / "c.txt")
    read.clear()
    hits = build(folder).search("风扇一共六个").hits
    assert hits[0].source == "c.txt > c"
    assert read == ["c.txt"]


def test_other_readers_or_another_embedder_read_all_again(
    folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder)
    monkeypatch.setattr("voicebot.knowledge.sources.READERS", 99)
    build(folder)
    other = HashingEmbedder("other", max_tokens=64)
    Knowledge.build((), [folder], (), other, folder.parent / "index")
    assert read == ["a.md", "b.txt"] * 3


def test_progress_is_shown_for_files_and_passages(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    build(folder, progress=lambda *at: seen.append(at))
    assert ("read", 0, 2) in seen
    assert ("read", 2, 2) in seen
    assert seen[-1] == ("embed", 2, 2)


def test_an_index_inside_the_folder_is_not_read_itself(folder: Path) -> None:
    index = folder / "var" / "index"
    for _ in range(2):
        knowledge = Knowledge.build((), [folder], (), HashingEmbedder(), index)
        assert [report.path for report in knowledge.reports] == [
            str(folder / "a.md"), str(folder / "b.txt"),
        ]  # fmt: skip


def test_pictures_that_no_passage_names_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    build_docx(folder / "nic.docx")
    monkeypatch.setattr("voicebot.knowledge.ingest.files._read_apart", _read_here)
    knowledge = build(folder)
    hit = next(hit for hit in knowledge.search("网卡安装位置").hits if hit.figure)
    picture = knowledge.picture(hit)
    assert picture is not None
    assert picture.parent == tmp_path / "index" / PICTURES
    (folder / "nic.docx").unlink()
    build_html(folder / "firmware.html")
    build(folder)
    assert picture.exists()  # the generation before may still be read
    (folder / "more.txt").write_text("更多。", encoding="utf-8")
    build(folder)
    assert not picture.exists()


def _read_here(path: Path, reader: object, pages: object) -> object:
    from voicebot.knowledge.ingest import docx, html

    folder = path.parent.parent / "index" / PICTURES
    pictures = Pictures(folder, SaysTheSame())
    return (docx.read_docx if path.suffix == ".docx" else html.read_html)(path, pictures)


def test_pictures_that_cannot_be_written_are_no_silent_loss(tmp_path: Path) -> None:
    build_docx(tmp_path / "nic.docx")
    with pytest.raises(ReaderError, match="its pictures cannot be written: No such file"):
        _read_here(tmp_path / "nic.docx", None, None)


def test_without_the_extra_pictures_are_kept_and_the_report_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.knowledge.manual.pdf_manual import build as build_pdf

    monkeypatch.setattr("voicebot.knowledge.ingest.rich._ocr", IsMissing())
    build_pdf(tmp_path / "manual.pdf")
    document = read_rich(tmp_path / "manual.pdf", tmp_path, lambda done, total: None)
    assert document.problems == [
        "page 5 is a scan",
        "2 pictures: text in them is not read; pip install 'voicebot[documents]'",
    ]
    figure = next(unit for unit in document.units if unit.figure)
    assert figure.render(figure.atoms) == "图 6-1 后面板接口位置"
    assert (tmp_path / figure.figure).is_file()

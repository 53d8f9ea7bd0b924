"""Bad, broken and hostile files: one clear line each, the index intact, the others indexed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import KnowledgeError
from voicebot.knowledge.ingest import ReaderProcess, read_file
from voicebot.knowledge.ingest.files import FileReport
from voicebot.knowledge.ingest.finding import find_files
from voicebot.knowledge.ingest.reader_process import ReaderError
from voicebot.knowledge.knowledge import Knowledge

GOOD = "电源灯熄灭表示没有输入。"


@pytest.fixture(scope="module")
def reader() -> Iterator[ReaderProcess]:
    with ReaderProcess() as process:
        yield process


def report_of(path: Path, reader: ReaderProcess) -> FileReport:
    passages, report = read_file(path, path.name, HashingEmbedder(), reader)
    assert len(passages) == report.passages
    return report


def texts_of(path: Path, reader: ReaderProcess) -> list[str]:
    return [p.text for p in read_file(path, path.name, HashingEmbedder(), reader)[0]]


def pdf(path: Path, text: str = "All is well here.", **options: object) -> Path:
    canvas = Canvas(str(path), **options)
    canvas.drawString(72, 720, text)
    canvas.showPage()
    canvas.save()
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_an_encrypted_pdf_is_named_as_such(tmp_path: Path, reader: ReaderProcess) -> None:
    lock = StandardEncryption("secret", ownerPassword="owner", strength=128)
    report = report_of(pdf(tmp_path / "a.pdf", encrypt=lock), reader)
    assert report.problems == ("is encrypted; save it without a password",)


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path: Path, reader: ReaderProcess) -> None:
    lock = StandardEncryption("", ownerPassword="owner", canPrint=0, strength=128)
    assert texts_of(pdf(tmp_path / "a.pdf", encrypt=lock), reader) == ["All is well here."]


def test_a_pdf_with_a_broken_table_of_objects_is_read(
    tmp_path: Path, reader: ReaderProcess
) -> None:
    path = pdf(tmp_path / "a.pdf")
    data = path.read_bytes()
    start = data.index(b"startxref")
    path.write_bytes(data[:start] + b"startxref\n7\n%%EOF\n")
    assert texts_of(path, reader) == ["All is well here."]


def test_a_pdf_whose_pages_hold_one_another_ends(tmp_path: Path, reader: ReaderProcess) -> None:
    path = tmp_path / "loop.pdf"
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 9/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Pages/Count 9/Parent 2 0 R/Kids[2 0 R 3 0 R]>>endobj\n"
        b"trailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
    )
    report = report_of(path, reader)
    assert report.passages == 0
    assert len(report.problems) == 1


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.html", "a.csv", "a.md"])
def test_a_file_of_0_bytes_is_empty(tmp_path: Path, reader: ReaderProcess, name: str) -> None:
    (tmp_path / name).touch()
    assert report_of(tmp_path / name, reader).problems == ("is empty",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.pdf", "is damaged"),
        ("a.docx", "is no DOCX file, or a damaged one"),
        ("a.xlsx", "is no XLSX file, or a damaged one"),
    ],
)
def test_a_file_that_is_cut_short_says_so(
    tmp_path: Path, reader: ReaderProcess, name: str, says: str
) -> None:
    (tmp_path / name).write_bytes(b"%PDF-1.4 PK\x03\x04" + os.urandom(2000))
    assert report_of(tmp_path / name, reader).problems[0].startswith(says)


@pytest.mark.parametrize(
    ("name", "member"), [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml")]
)
def test_a_zip_bomb_is_not_unpacked(
    tmp_path: Path, reader: ReaderProcess, name: str, member: str
) -> None:
    path = zipped(tmp_path / name, {member: b"<x>" + b"0" * (64 << 20)})
    assert path.stat().st_size < 1 << 20
    [problem] = report_of(path, reader).problems
    assert problem.startswith("is packed ")
    assert problem.endswith("times; at most 200 are read")


def test_an_archive_of_too_many_parts_is_not_unpacked(
    tmp_path: Path, reader: ReaderProcess
) -> None:
    path = zipped(tmp_path / "a.docx", {f"word/{i}.xml": b"" for i in range(10_001)})
    assert "in 10001 parts" in report_of(path, reader).problems[0]


def test_an_old_or_encrypted_office_file_says_what_to_do(
    tmp_path: Path, reader: ReaderProcess
) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    assert "save it as DOCX without password" in report_of(path, reader).problems[0]


def test_docx_entities_and_outside_pictures_are_left_alone(
    tmp_path: Path, reader: ReaderProcess
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("绝密", encoding="utf-8")
    plain = tmp_path / "plain.docx"
    document = docx.Document()
    document.add_paragraph("看这里：ENTITY。")
    document.part.relate_to(
        "http://127.0.0.1:1/x.png",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image",
        is_external=True,
    )
    document.save(str(plain))
    with zipfile.ZipFile(plain) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    kind = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'.encode()
    text = members["word/document.xml"]
    head, _, body = text.partition(b"?>")
    members["word/document.xml"] = head + b"?>" + kind + body.replace(b"ENTITY", b"&s;")
    path = zipped(tmp_path / "a.docx", members)
    [text] = texts_of(path, reader)
    assert text.startswith("看这里：")
    assert "绝密" not in text


def test_a_docx_of_entities_that_grow_does_not(tmp_path: Path, reader: ReaderProcess) -> None:
    entities = "".join(
        f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha" * 50}">' for i in range(10)
    )
    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    head, _, body = members["word/document.xml"].partition(b"?>")
    grown = body.replace(b"<w:sectPr", b"<w:p><w:r><w:t>&e9;</w:t></w:r></w:p><w:sectPr", 1)
    kind = f"<!DOCTYPE x [{entities}]>".encode()
    members["word/document.xml"] = head + b"?>" + kind + grown
    report = report_of(zipped(path, members), reader)
    assert report.passages == 0
    assert len(report.problems) == 1


def test_xlsx_formulas_give_saved_values_and_say_where_there_are_none(
    tmp_path: Path, reader: ReaderProcess
) -> None:
    book = openpyxl.Workbook()
    for row in (("名称", "数量", "合计"), ("风扇", 6, "=B2*2"), ("电源", 2, "=B3*2")):
        book.active.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert members[sheet].count(b"<v />") + members[sheet].count(b"<v></v>") >= 2
    for empty in (b"<v />", b"<v></v>"):
        members[sheet] = members[sheet].replace(empty, b"<v>12</v>", 1)
    passages, report = read_file(zipped(path, members), "a.xlsx", HashingEmbedder(), reader)
    assert [p.text for p in passages] == ["名称: 风扇 | 数量: 6 | 合计: 12", "名称: 电源 | 数量: 2"]
    assert "1 formulas have no saved value; open the file" in report.problems[0]


def test_hundreds_of_thousands_of_empty_rows_cost_little(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["名称", "数量"])
    book.active.append(["风扇", 6])
    path = tmp_path / "a.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    rows = b"".join(b'<row r="%d" ht="15" customHeight="1"/>' % i for i in range(3, 300_001))
    members[sheet] = members[sheet].replace(b"</sheetData>", rows + b"</sheetData>")
    with ReaderProcess(memory_bytes=1 << 30) as small:
        assert texts_of(zipped(path, members), small) == ["名称: 风扇 | 数量: 6"]


@pytest.mark.parametrize("name", ["big.txt", "big.pdf"])
def test_a_file_of_many_gigabytes_is_refused_unread(
    tmp_path: Path, reader: ReaderProcess, name: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 30)  # sparse: takes no room
    [problem] = report_of(tmp_path / name, reader).problems
    assert problem.startswith("is 1024 MB; at most ")
    assert problem.endswith("split it")


@pytest.mark.parametrize("encoding", ["big5", "shift_jis", "utf-16-le"])
def test_text_in_another_encoding_is_refused(
    tmp_path: Path, reader: ReaderProcess, encoding: str
) -> None:
    text = (
        "請檢查電源線與機櫃螺絲是否鎖緊，這臺伺服器無法開機。"
        if encoding == "big5"
        else "電源ランプを確認"
    )
    (tmp_path / "a.txt").write_bytes((text * 5).encode(encoding))
    [problem] = report_of(tmp_path / "a.txt", reader).problems
    assert "neither UTF-8 nor GB18030" in problem or "is binary, not text" in problem


def test_a_damaged_character_costs_only_itself(tmp_path: Path, reader: ReaderProcess) -> None:
    data = (GOOD * 30).encode()
    (tmp_path / "a.txt").write_bytes(data[:900] + b"\xff" + data[900:])
    report = report_of(tmp_path / "a.txt", reader)
    assert report.passages > 0
    assert report.problems == ("1 places are no UTF-8; read without them",)


def test_deep_html_and_scripts_are_survived(tmp_path: Path, reader: ReaderProcess) -> None:
    path = tmp_path / "a.html"
    deep = f"<p>{GOOD}</p>{'<div>' * 3000}深处"
    path.write_text(
        f"<script>alert('坏')</script><img src='http://127.0.0.1:1/x.png' alt='图注'>"
        f"<img src='../../../etc/passwd'>{deep}",
        encoding="utf-8",
    )
    passages, report = read_file(path, "a.html", HashingEmbedder(), reader)
    assert [passage.text for passage in passages] == ["图注", GOOD]
    assert report.problems == ("what is nested more than 200 deep is not read",)


def test_links_in_a_circle_and_pipes_end(tmp_path: Path, reader: ReaderProcess) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nothing.md")
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "a" / "good.md").write_text(GOOD, encoding="utf-8")
    assert [name for _, name in find_files([tmp_path])] == ["a/good.md"]
    named = [tmp_path / "self.md", tmp_path / "pipe.md"]
    assert [name for _, name in find_files(named)] == ["self.md", "pipe.md"]
    assert "cannot be read" in report_of(named[0], reader).problems[0]
    assert report_of(named[1], reader).problems == ("is no regular file",)


def test_a_reader_that_takes_too_long_or_dies_is_replaced(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf")
    with (
        ReaderProcess(step_timeout_s=0.0) as hasty,
        pytest.raises(ReaderError, match="took too long on the file; gave up"),
    ):
        hasty.read(path)
    with ReaderProcess() as reader:
        assert reader.read(path).pages == 1
        process = reader._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert reader.read(path).pages == 1
        assert reader._process is not process


def test_a_file_that_needs_too_much_memory_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<p>{GOOD}</p>" * 400_000, encoding="utf-8")
    with ReaderProcess(memory_bytes=400 << 20) as small:
        report = report_of(path, small)
        assert report.passages == 0
        assert "memory" in report.problems[0] or "reader" in report.problems[0]
        path.write_text(f"<p>{GOOD}</p>", encoding="utf-8")
        assert texts_of(path, small) == [GOOD]


def test_bad_files_do_not_stop_good_ones(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.pdf", "b.docx", "c.xlsx"):
        (folder / name).write_bytes(b"%PDF" + os.urandom(500))
    (folder / "d.md").write_text(GOOD, encoding="utf-8")
    knowledge = Knowledge.build((), [folder], (), HashingEmbedder(), tmp_path / "index")
    assert [bool(report.problems) for report in knowledge.reports] == [True, True, True, False]
    assert knowledge.search("电源灯熄灭").hits[0].text == GOOD


KILLED = """
import os, sys, time
from pathlib import Path
from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge import index
from voicebot.knowledge.knowledge import Knowledge

def stop(*args, **kwargs):
    print("writing", flush=True)
    time.sleep(60)

os.fsync = stop
Knowledge.build((), [Path(sys.argv[1])], (), HashingEmbedder(), Path(sys.argv[2]))
"""


def test_a_kill_in_the_middle_leaves_the_old_index(tmp_path: Path) -> None:
    folder, index = tmp_path / "in", tmp_path / "index"
    folder.mkdir()
    (folder / "a.md").write_text(GOOD, encoding="utf-8")
    Knowledge.build((), [folder], (), HashingEmbedder(), index)
    (folder / "b.md").write_text("风扇转速太高。", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, folder, index],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        with pytest.raises(KnowledgeError, match="is being written by another process"):
            Knowledge.build((), [folder], (), HashingEmbedder(), index)
        writer.kill()
    after = Knowledge.open(index, HashingEmbedder())
    assert [len(after), after.search("风扇转速").hits[0].text] == [1, GOOD]
    assert list(index.glob(".part-*"))
    again = Knowledge.build((), [folder], (), HashingEmbedder(), index)
    assert len(again) == 2
    assert not list(index.glob(".part-*"))


def test_a_full_disk_leaves_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, index = tmp_path / "in", tmp_path / "index"
    folder.mkdir()
    (folder / "a.md").write_text(GOOD, encoding="utf-8")
    Knowledge.build((), [folder], (), HashingEmbedder(), index)
    (folder / "b.md").write_text("风扇转速太高。", encoding="utf-8")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("voicebot.knowledge.index.write_sources", full)
        with pytest.raises(
            KnowledgeError, match=r"No space left on device; the index .* unchanged"
        ):
            Knowledge.build((), [folder], (), HashingEmbedder(), index)
    assert len(Knowledge.open(index, HashingEmbedder())) == 1


def test_an_ingest_that_is_killed_leaves_no_reader_behind(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from voicebot.knowledge.ingest import ReaderProcess\n"
        "r = ReaderProcess()\nr.read(Path(sys.argv[1]))\n"
        "print(r._process.pid, flush=True)\nsys.stdin.read()\n"
    )
    path = pdf(tmp_path / "a.pdf")
    with subprocess.Popen(
        [sys.executable, "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_pdf_that_unpacks_to_too_much_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    packed = zlib.compress(b"q Q " * (10 << 20), 1)  # 40 MB of drawing nothing
    length = str(len(packed)).encode()
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter/FlateDecode/Length " + length + b">>stream\n" + packed
        + b"\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n%%EOF\n"
    )  # fmt: skip
    with ReaderProcess(step_timeout_s=4, memory_bytes=1 << 30) as small:
        [problem] = report_of(path, small).problems
        assert problem == "took too long on the file; gave up"
    with ReaderProcess(memory_bytes=1 << 30) as small:
        assert texts_of(pdf(tmp_path / "good.pdf"), small) == ["All is well here."]

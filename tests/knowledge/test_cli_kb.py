"""``voicebot kb`` as a person and as a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.knowledge.hashing import HashingEmbedder
from voicebot.cli import kb


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, hashing: HashingEmbedder) -> typer.Typer:
    monkeypatch.setattr(kb, "_embedder", lambda models: hashing)
    app = typer.Typer()
    kb.register(app)
    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records = [
        {"id": "p-1", "text": "电源灯熄灭表示没有输入。"},
        {"id": "p-2", "text": "内存有插槽。"},
    ]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (tmp_path / "k.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def run(app: typer.Typer, *arguments: str | Path, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def test_lines_are_answered_in_order_and_bad_ones_reported(app: typer.Typer, folder: Path) -> None:
    index = folder / "index"
    assert run(app, "kb", "ingest", folder / "k.jsonl", "--index", index).exit_code == 0
    stdin = (
        '{"qid": "q1", "question": "内存插槽"}\n{broken\n{"qid": 2, "question": "电源灯熄灭"}\n'
        '{"qid": 3}\n{"qid": 4, "question": ""}\n'
    )
    result = run(app, "kb", "search", "--index", index, "--jsonl", "-k", "1", stdin=stdin)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["qid"] for answer in answers] == ["q1", 2, 4]
    assert [hit["id"] for answer in answers for hit in answer["hits"]] == ["p-2", "p-1"]
    assert answers[1]["hits"][0]["text"] == "电源灯熄灭表示没有输入。"
    assert all(0 <= answer["answerable"] <= 1 for answer in answers)
    assert answers[2] == {"qid": 4, "hits": [], "answerable": 0.0}
    assert result.exit_code == 2
    assert "stdin line 2:" in result.stderr
    assert 'stdin line 4: "question" must be a string' in result.stderr


def test_a_question_gives_a_table(app: typer.Typer, folder: Path) -> None:
    index = folder / "index"
    run(app, "kb", "ingest", folder / "k.jsonl", "--index", index)
    result = run(app, "kb", "search", "--index", index, "电源灯熄灭")
    assert result.exit_code == 0
    assert "p-1" in result.stdout
    assert "answerable" in result.stdout


def test_a_bad_file_is_shown_and_the_rest_ingested(app: typer.Typer, folder: Path) -> None:
    (folder / "x.ods").write_bytes(b"PK")
    index = folder.parent / f"{folder.name}-index"
    result = run(app, "kb", "ingest", folder, "--index", index)
    assert result.exit_code == 1
    assert "unknown kind" in " ".join(result.stderr.split())
    assert "2 entries" in result.stderr
    assert result.stdout == ""


def test_a_packs_faq_and_documents_are_read(app: typer.Typer, tmp_path: Path) -> None:
    for name in ("faq", "documents"):
        (tmp_path / name).mkdir()
    faq = "- {id: f1, question: 发票怎么开, answer: 找销售。}\n"
    (tmp_path / "faq" / "a.yaml").write_text(faq, encoding="utf-8")
    (tmp_path / "documents" / "m.md").write_text("# 电源\n\n灯熄灭。", encoding="utf-8")
    index = tmp_path / "index"
    assert run(app, "kb", "ingest", "--pack", tmp_path, "--index", index).exit_code == 0
    result = run(
        app, "kb", "search", "--index", index, "--jsonl",
        stdin='{"qid": 1, "question": "发票怎么开"}',
    )  # fmt: skip
    assert json.loads(result.stdout)["hits"][0]["id"] == "f1"


@pytest.mark.parametrize("extra", [[], ["问题", "--jsonl"]])
def test_search_wants_either_a_question_or_lines(
    app: typer.Typer, tmp_path: Path, extra: list[str]
) -> None:
    assert run(app, "kb", "search", "--index", tmp_path, *extra).exit_code == 2


def test_a_file_is_inspected_passage_by_passage(app: typer.Typer, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    table = "|编号|名称|\n|-|-|\n|18|模组|"
    text = f"# 电源\n\n灯熄灭。\n\n{table}\n\n# 风扇\n\n不转时：\n\n1. 断电。\n2. 更换。\n"
    (folder / "sub" / "m.md").write_text(text, encoding="utf-8")
    (folder / "bad.md").write_bytes(b"\0")
    index = tmp_path / "index"
    assert run(app, "kb", "ingest", folder, "--index", index).exit_code == 1
    shown = run(app, "kb", "inspect", "m.md", "--index", index)
    assert shown.exit_code == 0
    for line in (
        "sub/m.md#1  paragraph, 8 tokens", "  [电源]", "  编号: 18号 | 名称: 模组",
        "sub/m.md#3  steps, 18 tokens", "  2. 更换。", "  tables 1, passages 3",
    ):  # fmt: skip
        assert line in shown.stdout.splitlines()
    assert (
        "not recovered: is binary" in run(app, "kb", "inspect", "bad.md", "--index", index).stdout
    )


def test_a_passage_is_inspected_between_its_neighbours(app: typer.Typer, folder: Path) -> None:
    index = folder / "index"
    run(app, "kb", "ingest", folder / "k.jsonl", "--index", index)
    shown = run(app, "kb", "inspect", "p-2", "--index", index).stdout
    assert "  … 电源灯熄灭表示没有输入。" in shown
    assert "  内存有插槽。" in shown
    lines = run(app, "kb", "inspect", "p-2", "--index", index, "--jsonl").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["内存有插槽。"]


def test_a_faq_is_inspected_with_its_questions_and_dates(app: typer.Typer, tmp_path: Path) -> None:
    faq = (
        "- {id: f1, question: 发票怎么开, answer: 找销售。, similar: [开票找谁], product: X,"
        " from: 2026-01-01, until: 2026-12-31}\n"
    )
    (tmp_path / "a.yaml").write_text(faq, encoding="utf-8")
    index = tmp_path / "index"
    run(app, "kb", "ingest", tmp_path / "a.yaml", "--index", index)
    shown = run(app, "kb", "inspect", "f1", "--index", index).stdout
    for line in ("question: 发票怎么开", "similar: 开票找谁", "until: 2026-12-31", "product: X"):
        assert line in shown
    for day, hits in (("2026-06-01", 1), ("2027-01-01", 0)):
        found = run(
            app, "kb", "search", "--index", index, "--jsonl", "--on", day,
            stdin='{"qid": 1, "question": "发票怎么开"}',
        )  # fmt: skip
        assert len(json.loads(found.stdout)["hits"]) == hits


def test_inspect_says_what_there_is_instead(app: typer.Typer, folder: Path) -> None:
    index = folder / "index"
    none = run(app, "kb", "inspect", "x", "--index", index)
    assert "no index in" in str(none.exception)
    run(app, "kb", "ingest", folder / "k.jsonl", "--index", index)
    wrong = run(app, "kb", "inspect", "nothing.pdf", "--index", index)
    assert "it was made of 1 files, such as k.jsonl" in str(wrong.exception)
    (folder / "new.md").write_text("新。", encoding="utf-8")
    fresh = run(app, "kb", "inspect", folder / "new.md", "--index", index)
    assert "the file is there: run `voicebot kb ingest` with it" in str(fresh.exception)

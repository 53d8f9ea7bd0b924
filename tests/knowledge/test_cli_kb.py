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

"""Every fact of our own manual is recovered and found: PDF, scan, DOCX, XLSX, HTML, CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from tests.knowledge.manual import build_all
from tests.knowledge.manual.facts import FACTS, Fact
from voicebot.cli import kb
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.knowledge import Knowledge

pytestmark = pytest.mark.weights
MAX_TOKENS = 512


@pytest.fixture(scope="module")
def app(e5: CT2Embedder) -> typer.Typer:
    app = typer.Typer()
    kb.register(app)
    return app


@pytest.fixture(scope="module", autouse=True)
def one_embedder(e5: CT2Embedder) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kb, "_embedder", lambda models: e5)
        yield


@pytest.fixture(scope="module")
def index(app: typer.Typer, one_embedder: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual")
    build_all(folder)
    index = folder.parent / "manual-index"
    result = CliRunner().invoke(app, ["kb", "ingest", str(folder), "--index", str(index)])
    assert result.exit_code == 0, result.output
    return index


@pytest.fixture(scope="module")
def passages(app: typer.Typer, index: Path) -> dict[str, dict[str, Any]]:
    """All the passages as `kb inspect` gives them, by id."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("manual.pdf", "nic.docx", "spares.xlsx", "firmware.html", "cities.csv"):
        arguments = ["kb", "inspect", name, "--index", str(index), "--jsonl"]
        lines = CliRunner().invoke(app, arguments).stdout.splitlines()
        found |= {passage["id"]: passage for passage in map(json.loads, lines)}
    return found


@pytest.fixture(scope="module")
def answers(app: typer.Typer, index: Path) -> dict[str, list[dict[str, Any]]]:
    """The best three hits of each question, as `kb search` gives them."""
    questions = "\n".join(
        json.dumps({"qid": fact.question, "question": fact.question}) for fact in FACTS
    )
    arguments = ["kb", "search", "--index", str(index), "--jsonl", "-k", "3"]
    result = CliRunner().invoke(app, arguments, input=questions)
    return {line["qid"]: line["hits"] for line in map(json.loads, result.stdout.splitlines())}


@pytest.mark.parametrize("fact", FACTS, ids=[fact.question for fact in FACTS])
def test_a_fact_is_found(
    fact: Fact, answers: dict[str, list[dict[str, Any]]], passages: dict[str, dict[str, Any]]
) -> None:
    said = [passages[hit["id"]] for hit in answers[fact.question] if fact.says in hit["text"]]
    found = [passage for passage in said if passage["source"].startswith(fact.file)]
    assert [(p["page"], p["kind"]) for p in found[:1]] == [(fact.page, fact.kind)]


def test_nearly_every_fact_is_the_first_hit(answers: dict[str, list[dict[str, Any]]]) -> None:
    """Ranking is tested elsewhere; here it shows that passages are cut so that they are found."""
    first = sum(fact.says in answers[fact.question][0]["text"] for fact in FACTS)
    assert first >= 0.9 * len(FACTS)


def test_a_figure_leads_to_its_original_picture(index: Path, e5: CT2Embedder) -> None:
    knowledge = Knowledge.open(index, e5)
    hit = knowledge.search("管理网口的默认地址是什么").hits[0]
    picture = knowledge.picture(hit)
    assert picture is not None
    with Image.open(picture) as image:
        assert image.width > 600
    assert knowledge.picture(knowledge.search("整机质保几年").hits[0]) is None


def test_nothing_that_is_not_said_to_readers_is_in_the_index(
    passages: dict[str, dict[str, Any]],
) -> None:
    texts = "\n".join(f"{p['title']}\n{p['text']}" for p in passages.values())
    for unsaid in ("维护手册 V1.2", "第 2 页", "内部资料", "脚本里", "隐藏的", "草稿", "首页"):
        assert unsaid not in texts
    assert "电源模组" not in texts  # nothing is made up


def test_passages_fit_the_embedder_and_say_where_they_stand(
    passages: dict[str, dict[str, Any]], e5: CT2Embedder
) -> None:
    for passage in passages.values():
        text = f"{passage['title']}\n{passage['text']}" if passage["title"] else passage["text"]
        assert e5.count([text]) == [passage["tokens"]]
        assert passage["tokens"] <= MAX_TOKENS
        assert bool(passage["page"]) == passage["source"].startswith("manual.pdf")
        assert passage["page"] == 0 or f"第{passage['page']}页" in passage["source"]


def test_headings_stand_above_what_they_head(passages: dict[str, dict[str, Any]]) -> None:
    titles = {passage["title"] for passage in passages.values()}
    assert "YL9000 服务器维护手册 > 第二章 部件更换 > 2.1 更换硬盘" in titles
    assert "YL9000 服务器维护手册 > 第三章 部件编号 > 表 3-1 部件表" in titles
    assert "YL9000 服务器维护手册 > 第七章 质保与服务 > 7.1 返修流程" in titles  # a scanned page


def test_every_row_of_the_tables_is_there(passages: dict[str, dict[str, Any]]) -> None:
    rows = [p["text"] for p in passages.values() if p["source"].startswith("manual.pdf")]
    numbered = [row for row in rows if row.startswith("编号: ")]
    assert sorted(int(row.split("号")[1].strip(": ")) for row in numbered) == list(range(1, 21))
    assert sum("扭矩: " in row for row in rows) == 5
    assert sum(row.startswith("部位: 电源灯") for row in rows) == 2  # the merged cell, repeated

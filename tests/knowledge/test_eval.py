"""``voicebot kb eval``: figures worked out by hand, the report, and bad input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.knowledge.hashing import HashingEmbedder
from voicebot.cli import kb
from voicebot.errors import KnowledgeError
from voicebot.knowledge.api import Hit, HitKind
from voicebot.knowledge.eval_questions import EvalQuestion, read_eval_questions
from voicebot.knowledge.evaluate import Outcome, Share, auroc, refusal, scores
from voicebot.knowledge.knowledge import Knowledge

TEXTS = {
    "p-1": "电源灯熄灭表示没有输入，请检查电源线。",
    "p-2": "内存要插在白色插槽里。",
    "p-3": "风扇噪音大时请清理灰尘<b>并</b>检查导风罩。",
    "p-4": "硬盘黄灯常亮表示硬盘故障。",
}
QUESTIONS: tuple[dict[str, object], ...] = (
    {"qid": "a", "question": "电源灯熄灭了", "gold": "p-1", "source": "灯"},
    {"qid": "b", "question": "硬盘黄灯常亮", "gold": ["gone", "p-4"], "src": "灯"},
    {"question": "内存插在白色插槽吗", "gold": ["p-3"]},
    {"question": "今天股票多少钱", "answerable": False},
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, hashing: HashingEmbedder) -> typer.Typer:
    monkeypatch.setattr(kb, "_embedder", lambda models: hashing)
    app = typer.Typer()
    kb.register(app)
    return app


@pytest.fixture
def index(tmp_path: Path, hashing: HashingEmbedder) -> Path:
    records = tmp_path / "k.jsonl"
    lines = [json.dumps({"id": i, "text": t}, ensure_ascii=False) for i, t in TEXTS.items()]
    records.write_text("\n".join(lines), encoding="utf-8")
    Knowledge.build((), [records], (), hashing, tmp_path / "index")
    return tmp_path / "index"


def written(folder: Path, questions: Sequence[dict[str, object]] = QUESTIONS) -> Path:
    path = folder / "questions.jsonl"
    lines = [json.dumps(question, ensure_ascii=False) for question in questions]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(app: typer.Typer, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["kb", "eval", *(str(a) for a in arguments)])


def test_recall_by_source_and_refusal_come_out_as_json(
    app: typer.Typer, index: Path, tmp_path: Path
) -> None:
    result = run(app, written(tmp_path), "--index", index, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    found = {part["source"]: (part["n"], part["recall@1"]["value"]) for part in said["scores"]}
    assert found == {"all": (3, 0.6667), "灯": (2, 1.0), "no source": (1, 0.0)}
    assert said["refusal"]["unanswerable_answered"]["n"] == 4  # one marked, three without gold
    assert said["refusal"]["answerable_passed"]["n"] == 3
    assert said["ms"]["p95"] >= said["ms"]["p50"] > 0
    assert "line 2: gone is not in the index; left out" in result.stderr


def test_a_table_is_shown_and_a_recall_that_is_too_low_fails(
    app: typer.Typer, index: Path, tmp_path: Path
) -> None:
    good = run(app, written(tmp_path), "--kb", index, "--min-recall1", "0.6")
    assert good.exit_code == 0
    assert "R@1" in good.stdout
    assert "of answerable questions pass" in good.stdout
    bad = run(app, written(tmp_path), "--kb", index, "--min-recall1", "0.7")
    assert bad.exit_code == 1
    assert "recall at 1 is 0.667, expected at least 0.7" in bad.stderr


def test_the_page_shows_the_miss_its_gold_and_why_and_needs_nothing_else(
    app: typer.Typer, index: Path, tmp_path: Path
) -> None:
    page = tmp_path / "out.html"
    assert run(app, written(tmp_path), "--index", index, "--report", page).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "1 of 3 not first" in html
    assert "内存插在白色插槽吗" in html
    assert "p-3 (place" in html
    assert "p-2 came first" in html
    assert "The first is ahead by (logits): " in html
    assert "&lt;b&gt;" in html  # a passage's markup is text here
    assert "<polyline" in html
    assert "src=" not in html
    assert "href=" not in html


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", 'expected {"question", "gold"} a line, got no line'),
        (b"\n \n", "got no line"),
        ("硬盘".encode("gb18030"), "line 1: expected UTF-8"),
        (b'{"question": "a", "gold": "x"}\n{"gold": "x"}', 'line 2: "question" must be a text'),
        (b'{"question": "a"}', 'line 1: "gold" must be an id or a list of ids'),
        (b'{"question": "a", "gold": []}', 'line 1: "gold" must be an id'),
        (b'{"question": "a", "gold": [1]}', "got [1]"),
        (
            b'{"question": "a", "answerable": "no"}',
            "\"answerable\" must be true or false, got 'no'",
        ),
        (b"[1]", "line 1: expected an object"),
        (b"{", "line 1: is not JSON"),
        (b"{\n" * 9, "; and 4 more"),
    ],
)
def test_bad_questions_are_named_by_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(content)
    with pytest.raises(KnowledgeError) as caught:
        read_eval_questions(path)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_and_gold_that_is_nowhere_say_so(
    app: typer.Typer, index: Path, tmp_path: Path
) -> None:
    missing = run(app, tmp_path / "no.jsonl", "--index", index)
    assert "cannot be read: No such file" in str(missing.exception)
    lost = run(app, written(tmp_path, [{"question": "a", "gold": "x"}]), "--index", index)
    assert "gold is not in the index: line 1: x" in str(lost.exception)
    assert run(app, written(tmp_path)).exit_code == 2  # neither an index nor a pack


def outcome(rank: int | None, answerable: float, removed: float | None) -> Outcome:
    gold = frozenset(["g"] if removed is not None else [])
    hit = Hit("g" if rank == 0 else "x", HitKind.PASSAGE, 0.0, "")
    return Outcome(EvalQuestion("q", "问", gold, "s", 1), (hit,), rank, answerable, removed, 1.0)


def test_the_figures_are_those_worked_out_by_hand() -> None:
    outcomes = [
        outcome(0, 0.9, 0.2), outcome(0, 0.3, 0.3), outcome(2, 0.6, 0.1), outcome(None, 0.7, None),
    ]  # fmt: skip
    (every,) = scores(outcomes)
    assert [share.hits for share in every.recall.values()] == [2, 3, 3]
    assert every.mrr == pytest.approx((1 + 1 + 1 / 3) / 3)
    judged = refusal(outcomes, 0.5)
    # Right .9 .3 against .2 .3 .1 .7: of 8 pairs 4 + 2 are won and one is a tie.
    assert judged.auroc == pytest.approx(6.5 / 8)
    assert (judged.passed.hits, judged.answered.hits) == (2, 1)
    assert judged.curve[0] == (type(judged.curve[0]))(0.9, 1 / 7, 0.0)
    assert judged.curve[-1].coverage == 1.0
    assert judged.curve[-1].risk == pytest.approx(5 / 7)
    assert auroc([], [0.1]) is None


def test_wilsons_interval() -> None:
    low, high = Share(8, 10).bounds
    assert (low, high) == (pytest.approx(0.490, abs=0.001), pytest.approx(0.943, abs=0.001))
    assert Share(0, 0).bounds == (0.0, 1.0)

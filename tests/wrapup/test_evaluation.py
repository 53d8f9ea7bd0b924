"""`voicebot calls eval`: the figures are those of the field, and a bad line stops nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from rouge_score.rouge_scorer import RougeScorer
from typer.testing import CliRunner

from tests.wrapup.test_summary import HOTEL
from voicebot.cli import app
from voicebot.errors import EvaluationError
from voicebot.wrapup.dialogues import BadLine, read_dialogues
from voicebot.wrapup.evaluation import LONGEST, OURS, Evaluation, lead, longest
from voicebot.wrapup.rouge import rouge, tokens

HUMAN = (
    "用户询问房间能否改期。客服回答特价房不支持改期。用户询问能否取消。客服回答收取120元手续费。"
)


class ByCharacter:
    """The tokenizer that google-research's package is given."""

    def tokenize(self, text: str) -> list[str]:
        return tokens(text)


def line(**changes: object) -> str:
    turns = [{"role": role, "text": text} for role, text in HOTEL]
    return json.dumps({"id": "a", "turns": turns, "final_summary": HUMAN, **changes})


def test_our_rouge_is_the_one_of_the_field() -> None:
    chance = random.Random(3)
    theirs = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=ByCharacter())
    for _ in range(50):
        a, b = ("".join(chance.choices("电源坏了换盘A1", k=chance.randint(0, 30))) for _ in "ab")
        ours, scores = rouge(a, b), theirs.score(b, a)
        for one, key in (
            (ours.rouge1, "rouge1"),
            (ours.rouge2, "rouge2"),
            (ours.rouge_l, "rougeL"),
        ):
            other = scores[key]
            assert one.precision == pytest.approx(other.precision)
            assert one.recall == pytest.approx(other.recall)
            assert one.f1 == pytest.approx(other.fmeasure)


def test_figures_are_whole_and_punctuation_is_nothing() -> None:
    assert tokens("收取120元，ＡＢＣ。") == ["收", "取", "120", "元", "abc"]


def test_ours_beats_the_baselines_where_the_matter_is_in_the_middle() -> None:
    evaluation = Evaluation()
    (dialogue,) = read_dialogues([line()])
    assert not isinstance(dialogue, BadLine)
    evaluation.add(dialogue)
    ours, longest_3 = (evaluation.whole[name] for name in (OURS, LONGEST))
    assert ours.fact_precision == 1.0 and longest_3.fact_precision == 1.0
    assert (ours.rouge_f1() or (0,))[0] > (longest_3.rouge_f1() or (1,))[0]
    assert ours.fact_recall == 1.0
    assert lead(dialogue.turns).count("。") >= 2 and "120元" in longest(dialogue.turns)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "expected a JSON object, got no JSON"),
        ("[]", "expected a JSON object, got a list"),
        ('{"id": "a"}', "expected the field turns, got none"),
        (line(turns={}), "turns: expected a list, got an object"),
        (line(turns=[]), "got an empty dialogue"),
        (line(turns=[{"role": "用户", "text": " "}]), "got an empty dialogue"),
        (line(turns=["x"]), r"turns\[0\]: expected \{role, text\}, got a text"),
        (line(turns=[{"role": "用户"}]), r"turns\[0\].text: expected a text, got none"),
        (line(turns=[{"role": 1, "text": "x"}]), r"turns\[0\].role: expected a text, got a number"),
        (line(final_summary=7), "final_summary: expected a text, got a number"),
        (line(id=[1]), "id: expected a text, got a list"),
        ("[" * 100_000, "expected a JSON object, got no JSON"),
    ],
)
def test_a_bad_line_is_told_and_the_next_one_read(text: str, says: str) -> None:
    bad, good = read_dialogues([text, line(id="b")])
    assert isinstance(bad, BadLine) and bad.line == 1
    assert not isinstance(good, BadLine) and good.id == "b"
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(bad))


def test_an_id_that_comes_twice_is_told() -> None:
    _, again = read_dialogues([line(), line()])
    assert isinstance(again, BadLine) and "once" in again.problem


def test_the_command_writes_summaries_and_a_table(tmp_path: Path) -> None:
    file, out, report = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "table.md"))
    unscored = line(id="c", final_summary="")
    file.write_bytes(
        b"\xef\xbb\xbf" + "\n".join([line(), "{", "", unscored]).encode() + b"\n\xff\n"
    )
    done = CliRunner().invoke(
        app, ["calls", "eval", str(file), "--out", str(out), "--report", str(report)]
    )
    assert done.exit_code == 0, done.output
    assert "2 dialogues; 2 lines were wrong; 1 have no human summary" in done.output
    first, second = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert first["id"] == "a" and second["id"] == "c" and "120元" in first["summary"]
    assert first["points"][0]["turns"] == [2]
    table = report.read_text(encoding="utf-8")
    assert "| voicebot |" in table and "| lead-3 |" in table and "| longest-3 |" in table


def test_a_file_without_any_dialogue_is_one_error(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("{\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["calls", "eval", str(file)])
    assert isinstance(done.exception, EvaluationError) and "holds no dialogue" in str(
        done.exception
    )
    done = CliRunner().invoke(app, ["calls", "eval", str(tmp_path / "none")])
    assert isinstance(done.exception, EvaluationError) and "cannot read" in str(done.exception)

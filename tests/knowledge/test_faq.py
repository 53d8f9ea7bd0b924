"""FAQ as they live: drafts and retired ones are silent, dates open and close them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.ingest.faq import read_sources
from voicebot.knowledge.knowledge import Knowledge

FAQ = """
- {id: open, question: 怎么开机, answer: 按电源键。, similar: [如何启动], product: X}
- id: holiday
  question: 国庆放假吗
  answer: 国庆期间热线照常服务。
  from: 2026-10-01
  until: '2026-10-07'
- {id: idea, question: 草稿问题, answer: 还没有审核。, status: draft}
- {id: old, question: 旧型号保修多久, answer: 旧型号已经停止服务。, status: retired}
"""


def build(tmp_path: Path, text: str) -> tuple[Knowledge, dict[str, tuple[str, ...]]]:
    path = tmp_path / "faq.yaml"
    path.write_text(text, encoding="utf-8")
    faq, reports, documents = read_sources([path])
    assert documents == []
    knowledge = Knowledge.build(faq, (), (), HashingEmbedder(), tmp_path / "index")
    return knowledge, {"problems": reports[0].problems, "notes": reports[0].notes}


@pytest.mark.parametrize(
    ("day", "answers"),
    [("2026-09-30", False), ("2026-10-01", True), ("2026-10-07", True), ("2026-10-08", False)],
)
def test_a_faq_answers_only_in_its_time(tmp_path: Path, day: str, answers: bool) -> None:
    knowledge, _ = build(tmp_path, FAQ)
    found = knowledge.search("国庆放假吗", today=date.fromisoformat(day))
    assert ("holiday" in [hit.id for hit in found.hits]) is answers
    always = knowledge.search("如何启动", today=date.fromisoformat(day)).hits[0]
    assert (always.id, always.title) == ("open", "怎么开机")


def test_only_approved_ones_answer_and_the_report_says_so(tmp_path: Path) -> None:
    knowledge, report = build(tmp_path, FAQ)
    for question in ("草稿问题", "旧型号保修多久"):
        assert not {"idea", "old"} & {hit.id for hit in knowledge.search(question).hits}
    assert report == {"problems": (), "notes": ("2 are not approved and do not answer",)}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("status: published", "'status' must be one of draft, approved, retired, rejected"),
        ("from: 1.10.2026", "'from' must be a day like 2026-01-31, got '1.10.2026'"),
        ("from: 2026-10-07, until: 2026-10-01", "'until' (2026-10-01) is before 'from'"),
        ("colour: red", "unknown key 'colour'"),
        ("answer: ''", "'answer' is missing"),
        ("similar: 一个", "'similar' must be a list of texts"),
    ],
)
def test_a_bad_item_is_reported_and_the_others_kept(tmp_path: Path, fields: str, says: str) -> None:
    answer = "" if "answer" in fields else "answer: 答, "
    _, report = build(tmp_path, f"- {{id: b, question: 问, {answer}{fields}}}\n{FAQ}")
    assert len(report["problems"]) == 1
    assert report["problems"][0].startswith(f"item 1: {says}")


def test_faq_files_are_told_from_documents(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(FAQ, encoding="utf-8")
    (tmp_path / "broken.yml").write_text("a: [", encoding="utf-8")
    manual = tmp_path / "m.md"
    manual.write_text("正文", encoding="utf-8")
    faq, reports, documents = read_sources([tmp_path])
    assert [item.id for item in faq] == ["open", "holiday", "idea", "old"]
    assert (faq[0].similar, faq[0].product) == (("如何启动",), "X")
    problems = {Path(report.path).name: report.problems for report in reports}
    assert "cannot be read as YAML" in problems["broken.yml"][0]
    assert documents == [manual]

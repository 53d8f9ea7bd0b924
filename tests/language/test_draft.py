"""Summary drafts: what the transcript does not hold is dropped."""

from __future__ import annotations

import pytest

from tests.language.conftest import Scripted
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.language.draft import Line, draft_summary, sentences
from voicebot.language.grounding import ungrounded

CALL = (
    Line(False, "您好，请问有什么可以帮您？"),
    Line(True, "我这个NF5280M6开不了机了，按电源键没反应"),
    Line(False, "请问电源指示灯亮吗？"),
    Line(True, "不亮，两根电源线都重新插过了，还是不亮"),
    Line(False, "好的，请问序列号是多少？"),
    Line(True, "序列号是二幺九三零零"),
    Line(False, "好的，我为您转接工程师。"),
)


def test_invented_values_are_dropped_and_named(scripted: Scripted) -> None:
    scripted.text = "NF5280M6无法开机。联系电话13800000000。电源指示灯不亮。"
    draft = draft_summary(scripted, CALL)
    assert draft.text == "NF5280M6无法开机。电源指示灯不亮。"
    assert [(d.sentence, d.claims) for d in draft.dropped] == [
        ("联系电话13800000000。", ("13800000000",))
    ]


def test_a_summary_that_turns_a_denial_round_is_dropped(scripted: Scripted) -> None:
    scripted.text = "按电源键有反应。机器没有保修。"
    assert draft_summary(scripted, CALL).text == ""


def test_repeats_and_a_cut_off_end_are_left_out(scripted: Scripted) -> None:
    scripted.text = "机器无法开机。机器无法开机。序列号是21"
    scripted.finished = False
    draft = draft_summary(scripted, CALL)
    assert draft.text == "机器无法开机。"
    assert draft.dropped == ()


def test_a_call_in_which_the_caller_said_nothing_has_no_draft(scripted: Scripted) -> None:
    scripted.text = "来电者没有说话。"
    assert draft_summary(scripted, [Line(False, "您好"), Line(True, " ")]).text == ""


def test_a_long_call_is_drafted_from_its_end(scripted: Scripted) -> None:
    scripted.text = "编号是777。编号是888。"
    call = [Line(True, "编号是777"), *[Line(True, "嗯" * 400)] * 4, Line(True, "编号是888")]
    assert draft_summary(scripted, call).text == "编号是888。"


def test_sentences_keep_their_ends() -> None:
    assert sentences("一。二！三\n四") == ["一。", "二！", "三", "四"]
    assert sentences("一。二", whole=False) == ["一。"]


@pytest.mark.llm
def test_the_real_models_draft_holds_nothing_the_call_does_not(llm: Ct2Engine) -> None:
    draft = draft_summary(llm, CALL)
    print(f"{draft.elapsed_ms:.0f} ms; {draft.text!r}; dropped {draft.dropped}")
    record = "\n".join(line.text for line in CALL)
    assert draft.text
    assert all(not ungrounded(sentence, record) for sentence in sentences(draft.text))

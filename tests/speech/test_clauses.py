"""Where an utterance is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.speech.clauses import MAX_CHARS, split_clauses
from voicebot.speech.reading import plain


def texts(text: str, terms: tuple[str, ...] = ()) -> list[str]:
    return [clause.text for clause in split_clauses(text, terms)]


def heard_length(text: str) -> int:
    return sum(c.isalnum() or c in "%℃°" for c in text)


def test_the_first_clause_of_a_long_sentence_is_short() -> None:
    first, *rest = texts("硬盘指示灯亮黄灯表示硬盘有故障或者正在重建，请先查看硬盘状态。")
    assert first == "硬盘指示灯亮黄灯"
    assert rest == ["表示硬盘有故障或者正在重建，", "请先查看硬盘状态。"]


def test_a_greeting_is_cut_at_its_stops() -> None:
    assert texts("您好，这里是云岚科技服务热线，请问有什么可以帮您？") == [
        "您好，",
        "这里是云岚科技服务热线，",
        "请问有什么可以帮您？",
    ]


def test_pauses_follow_the_punctuation() -> None:
    pauses = [c.pause_ms for c in split_clauses("请先把服务器关机，再打开上盖。看到了内存吗？")]
    comma, stop, question = pauses
    assert comma < stop <= question


def test_indexes_count_from_zero() -> None:
    assert [c.index for c in split_clauses("好的。我看一下。请您稍等。")] == [0, 1, 2]


@pytest.mark.parametrize(
    "whole",
    [
        "400-860-0011",
        "192.168.100.120",
        "YL5280G3",
        "Ctrl+Alt+Delete",
        "Red Hat Enterprise Linux 8.6",
        "2026年3月15日",
        "1,234,567",
        "99.95%",
        "四零零八六零零零幺幺",
    ],
)
def test_a_number_code_or_name_is_never_torn(whole: str) -> None:
    for lead in (
        "",
        "请您",
        "您的服务器现在可以使用的编号就是",
        "这是一个比较长的前半句话然后就是",
    ):
        for tail in ("", "请记好", "如果还有问题您可以再联系我们的工程师来处理"):
            assert any(whole in clause for clause in texts(lead + whole + tail))


def test_a_term_of_the_pack_is_never_torn() -> None:
    term = "云岚管理口初始密码恢复向导程序"
    assert any(term in c for c in texts("请打开" + term + "再按照提示一步一步操作完成", (term,)))


def test_a_long_sentence_without_stops_is_cut_between_words() -> None:
    text = "服务器在开机自检过程中如果出现内存报错请您先断电重新插拔内存条再观察一下能不能正常启动"
    parts = texts(text)
    assert "".join(parts) == text
    assert all(heard_length(part) <= MAX_CHARS for part in parts)
    assert len(parts) >= 3


@pytest.mark.parametrize("silent", ["", "  \n", "！！", "😀", "***", "。。。"])
def test_nothing_to_say_gives_no_clause(silent: str) -> None:
    assert split_clauses(silent) == []


def test_list_marks_and_markdown_are_gone() -> None:
    assert texts("1. 断电\n2. **拔出**硬盘") == ["断电。", "拔出硬盘"]


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        alphabet="硬盘服务器请您先断电重插的了在是，。？、：0123456789.ABCab %-+\n", max_size=150
    )
)
def test_clauses_lose_nothing_that_is_heard(text: str) -> None:
    clauses = split_clauses(text)
    joined = "".join(c.text for c in clauses)
    assert [c for c in joined if c.isalnum()] == [c for c in plain(text) if c.isalnum()]
    assert all(heard_length(c.text) for c in clauses)

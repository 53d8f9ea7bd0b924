"""Fixed words are cut the same wherever they are said; values join them at pauses."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server_pack import server_pack
from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.speech.clauses import LIMITS, split_clauses
from voicebot.speech.reading import PlainText, Reader, plain
from voicebot.speech.wording import Wording

PACK = server_pack()
TERMS = [term.term for term in PACK.lexicon]
PROMPTS = [
    text for variants in {**OPTIONAL_PROMPTS, **PACK.prompts.variants}.values() for text in variants
]
ANSWERS = [faq.answer for faq in PACK.faq]
BRANCHES = [branch.say for scene in PACK.scenes for branch in scene.branches if branch.say]
TEXTS = [*PROMPTS, *ANSWERS, *BRANCHES]
OTHER = "硬盘灯亮红色请您看一下，。？！；、：A5G-. "
VALUES = {
    "scene": "硬盘不识别",
    "question": "怎么设置来电自动开机",
    "slot": "硬盘灯",
    "first": "硬盘不识别",
    "second": "电源故障",
    "groups": "Y L 二五；零幺二三；八八六七",
    "label": "序列号",
    "missing": "4",
    "format": "序列号是YL开头，后面十位数字。",
    "group": "第二组",
    "place": "3",
    "model": "YL5280G3",
    "position": "3",
    "wait": "5",
    "key": "1",
    "opens": "明天上午九点上班。",
    "when": "明天上午九点",
}


@cache
def known() -> Wording:
    return Wording(TEXTS, TERMS)


@cache
def fixed() -> frozenset[str]:
    return frozenset(clause.text for text in TEXTS for clause in known().fixed(text))


def filled(text: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], text)


def said(wording: Wording, text: str) -> list[str]:
    return [clause.text for clause in wording.clauses(text)]


def unprepared(text: str) -> list[str]:
    return [clause for clause in said(known(), text) if clause not in fixed()]


@pytest.mark.parametrize(
    "lead", ["好的，我再说一遍。", "您好，我还在线上。", "这句谁也没有准备过。"]
)
def test_fixed_words_hit_the_cache_after_other_words(lead: str) -> None:
    allowed = set(said(known(), lead))
    for text in TEXTS:
        if "{" not in text:
            assert set(unprepared(lead + text)) <= allowed, text


def test_what_is_left_after_a_cut_hits_the_cache() -> None:
    for text in TEXTS:
        if "{" in text:
            continue
        clauses = said(known(), text)
        for heard in range(1, len(clauses)):
            rest = "".join(clauses[heard:])
            assert said(known(), rest) == clauses[heard:], rest


@pytest.mark.parametrize(
    ("template", "live"),
    [
        ("我重复一遍，{groups}。对吗？", ["Y L 二五；", "零幺二三；", "八八六七。"]),
        ("您说的是{scene}，对吗？", ["硬盘不识别，"]),
        ("您说的是{first}，还是{second}？", ["硬盘不识别，", "还是电源故障？"]),
        ("我确认一下，是{first}，还是{second}？", ["是硬盘不识别，", "还是电源故障？"]),
        ("我记下的是，{groups}。这和一般的{label}不太一样，您核对一下，对吗？",
         ["Y L 二五；", "零幺二三；", "八八六七。", "这和一般的序列号不太一样，"]),
        ("这个{label}好像不对。{format}麻烦您从头再念一遍。",
         ["这个序列号好像不对。", "序列号是YL开头，", "后面十位数字。"]),
        ("第{place}位，是数字零，还是字母O？", ["第3位，"]),
    ],
)  # fmt: skip
def test_of_a_filled_template_only_the_value_is_live(template: str, live: list[str]) -> None:
    assert template in TEXTS
    assert unprepared(filled(template)) == live


def test_of_every_template_something_is_prepared() -> None:
    # Short parts of other utterances, which have something prepared before them.
    parts = [t for name in ("queue_wait", "call_back_opens") for t in OPTIONAL_PROMPTS[name]]
    templates = [text for text in TEXTS if "{" in text and text not in parts]
    assert len(templates) > 15
    wholly_live = [
        text for text in templates if unprepared(filled(text)) == said(known(), filled(text))
    ]
    assert wholly_live == []


def test_a_diagnosis_around_a_model_is_cut_at_its_stops() -> None:
    (text,) = (text for text in BRANCHES if "{model}" in text)
    assert "那就是缺RAID卡驱动，" in said(known(), filled(text))
    live = unprepared(filled(text))
    assert "".join(live) == "请在官网服务支持里按YL5280G3下载驱动，"
    assert any("YL5280G3" in clause for clause in live)


@given(
    st.text("ABCDEFGHYLNF0123456789", min_size=4, max_size=16),
    st.sampled_from([text for text in TEXTS if "{" in text]),
)
@settings(max_examples=60, deadline=None)
def test_a_code_in_a_slot_is_never_torn(code: str, template: str) -> None:
    text = re.sub(r"\{\w+\}", code, template)
    whole = [clause for clause in said(known(), text) if code in clause]
    assert len(whole) >= 1


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), st.text(OTHER, max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_word_is_lost_or_said_twice(parts: list[str], other: str) -> None:
    text = "".join([filled(parts[0]), other, *map(filled, parts[1:])])
    written = "".join(said(known(), text))
    assert _heard(written) == _heard(plain(text))


@given(st.text(OTHER, max_size=60))
@settings(max_examples=60, deadline=None)
def test_unknown_words_are_cut_as_ever(text: str) -> None:
    assert Wording((), TERMS).clauses(text) == split_clauses(text, TERMS)


def test_clauses_count_from_nought_and_stay_short() -> None:
    clauses = known().clauses("好的，我再说一遍。" + filled("我重复一遍，{groups}。对吗？"))
    assert [clause.index for clause in clauses] == list(range(len(clauses)))
    assert all(len(clause.text) <= LIMITS.longest + 4 for clause in clauses)
    assert [clause.pause_ms for clause in clauses[-2:]] == [350, 400]


def test_a_head_is_cut_off_only_where_its_template_goes_on() -> None:
    assert said(known(), "您说的是硬盘不识别，对吗？")[0] == "您说的是"
    assert said(known(), "您说的是硬盘不识别，还是电源故障？")[0] == "您说的是"
    assert said(known(), "您说的是硬盘不识别，请稍等。")[0] != "您说的是"
    assert said(known(), "您说的是硬盘不识别，还是？")[0] != "您说的是"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("您要转的分机号是{x}", "1234"),
        ("您说的错误码是{x}，对吗？", "502"),
        ("您的工单号是{x}，请记好。", "20261122001"),
        ("我记下的端口号为{x}。", "8080"),
        ("到货日期是{x}，对吗？", "20261122"),
        ("好的，您的工单号：{x}。请记好。", "123456"),
    ],
)
def test_a_value_is_read_with_the_word_that_decides_how(template: str, value: str) -> None:
    reader = Reader()
    wording = Wording([template], (), reader)
    text = template.replace("{x}", value)
    clauses = said(wording, text)
    assert _heard("".join(map(reader.read_plain, clauses))) == _heard(reader.read(text))
    prepared = [clause.text for clause in wording.fixed(template)]
    assert set(prepared) <= set(clauses)


def test_what_is_left_of_a_menu_after_a_cut_hits_the_cache() -> None:
    menu = "请按数字键：1、硬盘；2、电源；3、其他。"
    wording = Wording([menu])
    clauses = said(wording, menu)
    assert "".join(clauses) == menu
    for heard in range(1, len(clauses)):
        assert said(wording, PlainText("".join(clauses[heard:]))) == clauses[heard:]


def test_a_head_that_a_value_does_not_need_is_still_cut_off() -> None:
    wording = Wording(["您选的是{x}，对吗？"])
    assert said(wording, "您选的是硬盘报修，对吗？") == ["您选的是", "硬盘报修，", "对吗？"]


def test_braces_of_a_document_are_no_slots() -> None:
    text = "请先执行ping ${HOST}，再看一下结果。"
    assert [clause.text for clause in Wording([text]).fixed(text)] == said(Wording(), text)


def test_a_long_text_without_a_sentence_end_is_cut_in_linear_time() -> None:
    text = "，".join(f"第{n}块硬盘的灯不亮" for n in range(150))
    wording = Wording([text])
    started_s = time.process_time()
    clauses = said(wording, text)
    assert time.process_time() - started_s < 3.0
    assert "".join(clauses) == plain(text)
    assert clauses == [clause.text for clause in wording.fixed(text)]


def _heard(text: str) -> str:
    """What can be heard of a text: stops are pauses, and blanks none."""
    return re.sub(r"\W", "", text)

"""Whole sentences and open ones, by the rules and by the shipped judge."""

from __future__ import annotations

import importlib.resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.turns import completeness_model
from voicebot.turns.completeness import CompletenessJudge, Reason, RuleJudge
from voicebot.turns.completeness_model import NgramJudge, default_judge, features
from voicebot.turns.spoken_text import bare, sound

WHOLE = [
    "是的", "嗯", "没有", "转人工", "好的谢谢", "请问硬盘亮黄灯是什么意思", "服务器开不了机怎么办",
    "我已经试过了", "保修多久", "能不能帮我转人工客服吗", "是正常的", "这个没用", "再见",
    "装系统的时候看不到硬盘怎么回事", "能换一块吗", "灯是亮的吗", "风扇声音太大了",
    "怎么升级固件", "什么时候发货", "主板型号在哪里看", "能不能派人来修", "我要换一块硬盘",
    "请你查一下进度", "工程师没有来", "没有配过阵列", "看不到硬盘", "它一直在响", "数据都在里面",
]  # fmt: skip
OPEN = [
    "我们那个", "就是说", "服务器然后", "因为", "如果硬盘坏了的话", "我想问一下", "我把硬盘",
    "我们的", "它一直在", "首先", "型号是", "我这边有一台", "第一", "温度高但是", "硬盘和",
    "我觉得", "嗯那个嗯", "帮我看一下", "机器的序列号是三七二", "要是重启以后",
    "温度已经到了", "灯变成了", "你帮我查一下这个", "我想知道", "我要换一个", "能不能麻烦你",
]  # fmt: skip
JUDGES = [RuleJudge(), default_judge()]


@pytest.mark.parametrize("judge", JUDGES, ids=["rules", "shipped"])
@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_sentence_scores_high(judge: CompletenessJudge, text: str) -> None:
    assert judge.judge(text).score >= 0.7, judge.judge(text)


@pytest.mark.parametrize("judge", JUDGES, ids=["rules", "shipped"])
@pytest.mark.parametrize("text", OPEN)
def test_an_open_sentence_scores_low(judge: CompletenessJudge, text: str) -> None:
    assert judge.judge(text).score <= 0.4, judge.judge(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("服务器染后", Reason.CONNECTIVE),  # 然后
        ("机器坏了单是", Reason.CONNECTIVE),  # 但是
        ("报警就事说", Reason.CONNECTIVE),  # 就是说
    ],
)
def test_a_misheard_connective_is_known_by_its_sound(text: str, reason: Reason) -> None:
    assert RuleJudge().judge(text).reason is reason


def test_punctuation_proves_nothing() -> None:
    for judge in JUDGES:
        assert judge.judge("我想问一下。") == judge.judge("我想问一下")
        assert judge.judge("我们，那个…") == judge.judge("我们那个")


def test_nothing_heard_is_undecided() -> None:
    for judge in JUDGES:
        for text in ("", "。", "  ……"):
            assert judge.judge(text).score == 0.5
            assert judge.judge(text).reason is Reason.NOTHING_HEARD


@given(st.text(max_size=40))
def test_any_text_gets_a_chance_between_0_and_1(text: str) -> None:
    for judge in JUDGES:
        assert 0.0 < judge.judge(text).score < 1.0


@given(st.text(alphabet="我的硬盘坏了怎么办abc123 ，。", max_size=20))
def test_the_bare_text_and_its_sound_are_of_one_length(text: str) -> None:
    assert len(sound(bare(text))) == len(bare(text))
    assert bare(bare(text)) == bare(text)


def test_the_model_helps_where_the_rules_say_nothing() -> None:
    rules, shipped = RuleJudge(), default_judge()
    for whole, cut in [("我想退货", "我想退"), ("我们是新客户", "我们是新客")]:
        assert rules.judge(whole).score == rules.judge(cut).score
        assert shipped.judge(whole).score > shipped.judge(cut).score


def test_the_model_never_overrules_a_sure_rule() -> None:
    loud = NgramJudge(weights={"b": 50.0}, share=1.0)
    assert loud.judge("我们然后") == RuleJudge().judge("我们然后")
    assert loud.judge("我要退").score > 0.99


def test_features_name_what_they_are() -> None:
    assert set(features("坏了")) == {
        "b", "s了", "s坏了", "w坏了", "ple", "Phuai_le", "^坏了", "l2",
    }  # fmt: skip


def test_without_its_file_the_rules_judge_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(importlib.resources, "files", lambda package: tmp_path)
    completeness_model.default_judge.cache_clear()
    try:
        assert isinstance(default_judge(), RuleJudge)
    finally:
        completeness_model.default_judge.cache_clear()

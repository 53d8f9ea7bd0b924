"""Picking a passage: when it says none, what it costs, and how often the real model is right."""

from __future__ import annotations

import time

import pytest

from tests.language.conftest import Scripted
from voicebot.language.api import ChoiceEngine, Late
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.language.pick import NONE, Picker
from voicebot.language.prompt_files import prompt_texts

# Question, titles, index of the one that answers (None: no title does).
CASES: tuple[tuple[str, tuple[str, ...], int | None], ...] = (
    ("机器通电没反应，按开机键也不亮", ("服务器无法开机怎么排查", "怎么重装系统", "网线怎么接"), 0),
    ("保修到期了还能续吗", ("保修期怎么查", "到期后如何续保", "发票怎么开"), 1),
    ("能帮我查下今天深圳的天气吗", ("保修期怎么查", "到期后如何续保", "发票怎么开"), None),
    ("现在固件是哪个版本在哪看", ("固件升级的步骤", "固件升级中断怎么恢复", "怎么查看固件版本"), 2),
    ("坏件要怎么寄给你们", ("上门服务的时间", "备件多久能到", "怎么寄修"), 2),
    ("黄灯一闪一闪代表什么", ("热备盘未自动重建怎么办", "如何设置热备盘", "硬盘灯的含义"), 2),
    ("光驱能不能换成硬盘", ("怎么更换电源", "系统密码忘了怎么办"), None),
    ("跟交换机怎么做链路聚合", ("网口不通怎么排查", "怎么更换网卡", "BMC默认地址"), None),
    ("要开一张增值税专票", ("内存怎么插", "单个电源不亮灯如何处理", "如何申请发票"), 2),
    ("CPU温度报警", ("CPU温度过高怎么处理", "内存报错怎么处理"), 0),
)


def picker(engine: ChoiceEngine) -> Picker:
    return Picker(engine, prompt_texts()["choose"], len, 2000)


def test_a_clear_choice_is_picked(scripted: Scripted) -> None:
    scripted.probabilities = (0.1, 0.8, 0.1)
    pick = picker(scripted).pick("问题", ["甲", "乙"])
    assert (pick.index, pick.probability) == (1, 0.8)
    assert scripted.asked[0][1] == ("甲", "乙", NONE)


@pytest.mark.parametrize("probabilities", [(0.2, 0.1, 0.7), (0.45, 0.3, 0.25)])
def test_none_or_an_unsure_choice_picks_nothing(
    scripted: Scripted, probabilities: tuple[float, ...]
) -> None:
    scripted.probabilities = probabilities
    assert picker(scripted).pick("问题", ["甲", "乙"]).index is None


def test_no_titles_need_no_model(scripted: Scripted) -> None:
    assert picker(scripted).pick("问题", []).index is None
    assert scripted.asked == []


def test_more_than_three_and_long_titles_are_cut(scripted: Scripted) -> None:
    picker(scripted).pick("问题", ["长" * 100, "乙", "丙", "丁"])
    assert scripted.asked[0][1] == ("长" * 40, "乙", "丙", NONE)


def test_a_late_choice_is_late(scripted: Scripted) -> None:
    with pytest.raises(Late):
        picker(scripted).pick("问题", ["甲"], deadline_ms=50.0)


@pytest.mark.llm
def test_the_real_model_picks_right_and_never_a_wrong_passage(llm: Ct2Engine) -> None:
    made = picker(llm)
    made.warm()
    started, picked = time.process_time(), []
    for question, titles, _ in CASES:
        picked.append(made.pick(question, titles).index)
    cpu_ms = (time.process_time() - started) * 1000 / len(CASES)
    truth = [right for _, _, right in CASES]
    print(f"{cpu_ms:.0f} ms of CPU a choice")
    assert sum(a == b for a, b in zip(picked, truth, strict=True)) >= 9
    assert [a for a, b in zip(picked, truth, strict=True) if a is not None and a != b] == []

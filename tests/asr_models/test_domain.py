"""What the caller said is understood from what the recognizer heard, in the pack's words."""

from __future__ import annotations

import pytest

from asr_models import Alternative, Recognition
from asr_models.code_sounds import sounded_codes
from asr_models.domain import Domain
from asr_models.domain_lm import DomainLm
from asr_models.lexicon_repair import LexiconRepair
from asr_models.sound_cost import sound_cost

TERMS = [
    ("NF5280M6", ["五二八零M六", "NF五二八零M六"]),
    ("NF5280M5", ["五二八零M五", "NF五二八零M五"]),
    ("BMC", ["B M C"]),
    ("IPMI", []),
    ("RAID", ["阵列", "瑞德", "锐德"]),
    ("RAID10", ["锐德十"]),
    ("阵列卡", ["RAID卡", "瑞德卡"]),
    ("Red Hat", ["红帽", "瑞德哈特"]),
    ("CentOS", ["森特OS"]),
    ("序列号", ["SN"]),
    ("硬盘", []),
]
TEXTS = ["服务器的硬盘亮黄灯", "硬盘灯是黄的", "序列号在哪里看"]


@pytest.fixture(scope="module")
def repair() -> LexiconRepair:
    return LexiconRepair(TERMS)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("DNC的网口不通", "BMC的网口不通"),
        ("IPNI的密码", "IPMI的密码"),
        ("有台NS5-280N6开不了机", "有台NF5280M6开不了机"),
        ("型号是5-280-6买了两年", "型号是NF5280M6买了两年"),
        ("系统是未得哈特7.6的", "系统是Red Hat7.6的"),
        ("装针特OS的时候", "装CentOS的时候"),
        ("这列卡报警", "阵列卡报警"),
        ("瑞德卡报警", "RAID卡报警"),
        ("罪得卡报警", "RAID卡报警"),
        ("恩艾弗五二八零M六", "NF5280M6"),
        ("零X乖逼", "0X7B"),
        ("有台NS5-2吧0N6开不了机", "有台NF5280M6开不了机"),
    ],
)
def test_what_sounds_near_a_term_comes_right(
    repair: LexiconRepair, heard: str, written: str
) -> None:
    assert repair.repair(heard).text == written
    assert repair.repair(written).text == written


@pytest.mark.parametrize(
    "text",
    [
        "NF5280M5",  # another model is no misheard one
        "NF5280M7",
        "NF5290M6",
        "NF528M6",  # a figure is missing: it may be another model's
        "NS5-80N6",
        "基金管理人可以",
        "公司控制其安全",
        "NBA的比赛",
        "重启RAID一下",
        "公元580年6月",
        "这个系列很好看",
        "我们要一起去看书",
        "RAID卡和BMC",
        "一二三四五六七",
    ],
)
def test_what_is_no_term_stays(repair: LexiconRepair, text: str) -> None:
    assert repair.repair(text).text == text


def test_without_fuzzy_only_exact_sounds_are_repaired() -> None:
    exact = LexiconRepair(TERMS, fuzzy=False)
    assert exact.repair("DNC和应盘").text == "DNC和硬盘"


def test_a_code_needs_signs_that_are_surely_letters_or_figures() -> None:
    assert [code.written for code in sounded_codes("序列号是腰拐洞五")] == ["1705"]
    assert sounded_codes("要一起") == []


def test_confusions_are_cheaper_than_other_sounds() -> None:
    assert sound_cost("ying", "ying") == 0
    assert sound_cost("nan", "lan") < sound_cost("nan", "ban")
    assert sound_cost("hui", "fei") < 0.6
    assert sound_cost("@M", "@N") < sound_cost("@M", "@K")
    assert sound_cost("#1", "#7") > 1


def recognition(*texts: str) -> Recognition:
    alternatives = tuple(Alternative(text, -0.3 - 0.05 * n) for n, text in enumerate(texts))
    return Recognition(texts[0], 0.8, alternatives, audio_ms=3000)


def test_rescoring_takes_the_hypothesis_in_the_domains_words() -> None:
    domain = Domain(TERMS, TEXTS, rescore=True)
    understood = domain.understand(recognition("应盘登是皇的", "硬盘灯是黄的"))
    assert understood.text == "硬盘灯是黄的"
    assert understood.raw == "应盘登是皇的"
    assert understood.chosen == "硬盘灯是黄的"


def test_without_rescoring_the_best_hypothesis_is_repaired() -> None:
    understood = Domain(TERMS, TEXTS).understand(recognition("应盘登是皇的", "硬盘灯是黄的"))
    assert (understood.text, understood.raw) == ("硬盘登是皇的", "应盘登是皇的")
    assert understood.chosen == ""


def test_what_a_guard_refused_stays_empty() -> None:
    refused = Recognition("", 0.0, (Alternative("硬盘", -0.1),), rejected="repeat")
    assert Domain(TERMS, TEXTS, rescore=True).understand(refused).text == ""


def test_a_hypothesis_that_a_guard_would_refuse_is_not_chosen() -> None:
    looped = "硬盘" * 12
    understood = Domain(TERMS, TEXTS, rescore=True).understand(recognition("应盘", looped))
    assert understood.text == "硬盘"


def test_both_can_be_switched_off() -> None:
    domain = Domain(TERMS, TEXTS, repair=False)
    assert domain.understand(recognition("应盘登是皇的", "硬盘灯是黄的")).text == "应盘登是皇的"


def test_the_language_model_prefers_its_own_texts() -> None:
    lm = DomainLm(TEXTS)
    assert lm.score("硬盘灯是黄的") > lm.score("应盘登是皇的")
    assert lm.score("") == 0

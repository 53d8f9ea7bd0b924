"""Any service dialogue is told by role, in its own words."""

from __future__ import annotations

import random

import pytest

from voicebot.wrapup.facts import Fact, facts, held
from voicebot.wrapup.summary import CALLER, summarise

HOTEL = [
    ("客服", "您好，很高兴为您服务，请问有什么可以帮您？"),
    ("用户", "你好"),
    ("用户", "我订的房间明天能不能改到下周三"),
    ("客服", "请您稍等，正在为您查询"),
    ("客服", "您的订单是特价房，不支持改期"),
    ("用户", "那可以取消吗"),
    ("客服", "可以取消，会收取120元手续费，三个工作日退款"),
    ("用户", "好的谢谢"),
    ("客服", "感谢您的来电，祝您生活愉快，再见"),
]


def test_who_wants_what_and_what_was_answered() -> None:
    told = summarise(HOTEL)
    assert told.text == (
        "用户询问订的房间明天能不能改到下周三。客服回答用户的订单是特价房，不支持改期。"
        "用户询问可以取消吗。客服回答可以取消，会收取120元手续费，三个工作日退款。"
    )
    assert told.of_caller + told.of_agent != told.text
    assert [point.turns for point in told.points] == [(2,), (4,), (5,), (6,)]


def test_courtesy_is_no_news() -> None:
    polite = [turn for turn in HOTEL if "您好" in turn[1] or "谢" in turn[1] or turn[1] == "你好"]
    assert summarise(polite).text == ""
    assert summarise([]).text == ""


def test_what_is_denied_stays_denied() -> None:
    told = summarise([("用户", "为什么不给我发货"), ("客服", "因为地址不对，所以不给您发货")])
    assert "不给您发货" in told.text and f"不给{CALLER}发货" not in told.text


def test_a_long_dialogue_is_told_in_bounds() -> None:
    chance = random.Random(5)
    many = [
        (role, "".join(chance.choice("电源硬盘坏了怎么换多少钱保修上门不亮灯") for _ in range(30)))
        for _ in range(400)
        for role in ("用户", "客服")
    ]
    assert 0 < len(summarise(many).text) < 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。。。",
        "[订单编号]",
        "https://item.example/1.html",
        "😀😀",
        "\u0000\u202e",
        "？" * 5000,
    ],
)
def test_odd_turns_are_survived(text: str) -> None:
    summarise([("用户", text), ("客服", text), ("", text), ("x" * 99, text)])
    facts(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("收取120元", {Fact("number", "120")}),
        ("三十二个插槽", {Fact("number", "32")}),
        ("型号YL5280G3", {Fact("number", "YL5280G3")}),
        ("[数字]个工作日", {Fact("number", "[数字]")}),
        ("不支持改期", {Fact("negation", "支持")}),
        ("开不了机", {Fact("negation", "开机")}),
        ("是不是坏了", set()),
        ("一直很慢", set()),
    ],
)
def test_facts_are_figures_codes_names_and_negations(text: str, wanted: set[Fact]) -> None:
    assert facts(text) == wanted


@pytest.mark.parametrize(
    ("claim", "call", "true"),
    [
        ("收取120元", "手续费一百二十元", True),
        ("收取130元", "手续费一百二十元", False),
        ("不支持改期", "这个不支持的", True),
        ("不支持改期", "支持改期", False),
        ("寄到杭州", "寄到北京", False),
        ("寄到杭州", "送去杭州的", True),
        ("[数字]元", "花了[数字]元", True),
    ],
)
def test_a_fact_is_held_by_the_call_or_made_up(claim: str, call: str, true: bool) -> None:
    claimed = facts(claim)
    assert claimed and (held(claimed, call) == claimed) is true

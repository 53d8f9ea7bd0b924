from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.knowledge.answer import MAX_CHARS, extract
from voicebot.knowledge.api import Hit, HitKind


def hit(text: str, kind: HitKind = HitKind.PASSAGE) -> Hit:
    return Hit("p", kind, 1.0, text)


def test_the_sentence_that_answers_is_spoken_and_quoted() -> None:
    text = "电源支持热插拔，更换不用关机。电源指示灯熄灭表示没有输入。单个电源功率800瓦。"
    found = extract("电源灯不亮是什么意思", hit(text))
    assert found.spoken.startswith("电源指示灯熄灭表示没有输入。")
    assert found.quote in text


def test_at_most_two_sentences_are_spoken_and_the_rest_waits() -> None:
    text = "先关机。再拔电源线。打开上盖。取出内存。装上新内存。"
    found = extract("怎么换内存", hit(text, HitKind.FAQ))
    assert found.spoken == "先关机。再拔电源线。"
    assert found.rest == ("打开上盖。取出内存。", "装上新内存。")


def test_steps_are_said_one_after_another_in_order() -> None:
    text = (
        "更换硬盘：\n1. 确认故障硬盘的槽位，等指示灯灭了再做下面的。\n2. 按下卡扣。\n3. 拉出硬盘。"
    )
    found = extract("怎么拉出硬盘", hit(text))
    assert found.spoken.startswith("更换硬盘：")
    said = "".join((found.spoken, *found.rest))
    assert said.index("第一步") < said.index("第二步，按下卡扣") < said.index("第三步，拉出硬盘")
    assert found.quote in text


def test_a_table_row_becomes_a_sentence_with_the_column_asked_for_first() -> None:
    row = "型号: YL5280G3 | 高度: 2U | 内存: 32条 | 电源: 双路"
    found = extract("YL5280G3的内存是多少", hit(row))
    assert found.spoken == "YL5280G3，内存是32条。"
    assert found.rest == ("YL5280G3，高度是2U，电源是双路。",)
    assert found.quote == row


def test_a_row_is_read_whole_if_no_column_is_named() -> None:
    found = extract("这个灯怎么了", hit("指示灯: 黄灯常亮 | 含义: 硬盘故障 | 处理: 更换硬盘"))
    assert found.spoken == "黄灯常亮，含义是硬盘故障，处理是更换硬盘。"
    assert found.rest == ()


def test_markdown_marks_are_not_spoken_but_stay_in_the_quote() -> None:
    text = "请参见[自动调节](/br/br-auto.md)，把 **开关** 打开。"
    found = extract("自动调节怎么打开", hit(text))
    assert found.spoken == "请参见自动调节，把 开关 打开。"
    assert found.quote == text


def test_an_endless_sentence_is_said_in_pieces() -> None:
    found = extract("怎么办", hit("，".join(["请检查电源线和插座"] * 30)))
    assert len(found.spoken) <= MAX_CHARS + 1
    assert found.rest


@pytest.mark.parametrize("text", ["", "  \n ", "***", "|"])
def test_a_hit_without_words_says_nothing(text: str) -> None:
    assert extract("什么", hit(text)).spoken == ""


@given(
    st.text(alphabet="电源灯亮12.、 \n|:：。，？*[]()步骤-", max_size=120), st.sampled_from(HitKind)
)
def test_any_text_gives_a_quote_from_it(text: str, kind: HitKind) -> None:
    found = extract("电源灯亮", hit(text, kind))
    assert found.quote in text

"""What Whisper makes up is refused; what callers do say passes."""

from __future__ import annotations

import pytest

from asr_models.guards import collapse_loops, guard, is_nobody, is_prompt_echo, is_too_long

PROMPT = "你好,这里是服务器售后热线,内存、硬盘、阵列卡。"


@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        ("", "empty"),
        ("。。。", "empty"),
        ("字幕由志愿者提供", "stock phrase"),
        ("字幕by索兰娅", "stock phrase"),
        ("谢谢观看", "stock phrase"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "stock phrase"),
        ("謝謝大家收看", "stock phrase"),
        ("内存、硬盘、阵列卡", "prompt echo"),
        ("你好，这里是服务器售后热线", "prompt echo"),
        ("铺铺铺铺铺铺铺铺铺铺", "repeat"),
        ("驾驶员的人驾驶员的人驾驶员的人驾驶员的人", "repeat"),
    ],
)
def test_inventions_are_refused_by_name(text: str, rejected: str) -> None:
    verdict = guard(text, audio_ms=5000, prompt=PROMPT)
    assert (verdict.text, verdict.rejected) == ("", rejected)


@pytest.mark.parametrize(
    "text",
    [
        "喂喂喂",
        "对对对对",
        "好的好的好的",
        "不是，不是，不是",
        "是八八八八八八八八",
        "电话是88888888",
        "阵列卡",
        "服务器售后热线",
        "硬盘亮红灯，阵列卡报错",
        "我的内存坏了",
        "谢谢你们",
        "字母是A",
        "嗯",
    ],
)
def test_what_callers_say_passes_as_it_is(text: str) -> None:
    assert guard(text, audio_ms=4000, prompt=PROMPT).text == text


def test_only_the_invented_end_is_cut_off() -> None:
    assert guard("服务器开不了机。谢谢观看", 4000).text == "服务器开不了机"
    assert collapse_loops("硬盘坏了啊啊啊啊啊啊啊啊") == "硬盘坏了啊"


def test_more_text_than_time_is_refused() -> None:
    sentence = "我们公司的服务器昨天晚上突然重新启动了三次"
    assert is_too_long(sentence, audio_ms=1000)
    assert not is_too_long(sentence, audio_ms=4000)
    assert guard(sentence, audio_ms=800).rejected == "too long"
    assert not is_too_long("Windows Server", audio_ms=900)


def test_an_echo_needs_a_prompt_and_more_than_one_item() -> None:
    assert not is_prompt_echo("内存、硬盘、阵列卡", "")
    assert not is_prompt_echo("硬盘、内存、阵列卡", PROMPT)  # another order: the caller's own
    assert is_prompt_echo("硬盘, 阵列卡。", "内存硬盘, 硬盘, 阵列卡坏") is False


def test_two_doubts_together_mean_that_nobody_spoke() -> None:
    assert is_nobody(0.87, -0.9)  # modulated noise
    assert is_nobody(0.5, -1.2)
    assert is_nobody(0.34, -3.2)  # room murmur
    assert not is_nobody(0.9, 0.0)  # one doubt alone
    assert not is_nobody(0.2, -5.0)
    assert not is_nobody(0.26, -1.15)  # speech at 10 dB


def test_an_echo_that_the_model_has_dressed_up_is_still_one() -> None:
    """What room murmur once gave: an invented beginning, then most of the prompt."""
    prompt = "您好，我的云岚服务器装系统时看不到硬盘，阵列卡做了RAID，想查固件和驱动。"
    dressed = "在此事前，我和您的云岚服务器装系统时看不到硬盘，阵列卡做了RAID，想查固件和驱动。"
    assert is_prompt_echo(dressed, prompt)
    assert not is_prompt_echo("云岚服务器装系统时看不到硬盘怎么办", prompt)
    assert not is_prompt_echo("阵列卡做了RAID以后服务器一直起不来", prompt)

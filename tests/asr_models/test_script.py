from __future__ import annotations

import pytest

from asr_models.script import normalize_script, strip_punctuation, to_simplified


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("伺服器開不了機", "伺服器开不了机"),
        ("型号是ＮＦ５２８０Ｍ６", "型号是NF5280M6"),
        ("我的 服务器 , 报错 了 .", "我的服务器，报错了。"),
        ("是 Windows Server 吗?", "是Windows Server吗？"),
        ("地址192.168.1.1", "地址192.168.1.1"),
        ("版本是2.5.", "版本是2.5."),
        ("随著时间看著，著名的名著", "随着时间看着，著名的名著"),
        ("  ", ""),
        ("A　B", "A B"),
    ],
)
def test_one_spelling(heard: str, written: str) -> None:
    assert normalize_script(heard) == written
    assert normalize_script(written) == written


def test_traditional_becomes_simplified_and_marks_can_be_stripped() -> None:
    assert to_simplified("硬盤") == "硬盘"
    assert strip_punctuation("硬盘，坏了！RAID 5。") == "硬盘坏了RAID5"

"""Part 12 is not part 18, RAID5 not RAID1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.identifiers import identifiers
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("手册里十八号是什么", {"18号"}),
        ("18 号 | 后置硬盘模组", {"18号"}),
        ("二十号和3号", {"20号", "3号"}),
        ("十号", {"10号"}),
        ("做的是RAID一", {"raid1"}),
        ("RAID 5坏两块盘", {"raid5"}),
        ("RAID10", {"raid10"}),
        ("按F2进BIOS", {"f2"}),
        ("开机按Ctrl加A", {"ctrla"}),
        ("YL5280G3用的是什么内存", set()),
        ("三月五号送修的", set()),
        ("型号是什么", set()),
        ("我有两台服务器", set()),
    ],
)
def test_what_names_a_thing_by_number(text: str, expected: set[str]) -> None:
    assert identifiers(text) == expected


def test_another_number_is_another_thing(tmp_path: Path) -> None:
    faq = [Faq(f"part{n}", f"手册里{n}号是什么部件", f"{n}号是甲乙丙。") for n in (12, 18)]
    knowledge = Knowledge.build(faq, [], [], HashingEmbedder(), tmp_path)
    assert knowledge.search("手册里十二号是什么部件").hits[0].id == "part12"
    unknown = knowledge.search("手册里十五号是什么部件")
    known = knowledge.search("手册里十八号是什么部件")
    assert unknown.answerable < known.answerable / 2

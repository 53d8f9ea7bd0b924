"""A named model limits what may answer to its line and to what all lines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.entry import Entry, Role
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.product_line import ProductLine, known_lines
from voicebot.pack import Faq


def passage(title: str, text: str) -> Entry:
    return Entry("p", HitKind.PASSAGE, Role.ANSWER, text, text, title, "guide.md")


LINES = frozenset({"YL5280G3", "YL8480G3", "YS2200"})


@pytest.mark.parametrize(
    ("title", "text", "allowed"),
    [
        ("YL5280G3 用户手册 > 8.4", "典型功耗 520 瓦。", False),
        ("选型指南 > 3 YL8480G3 四路服务器", "RAID 配置方法与 YL5280G3 相同。", True),
        ("服务政策 > 2 保修期", "整机保修三年。", True),
        ("选型指南 > 1 产品一览", "型号: YL5280G3 | 处理器: 最多 2 颗", False),
        ("选型指南 > 5 怎样选型", "虚拟化选 YL5280G3，核心业务选 YL8480G3。", True),
        ("选型指南 > 5 怎样选型", "要共享数据选 YS2200，备份选 YL2260G3。", False),
        ("手册 > 阵列卡", "YR2100 没有缓存。", True),
    ],
)
def test_a_passage_is_of_the_line_that_it_names(title: str, text: str, allowed: bool) -> None:
    assert ProductLine("YL8480G3", LINES).allows(passage(title, text)) is allowed


def test_without_a_product_everything_may_answer() -> None:
    assert ProductLine("", LINES).allows(passage("YL5280G3 用户手册", "任何话"))


def test_a_scene_may_be_of_any_line() -> None:
    scene = Entry("s", HitKind.SCENE, Role.QUESTION, "x", "x", product="YL5280G3")
    assert ProductLine("YL8480G3", LINES).allows(scene)
    assert known_lines([scene]) == {"YL5280G3"}


def test_the_search_leaves_out_another_line(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(
        "# 指南\n\n## YL5280G3\n\n最大功耗 1150 瓦。\n\n## YL8480G3\n\n最大功耗 3200 瓦。\n",
        encoding="utf-8",
    )
    faq = [Faq("f", "最大功耗是多少", "1150 瓦。", product="YL5280G3")]
    faq.append(Faq("g", "几颗处理器", "四颗。", product="YL8480G3"))
    knowledge = Knowledge.build(
        faq, [tmp_path / "guide.md"], [], HashingEmbedder(), tmp_path / "index"
    )
    texts = [hit.text for hit in knowledge.search("最大功耗是多少", 9, "YL8480G3").hits]
    assert any("3200" in text for text in texts)
    assert not any("1150" in text for text in texts)
    assert any("1150" in hit.text for hit in knowledge.search("最大功耗是多少", 9).hits)

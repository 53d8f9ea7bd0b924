"""Real e5 on a small knowledge base: other words, homophones, off-topic, counter-examples."""

from __future__ import annotations

import pytest

from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq

pytestmark = pytest.mark.weights

FAQ = tuple(
    Faq(name, question, answer, similar)
    for name, question, answer, similar in (
        ("invoice", "发票怎么开", "发票由销售人员开。", ("要开票找谁", "开发票需要什么材料")),
        ("warranty", "保修期怎么查", "在官网输入序列号就能查。", ("怎么知道还在不在保",)),
        ("yellow", "硬盘亮黄灯是什么意思", "黄灯常亮说明硬盘故障。", ("硬盘灯变黄了",)),
        ("fan", "风扇声音很大", "请检查导风罩。", ("风扇一直高速转", "机器噪音很大")),
        ("bmc", "BMC 密码忘了怎么办", "在 BIOS 里恢复默认。", ("管理口密码不记得了",)),
        ("memory", "内存报错怎么处理", "先把内存重新插拔。", ("日志里有内存告警",)),
        ("os", "支持哪些操作系统", "支持红帽、麒麟和 Windows。", ("能装麒麟吗",)),
        ("visit", "工程师多久上门", "下一个工作日上门。", ("什么时候能派人来修",)),
    )
)
SCENES = (
    SceneEntry(
        "disk", "硬盘不识别", ("装系统找不到硬盘", "硬盘认不出来", "选择磁盘那一步是空的"),
        ("硬盘亮黄灯是什么意思", "硬盘怎么扩容"),
    ),
    SceneEntry("power", "不能开机", ("服务器开不了机", "按电源键没有反应")),
)  # fmt: skip


@pytest.fixture(scope="module")
def knowledge(e5: CT2Embedder, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return Knowledge.build(FAQ, (), SCENES, e5, tmp_path_factory.mktemp("index"))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("那个，我想问一下发票什么时候能开呀", "invoice"),
        ("硬盘上的灯变成黄色的了", "yellow"),
        ("风扇吵得要命", "fan"),
        ("管理口的密码记不得了", "bmc"),
        ("你们工程师几天能到", "visit"),
        ("法票怎么开", "invoice"),  # homophone, as the recognizer writes it
    ],
)
def test_other_words_find_the_faq(knowledge: Knowledge, question: str, expected: str) -> None:
    assert knowledge.search(question).hits[0].id == expected


@pytest.mark.parametrize(
    "question", ["今天天气怎么样", "帮我订机票", "股票多少钱", "附近有什么好吃的", "给我讲个笑话"]
)
def test_what_is_off_topic_is_refused(knowledge: Knowledge, question: str) -> None:
    result = knowledge.search(question)
    assert result.answerable < 0.5
    assert result.scene_probability < 0.5


def test_a_faq_in_its_own_words_is_answerable(knowledge: Knowledge) -> None:
    assert min(knowledge.search(item.question).answerable for item in FAQ) > 0.5


def test_a_symptom_finds_its_scene_but_a_counter_example_does_not(knowledge: Knowledge) -> None:
    meant, other = knowledge.search("装系统认不到硬盘"), knowledge.search("硬盘亮黄灯什么意思")
    assert meant.scene is not None
    assert meant.scene.id == "disk"
    assert meant.scene_probability > 0.5
    assert other.scene_probability < 0.3

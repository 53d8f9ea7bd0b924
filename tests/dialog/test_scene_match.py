"""Trigger evidence on top of retrieval's probability."""

from __future__ import annotations

import pytest

from voicebot.dialog.scene_match import VETOED, SceneMatch
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK

DISK = "storage.disk_not_detected"


@pytest.mark.parametrize(
    ("text", "scene"),
    [
        ("有台服务器看不到硬盘", DISK),
        ("看不到硬盘", DISK),
        ("看不到应盘", DISK),
        ("哎 我那个服务器啊 就是装那个红帽的时候 它找不到硬盘", DISK),
        ("哎我那个服务器啊就是装那个红帽的时候它找不到硬盘", DISK),
        ("服务器开不了机", "power.no_boot"),
        ("内存报错了", "memory.error"),
        ("网络不通", "network.port_down"),
        ("风扇声音太大", "cooling.fan_noise"),
    ],
)
def test_a_trigger_needs_no_retrieval(pack: Pack, text: str, scene: str) -> None:
    found, probability = SceneMatch(pack).best(text, "", 0.0)
    assert found == scene and probability >= 0.5


@pytest.mark.parametrize("text", ["硬盘", "服务器很慢", "今天天气怎么样", "发票怎么开", ""])
def test_other_texts_prove_nothing(pack: Pack, text: str) -> None:
    assert SceneMatch(pack).best(text, "", 0.0)[1] < 0.3


def test_retrieval_and_triggers_add_up(pack: Pack) -> None:
    match = SceneMatch(pack)
    alone = match.best("硬盘不识别了", "", 0.0)[1]
    assert alone < match.best("硬盘不识别了", DISK, 0.4)[1] < 1.0
    assert match.best("完全不同的话题呀", DISK, 0.4) == (DISK, pytest.approx(0.4))


@pytest.mark.parametrize("text", ["硬盘亮黄灯是什么意思", "怎么配置RAID", "硬盘可以热插拔吗"])
def test_a_not_trigger_vetoes(pack: Pack, text: str) -> None:
    assert SceneMatch(pack).best(text, DISK, 0.9)[1] <= VETOED


def test_an_unknown_scene_is_ignored(pack: Pack) -> None:
    assert SceneMatch(pack).best("今天天气怎么样", "no.such", 0.9) == ("", 0.0)


def test_a_clause_that_only_names_the_machine_starts_no_scene() -> None:
    server = load_pack(SERVER_PACK)
    match = SceneMatch(server)
    for text in ("六六零零 快照怎么回滚", "二二零零 升级会断多久"):
        assert all(each.probability < 0.3 for each in match.rank(text, {})), text
    scene = next(each for each in server.scenes if each.id == "array.slow")
    for trigger in scene.triggers:
        assert match.rank(f"六六零零 {trigger}", {})[0].scene == scene.id

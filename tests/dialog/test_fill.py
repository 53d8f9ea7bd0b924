"""Slot values in what was said."""

from __future__ import annotations

import pytest

from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.scene_run import OutcomeKind, SceneEngine, SceneRun
from voicebot.pack import Pack, Term
from voicebot.pack_yaml import Problems, parse_yaml
from voicebot.scenes.model import Scene
from voicebot.scenes.read import read_scene

TEXT = """
id: test.fill
name: 测试
label: x
triggers: [测试]
slots:
  card:
    type: enum
    label: 卡
    values: {onboard: [集成, 板载], discrete: [独立]}
    ask: 什么卡？
  done: {type: bool, label: 做过, about: [RAID], affirm: [做了, 做好了], deny: [没做], ask: 做了？}
  loaded: {type: bool, label: 驱动, about: [驱动], affirm: [装了], deny: [没装], ask: 装了吗？}
  disks: {type: number, label: 块数, about: [块硬盘], min: 1, max: 60, ask: 几块？}
  serial: {type: regex, label: 序列号, pattern: 'SN\\d{4}', ask: 序列号？}
  model: {type: term, label: 型号, kind: model, ask: 型号？}
branches:
  - {id: few, when: disks < 3, cause: 少, solution_class: x, answer: {say: 只有{disks}块。}}
  - {id: many, when: disks >= 3, cause: 多, solution_class: x, answer: {say: 够了。}}
ask_order: [disks]
exits: {on_limit: {handoff: 二线, reason: 没有定位}}
""".replace("{say: 只有{disks}块。}", '{say: "只有{disks}块。"}')


@pytest.fixture(scope="module")
def scene() -> Scene:
    problems = Problems()
    node = parse_yaml(TEXT, "test.yaml", problems)
    assert node is not None
    scene = read_scene(node)
    assert not problems.found, problems.found
    return scene


@pytest.fixture(scope="module")
def filler() -> Filler:
    lexicon = [Term("YL5280G3", "model", ("五二八零",)), Term("RAID", "term", ("锐德", "阵列"))]
    return Filler(Canonicalizer(lexicon))


@pytest.mark.parametrize(
    ("text", "asked", "values"),
    [
        ("是集成的", "", {"card": "onboard"}),
        ("不是集成的是独立的", "", {"card": "discrete"}),
        ("独立的，不对，是集成的", "", {"card": "onboard"}),
        ("是独立的还是集成的", "card", {}),
        ("是不是独立的", "", {"card": "discrete"}),
        ("毒力的", "card", {"card": "discrete"}),
        ("有", "done", {"done": "yes"}),
        ("没有", "done", {"done": "no"}),
        ("没有", "", {}),
        ("锐德没有做", "", {"done": "no"}),
        ("做好阵列了", "", {"done": "yes"}),
        ("不是没做RAID", "", {"done": "yes"}),
        ("驱动没装", "done", {"loaded": "no"}),
        ("RAID做了，驱动没装，独立的", "", {"done": "yes", "loaded": "no", "card": "discrete"}),
        ("对 是不是缺驱动啊", "done", {}),
        ("两块", "disks", {"disks": "2"}),
        ("有十二块硬盘", "", {"disks": "12"}),
        ("九十九", "disks", {}),
        ("我等一下看", "disks", {}),
        ("序列号 sn 2 0 2 4", "", {"serial": "SN2024"}),
        ("机器是五二八零", "", {"model": "YL5280G3"}),
        ("", "done", {}),
    ],
)
def test_filled(
    scene: Scene, filler: Filler, text: str, asked: str, values: dict[str, str]
) -> None:
    found = {each.slot: each.value for each in filler.fill(scene, text, asked)}
    assert found == values


def test_what_is_found_by_sound_is_less_certain(scene: Scene, filler: Filler) -> None:
    (exact,) = filler.fill(scene, "独立的", "")
    (alike,) = filler.fill(scene, "毒力的", "")
    assert alike.certainty < exact.certainty == 1.0


def test_numbers_decide_branches(scene: Scene, filler: Filler) -> None:
    engine = SceneEngine(filler)
    run, outcome = engine.advance(scene, SceneRun(scene.id), "测试", "")
    assert (outcome.kind, outcome.slot) == (OutcomeKind.ASK, "disks")
    before = run
    _, outcome = engine.advance(scene, run, "两块", run.asking)
    assert (outcome.branch, outcome.text) == ("few", "只有2块。")
    assert run == before, "a run is never changed, only replaced"
    _, outcome = engine.advance(scene, run, "三块", run.asking)
    assert outcome.branch == "many"


def test_runs_are_plain_data(scene: Scene, filler: Filler) -> None:
    engine = SceneEngine(filler)
    run, _ = engine.advance(scene, SceneRun(scene.id), "不知道", "disks")
    assert SceneRun.from_dict(run.to_dict()) == run
    assert run.values == {"disks": "unknown"}


def test_demo_misheard_raid(pack: Pack) -> None:
    filler = Filler(Canonicalizer(pack.lexicon))
    disk = pack.scene("storage.disk_not_detected")
    assert disk is not None
    for text in ("雷德做了", "瑞德做了", "raid 做了", "阵列做了"):
        found = {each.slot: each.value for each in filler.fill(disk, text, "")}
        assert found.get("raid_done") == "yes", text

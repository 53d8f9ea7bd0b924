"""What is asked next in a scene without an order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.scene_run import OutcomeKind, SceneEngine, SceneRun
from voicebot.pack import Pack
from voicebot.pack_yaml import Problems, parse_yaml
from voicebot.scenes.model import Scene
from voicebot.scenes.paths import dead_ends
from voicebot.scenes.questions import next_question, possible
from voicebot.scenes.read import read_scene

SCENE = """
id: test.best
name: 灯
label: 故障
triggers: [灯不对]
slots:
  where: {type: enum, label: 位置, ask: 哪里？, values: {a: [甲], b: [乙], c: [丙], d: [丁]}}
  blinking: {type: bool, label: 闪, ask: 闪吗？}
  colour: {type: enum, label: 颜色, ask: 什么颜色？, values: {red: [红], green: [绿], off: [不亮]}}
  serial: {type: regex, label: 序列号, pattern: 'X[0-9]+'}
branches:
  - id: off
    when: colour == off
    cause: c
    solution_class: s
    answer: {say: 没电。}
  - id: fast
    when: colour == red and blinking == yes
    cause: c
    solution_class: s
    answer: {say: 坏了。}
  - id: red
    when: colour == red and blinking == no
    cause: c
    solution_class: s
    answer: {say: 热。}
  - id: green
    when: colour == green
    need: [where]
    cause: c
    solution_class: s
    answer: {say: 好。}
exits: {on_limit: {handoff: 二线, reason: r}}
"""


def scene_of(text: str) -> Scene:
    problems = Problems()
    node = parse_yaml(text, "scene.yaml", problems)
    assert node is not None
    scene = read_scene(node)
    assert not problems.found, problems.found
    return scene


BEST = scene_of(SCENE)


def test_the_question_that_decides_most_comes_first() -> None:
    question = next_question(BEST, {})
    assert question is not None and question.slot == "colour"
    assert question.why == (
        "decides 1.50 of 2.00 bits between off, fast, red, green (blinking 0.50)"
    )


def test_what_cannot_matter_any_more_is_not_asked() -> None:
    second = next_question(BEST, {"colour": "red"})
    assert second is not None and second.slot == "blinking"
    assert [branch.id for branch in possible(BEST, {"colour": "red"})] == ["fast", "red"]
    assert next_question(BEST, {"colour": "unknown", "blinking": "yes"}) is None


def test_equals_are_asked_in_the_order_of_the_file() -> None:
    text = SCENE.replace("colour == red and blinking == yes", "where == a and blinking == yes")
    scene = scene_of(text.replace("colour == red and blinking", "where == b and blinking"))
    question = next_question(scene, {"colour": "red"})
    assert question is not None and question.slot == "where"
    assert "1.00 of 1.00" in question.why and "(blinking 1.00)" in question.why


def test_a_required_slot_is_asked_though_it_decides_nothing() -> None:
    scene = replace(BEST, slots=tuple(replace(s, required=s.id == "where") for s in BEST.slots))
    engine = SceneEngine(Filler(Canonicalizer(())))
    run, outcome = engine.decide(scene, SceneRun(scene.id, {"colour": "off"}))
    assert outcome.kind is OutcomeKind.ASK and outcome.slot == "where"
    assert run.why == "needed for off"


def test_the_order_best_is_no_order() -> None:
    assert scene_of(SCENE + "ask_order: best\n").ask_order == ()
    ordered = scene_of(SCENE + "ask_order: [blinking, colour]\n")
    question = next_question(ordered, {})
    assert question is not None and (question.slot, question.why) == (
        "blinking",
        "ask_order, number 1",
    )


def test_known_slots_count_as_undecided_until_they_are() -> None:
    text = SCENE.replace("when: colour == off", "when: known(where)")
    assert next(branch.id for branch in possible(scene_of(text), {})) == "off"


def test_the_reason_is_in_the_state() -> None:
    engine = SceneEngine(Filler(Canonicalizer(())))
    run, outcome = engine.advance(BEST, SceneRun(BEST.id), "灯不对", "")
    assert outcome.slot == "colour" and run.why.startswith("decides 1.50 of 2.00 bits")
    assert SceneRun.from_dict(run.to_dict()) == run


def test_every_scene_of_the_pack_ends_without_its_order_too(pack: Pack) -> None:
    """Whatever is answered, each question is asked once and the scene comes to an end."""
    engine = SceneEngine(Filler(Canonicalizer(pack.lexicon)))
    for scene in pack.scenes:
        free = replace(scene, ask_order=())
        for branch in free.branches:
            known = {
                name: value
                for name, value in branch.when.mentions
                if value and branch.when.text.count(f"{name} ==")
            }
            run, asked = SceneRun(free.id), []
            outcome = engine.decide(free, run)[1]
            while outcome.kind is OutcomeKind.ASK:
                asked.append(outcome.slot)
                answer = known.get(outcome.slot, "unknown")
                run, outcome = engine.put(free, run, outcome.slot, answer)
            assert len(asked) == len(set(asked)) <= len(free.slots)
            assert outcome.kind in (OutcomeKind.BRANCH, OutcomeKind.CONTRADICTION, OutcomeKind.EXIT)


@pytest.mark.parametrize(
    ("order", "ends"), [("[colour]", ["colour=red"]), ("[colour, blinking]", [])]
)
def test_dead_ends(order: str, ends: list[str]) -> None:
    scene = scene_of(SCENE + f"ask_order: {order}\n")
    assert [str(path) for path in dead_ends(scene)] == ends

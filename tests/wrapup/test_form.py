"""A form is drafted from the call alone, and files it under labels of the tree."""

from __future__ import annotations

import time

import pytest

from tests.server_pack import server_pack
from tests.wrapup.played import scene_call, told, view_of
from voicebot.records.views import CallView
from voicebot.scenes.model import Scene, SceneTest
from voicebot.session import events as facts
from voicebot.wrapup.form import LABELS, Form, build_form
from voicebot.wrapup.labels import LabelTree

PACK = server_pack()
TREE = LabelTree(PACK)
CALLS = [(scene, test) for scene in PACK.scenes for test in scene.tests[::3]]


def scene_test(scene_id: str, name: str) -> CallView:
    scene = PACK.scene(scene_id)
    assert scene is not None
    return scene_call(scene, next(test for test in scene.tests if test.name == name))


def turn_of(form: Form, key: str) -> int | None:
    return next(field.turn for field in form.fields if field.key == key)


def wanted(scene: Scene, test: SceneTest) -> str:
    """The solution class of the last branch that a scene's own dialogue must reach."""
    reached = [turn.expect["branch"] for turn in test.turns if turn.expect.get("branch")]
    named = [branch for branch in scene.branches if reached and branch.id == reached[-1]]
    return named[0].solution_class if named else ""


def test_scene_calls_are_filed_rightly() -> None:
    """A third of the dialogues; `make bench-forms` has all of them, and other calls."""
    problems = solutions = with_branch = 0
    for scene, test in CALLS:
        form = build_form(scene_call(scene, test), TREE)
        problems += form.get("problem_class") == scene.label
        if solution := wanted(scene, test):
            with_branch += 1
            solutions += form.get("solution_class") == solution
    print(f"problem {problems}/{len(CALLS)}, solution {solutions}/{with_branch}")
    assert len(CALLS) > 100 and with_branch > 80
    assert problems >= 0.9 * len(CALLS) and solutions >= 0.9 * with_branch


def test_a_form_tells_the_call_with_the_turns_that_back_it() -> None:
    view = scene_test("memory.error", "跟着内存走")
    form = build_form(view, TREE)
    said = {turn_index: turn.text for turn_index, turn in enumerate(view.turns)}
    assert form.get("problem_class") == "故障/内存/内存报错"
    assert form.get("solution_class") == "派单/更换备件"
    assert form.get("customer") == "139******78"
    assert "确认可纠正错误" in form.get("course") and "确认跟着内存走" in form.get("course")
    assert form.get("solution") == "转人工（二线01）"
    turn = turn_of(form, "problem")
    assert turn is not None and "内存可纠正错误" in said[turn]
    assert [field.key for field in form.fields] == [k for k in LABELS if form.get(k)]


def test_a_branch_that_only_hands_over_is_known_by_what_leads_to_it() -> None:
    form = build_form(scene_test("memory.error", "前后不一"), TREE)
    assert form.get("solution_class") == "派单/上门服务"


def test_a_dictated_serial_number_reaches_the_form() -> None:
    scene = PACK.scene("service.repair_request")
    assert scene is not None
    named = [
        test for test in scene.tests
        if any(turn.expect.get("branch") for turn in test.turns) and "不知道" not in test.name
    ]  # fmt: skip
    form = build_form(scene_call(scene, named[0]), TREE)
    assert form.get("serial") == "YL2095370856"


def test_a_talk_with_a_seat_alone_is_filed_too() -> None:
    view = told(
        [
            ("seat", "您好，请讲"),
            ("caller", "我叫张伟，YL5280G3的电源模组告警，序列号YL二零九五三七零八五六幺"),
            ("seat", "灯是什么颜色"),
            ("caller", "黄灯，换过电源线了还是黄的，你们太差劲了"),
            ("seat", "电源坏了，我给您更换备件，明天寄到"),
            ("caller", "好的"),
        ]
    )
    form = build_form(view, TREE)
    assert form.get("product") == "YL5280G3" and turn_of(form, "product") == 1
    assert form.get("solution_class") == "派单/更换备件"
    assert form.get("problem_class").startswith("故障/电源与开机/")
    assert form.get("customer").startswith("张*")
    assert form.get("mood") == "不满" and turn_of(form, "mood") == 3
    assert "坐席告知电源坏了，我给您更换备件" in form.get("course")


def test_what_the_caller_did_not_hear_is_not_in_the_form() -> None:
    answer = facts.BotSpoke(
        1000, "先重启。再换电源线。", "answer", 1.0, 500, scene="power.no_boot", branch="no_power"
    )
    cut = facts.BotInterrupted(1500, "先重启。", "再换电源线。", 100)
    view = view_of([facts.CallerSpoke(0, "服务器开不了机", 0.9, 0, 900), answer, cut])
    assert "电源线" not in build_form(view, TREE).get("course")


@pytest.mark.parametrize(
    "said",
    [
        [],
        [("caller", "")],
        [("bot", "您好")],
        [("caller", "嗯"), ("caller", "喂")],
        [("caller", "<script>alert(1)</script>" * 50), ("seat", "' OR 1=1 --")],
        [("caller", "今天天气不错，我们中午吃什么")],
    ],
)
def test_a_call_that_tells_nothing_is_filed_under_nothing(said: list[tuple[str, str]]) -> None:
    form = build_form(told(said), TREE)
    assert form.get("problem_class") == "" and form.get("serial") == ""


def test_no_class_is_from_outside_the_tree_and_a_form_is_quick() -> None:
    views = [scene_call(scene, test) for scene, test in CALLS[::10]]
    started_s = time.process_time()
    forms = [build_form(view, TREE) for view in views]
    took_s = time.process_time() - started_s
    for form in forms:
        assert form.get("problem_class") in TREE.problem
        assert form.get("solution_class") in (*TREE.solution, "")
    assert took_s / len(forms) < 1.0, "some milliseconds, of the three seconds that are promised"


def test_homophones_of_two_characters_are_no_cue() -> None:
    form = build_form(told([("caller", "我来报修一下"), ("seat", "好的")]), TREE)
    assert form.get("problem_class") == "服务/报修"

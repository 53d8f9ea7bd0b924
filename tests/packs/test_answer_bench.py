"""How bench_answers judges a turn: by the source that is cited and the fact that is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.answer_questions import Question
from tests.bench.answer_report import Judged, Share, Verdict, write
from tests.bench.bench_answers import judge
from voicebot.dialog.events import Action, Citation, Handoff, Say, SayKind
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.session.conversation import Thought

HEADING = "YS6600 用户手册 7.5 硬盘寿命告警"
PASSAGE = "ys6600-manual.md > YS6600 用户手册 > 7 常见故障 > 7.5 硬盘寿命告警"
KNOWN = Question(
    "a", "故障", "寿命告警还能用多久", True, ("fault.life",), (HEADING,), ("ssd.wear",), ("#30",)
)
UNKNOWN = Question("u", "闲聊", "讲个笑话", False, ("product.price",), (), (), ())


def _answer(text: str, source: str) -> Say:
    return Say(text, SayKind.ANSWER, citations=(Citation(source, source),))


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        (_answer("请在三十天内更换。", "fault.life"), Verdict.RIGHT),
        (_answer("请在 30 天内更换。", PASSAGE), Verdict.RIGHT),
        (_answer("请尽快更换。", "fault.life"), Verdict.BESIDE),
        (_answer("请在三十天内更换。", "fault.other"), Verdict.WRONG),
        (_answer("请在三十天内更换。", PASSAGE.replace("7.5", "7.6")), Verdict.WRONG),
        (Say("灯是什么颜色？", SayKind.ASK, scene="ssd.wear"), Verdict.RIGHT_SCENE),
        (Say("灯是什么颜色？", SayKind.ASK, scene="power.off"), Verdict.OTHER_SCENE),
        (Say("您说的是电源吗？", SayKind.CLARIFY), Verdict.CLARIFIED),
        (Say("这个我查不到。", SayKind.REFUSE), Verdict.REFUSED),
        (Handoff("low_confidence"), Verdict.HANDED_OFF),
    ],
)
def test_an_answer_needs_the_right_source_and_the_fact(action: Action, verdict: Verdict) -> None:
    judged = judge(KNOWN, Thought(DialogState(), (action,)))
    assert judged.verdict is verdict
    assert judged.right == (verdict in {Verdict.RIGHT, Verdict.RIGHT_SCENE})


def test_where_nothing_is_known_declining_is_right_and_answering_is_not() -> None:
    def right(action: Action) -> bool:
        return judge(UNKNOWN, Thought(DialogState(), (action,))).right

    assert right(Say("这个我查不到。", SayKind.REFUSE))
    assert right(Handoff("low_confidence"))
    assert right(_answer("价格请问销售。", "product.price"))
    assert not right(_answer("五到三十五度。", "product.temperature"))
    assert not right(Say("灯是什么颜色？", SayKind.ASK, scene="power.off"))


def test_the_place_of_the_labelled_source_among_the_hits_is_noted() -> None:
    hits = tuple(
        Hit(name, kind, 0.0, "", source=source)
        for name, kind, source in [
            ("fault.other", HitKind.FAQ, HEADING),
            ("ys6600-manual.md#9", HitKind.PASSAGE, PASSAGE),
        ]
    )
    thought = Thought(DialogState(), (), (SearchResult("q", hits, 0.4),))
    assert judge(KNOWN, thought).rank == 2


def test_shares_carry_wilsons_bounds() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert Share(81, 263).bounds == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert Share(0, 20).bounds == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert str(Share(0, 0)) == "none"


def test_the_report_lists_every_miss_with_what_was_said(tmp_path: Path) -> None:
    refused = Judged(KNOWN, Verdict.REFUSED, "这个我查不到。", (), "", 0.31, 1)
    told = Judged(UNKNOWN, Verdict.WRONG, "五到三十五度。", ("product.temperature",), "")
    fine = Judged(KNOWN, Verdict.RIGHT, "三十天。", ("fault.life",), "", 0.9, 1)
    tables = write(tmp_path, [refused, told, fine])
    assert "| answered rightly | ≥ 85 % | 1/2 = 50.0 %" in tables
    assert "| said something else, all | ≤ 1 % | 1/3 = 33.3 %" in tables
    misses = (tmp_path / "answers.md").read_text(encoding="utf-8").split("## Misses")[1]
    assert "这个我查不到。" in misses and "product.temperature" in misses
    assert "三十天。" not in misses
    rows = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert [row["right"] for row in rows] == [False, False, True]

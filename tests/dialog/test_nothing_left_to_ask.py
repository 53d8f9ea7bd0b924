"""A scene's question whose words have run out: no turn ends without a question or an offer."""

from __future__ import annotations

import pytest

from tests.dialog.conftest import Caller
from tests.server_pack import server_pack
from voicebot.dialog.events import SayKind
from voicebot.dialog.state import DialogState
from voicebot.dialog.turn import Turn


@pytest.mark.parametrize("text", ["谢谢", "喂"])
def test_no_turn_leaves_a_scene_without_a_question_or_an_offer(caller: Caller, text: str) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say("做了")
    asks = (SayKind.ASK, SayKind.OFFER_HUMAN)
    for _ in range(12):
        caller.say(text)
        assert caller.says[-1].kind in asks and caller.state.scene is not None
    assert caller.says[-1].kind is SayKind.OFFER_HUMAN
    caller.say("不用")
    assert caller.says[-1].slot == "driver_ok"
    caller.say("没有")
    assert caller.state.scene is not None and caller.state.scene.values["driver_ok"] == "no"


def test_a_short_question_is_not_taken_for_asked_within_a_longer_one() -> None:
    turn = Turn(server_pack(), DialogState(spoken=("好的。面板上的黄灯亮吗？", "做过RAID了吗？")))
    assert not turn.asked("亮吗？") and not turn.asked("RAID了吗？")
    assert turn.asked("面板上的黄灯亮吗？") and turn.asked("做过RAID了吗？")

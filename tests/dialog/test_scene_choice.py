"""Two scenes that are too close to choose: one question that tells them apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.events import Found, Heard, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_match import SceneMatch, too_close
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack import Pack

FAN, MEMORY, PORT = "cooling.fan_noise", "memory.error", "network.port_down"
BOTH = "服务器网络不通，内存报错了"


@pytest.fixture
def asked(caller: Caller) -> Caller:
    """A caller who has named two faults, and was asked which."""
    caller.say(BOTH)
    assert caller.state.awaiting is Awaiting.CLARIFY
    assert {caller.state.candidate, caller.state.rival} == {MEMORY, PORT}
    return caller


def test_one_question_names_both(asked: Caller, pack: Pack) -> None:
    assert [each.kind for each in asked.says] == [SayKind.CLARIFY]
    for scene in (MEMORY, PORT):
        assert pack.scene(scene).name in asked.heard  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("reply", "scene"),
    [
        ("第一个", "candidate"),
        ("前者", "candidate"),
        ("后面那个", "rival"),
        ("第二个吧", "rival"),
        ("内存报错的问题", MEMORY),
        ("先说网络不通吧", PORT),
        ("就是内存报错", MEMORY),
    ],
)
def test_the_reply_chooses(asked: Caller, reply: str, scene: str) -> None:
    wanted = getattr(asked.state, scene, scene)
    asked.say(reply)
    assert asked.state.scene is not None and asked.state.scene.scene == wanted
    assert asked.state.rival == ""


def test_neither_starts_none(asked: Caller) -> None:
    asked.say("都不是")
    assert asked.state.scene is None
    assert asked.says[0].kind is SayKind.CLARIFY


def test_it_is_asked_once_only(asked: Caller) -> None:
    asked.say(BOTH + "啊")
    assert asked.state.scene is not None and asked.state.rival == ""


def test_a_clear_lead_needs_no_question(pack: Pack) -> None:
    match = SceneMatch(pack)
    assert too_close(match.rank(BOTH, {}), 0.3)
    assert not too_close(match.rank("风扇声音太大", {}), 0.3)
    assert too_close(match.rank("机器有点问题", {FAN: 0.5, PORT: 0.55}), 0.3)
    assert not too_close(match.rank("机器有点问题", {FAN: 0.35, PORT: 0.6}), 0.3)
    assert not too_close(match.rank("机器有点问题", {FAN: 0.28, PORT: 0.29}), 0.3)


def test_a_vetoed_scene_is_no_rival(pack: Pack) -> None:
    match = SceneMatch(pack)
    ranked = match.rank("怎么配置RAID", {"storage.disk_not_detected": 0.9, FAN: 0.2})
    assert not too_close(ranked, 0.1)


def test_retrievals_rivals_count(dialog: Dialog) -> None:
    state = dialog.step(dialog.start()[0], Heard("这机器今天有点不对劲"))[0]
    hit = Hit(FAN, HitKind.SCENE, 0.2, "风扇")
    result = SearchResult("q", (), 0.0, hit, 0.56, rivals=((PORT, 0.55),))
    state, actions = dialog.step(state, Found(result))
    assert state.rival == PORT and len(actions) == 1


def test_scenes_of_one_name_are_told_apart_by_product(pack: Pack) -> None:
    fan = pack.scene(FAN)
    assert fan is not None
    models = ("YL5280G3", "YS2200")
    twins = replace(
        pack,
        scenes=tuple(
            replace(fan, id=f"fan.{nth}", product=model) for nth, model in enumerate(models)
        ),
    )
    caller = Caller(Dialog(twins, answer_risk=0.5))
    caller.say("风扇声音太大")
    assert "YL5280G3，还是YS2200" in caller.heard
    caller.say("YS2200")
    assert caller.state.scene is not None and caller.state.scene.scene == "fan.1"


def test_a_state_of_another_version_is_refused() -> None:
    kept = {**DialogState().to_dict(), "version": 0}
    with pytest.raises(ValueError, match="expected a dialog state of version 5, got 0"):
        DialogState.from_dict(kept)

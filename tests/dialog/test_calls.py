"""Calls around the scenes: answers, refusals, courtesies, hand-offs, silence, keys."""

from __future__ import annotations

import json
import re

import pytest

from tests.dialog.conftest import Caller
from voicebot.dialog.confidence import combined
from voicebot.dialog.events import CallStarted, Digit, Found, HandoffEnded, Heard, NoInput, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState, Phase
from voicebot.knowledge.api import SearchResult


def test_greeting(dialog: Dialog) -> None:
    state, (greeting,) = dialog.start()
    assert getattr(greeting, "kind", None) is SayKind.GREETING
    assert dialog.step(state, CallStarted())[1] == (), "a call is greeted once"


def test_an_answer_has_its_source_and_its_confidence(caller: Caller) -> None:
    caller.say("保修多久", confidence=0.8)
    (answer, *_) = caller.says
    assert answer.text == "整机保修三年，从发货日算起。电池和耗材保修一年。"
    assert answer.citations[0].id == "service.warranty"
    assert answer.citations[0].quote in answer.text
    assert answer.confidence == pytest.approx(0.8 * 0.9)


def test_a_long_answer_goes_on_when_asked(caller: Caller) -> None:
    caller.say("保修多久")
    second = caller.say("继续")
    assert second.startswith("上门服务要另外购买。")
    assert caller.says[0].citations[0].id == "service.warranty"
    assert "付费维修" in caller.say("嗯，接着说") + second


def test_a_long_answer_stops_when_told(caller: Caller) -> None:
    caller.say("保修多久")
    caller.say("不用了")
    assert "上门" not in caller.heard
    caller.say("没有了")
    assert caller.hung_up


def test_what_is_not_known_is_refused_with_an_offer(caller: Caller) -> None:
    caller.say("今天股票怎么样")
    assert caller.says[0].kind is SayKind.REFUSE
    assert caller.says[0].citations == ()
    assert len(re.findall("？", caller.heard)) <= 2
    caller.say("好，转吧")
    assert caller.handoff is not None
    assert caller.handoff.reason == "low_confidence"
    assert caller.handoff.facts["未解答的问题"] == "今天股票怎么样"


def test_a_declined_offer_goes_on(caller: Caller) -> None:
    caller.say("今天股票怎么样")
    caller.say("不用")
    assert caller.handoff is None and not caller.hung_up
    caller.say("保修多久")
    assert caller.says[0].kind is SayKind.ANSWER


def test_a_new_question_instead_of_yes_or_no(caller: Caller) -> None:
    caller.say("今天股票怎么样")
    caller.say("不用，那保修多久呢")
    assert caller.says[0].kind is SayKind.ANSWER


def test_three_failures_in_a_row_bring_a_human(caller: Caller) -> None:
    for text in ("今天股票怎么样", "那外卖呢", "彩票中奖了吗"):
        assert caller.handoff is None
        caller.say(text)
    assert caller.handoff is not None and caller.handoff.reason == "low_confidence"


def test_a_success_forgets_the_failures(caller: Caller) -> None:
    for text in ("今天股票怎么样", "那外卖呢", "保修多久", "彩票中奖了吗", "天气好吗"):
        caller.say(text)
    assert caller.handoff is None


@pytest.mark.parametrize("text", ["转人工", "专人工", "我要跟人说话", "叫你们工程师来"])
def test_a_human_at_any_time(caller: Caller, text: str) -> None:
    caller.say("有台服务器看不到硬盘")
    caller.say(text)
    assert caller.handoff is not None and caller.handoff.reason == "requested"
    assert caller.handoff.facts["现象"] == "看不到硬盘"
    assert caller.says[-1].kind is SayKind.HANDOFF


@pytest.mark.parametrize("text", ["机器冒烟了", "看不到硬盘 还有焦味", "我被电了 漏电"])
def test_danger_comes_first(caller: Caller, text: str) -> None:
    caller.say(text)
    assert caller.handoff is not None and caller.handoff.reason == "danger"
    assert "断" in caller.heard


def test_denied_danger_is_none(caller: Caller) -> None:
    caller.say("没有冒烟 就是看不到硬盘")
    assert caller.handoff is None


def test_zero_brings_a_human_and_other_keys_nothing(caller: Caller) -> None:
    assert caller.send(Digit("5")) == ()
    caller.send(Digit("0"))
    assert caller.handoff is not None and caller.handoff.reason == "requested"
    assert caller.send(Digit("0")) == ()


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "declined", "unreachable", "failed"])
def test_a_failed_handoff_is_told_and_the_call_goes_on(caller: Caller, outcome: str) -> None:
    caller.say("转人工")
    caller.say("喂")
    assert caller.says[0].kind is SayKind.HANDOFF and caller.handoff is None
    caller.send(HandoffEnded(outcome))
    assert caller.says and caller.state.phase is Phase.TALKING
    caller.say("保修多久")
    assert caller.says[0].kind is SayKind.ANSWER


@pytest.mark.parametrize("outcome", ["accepted", "caller_gone"])
def test_after_a_handoff_the_bot_is_silent(caller: Caller, outcome: str) -> None:
    caller.say("转人工")
    assert caller.send(HandoffEnded(outcome)) == ()
    assert caller.send(Heard("你好")) == ()


def test_who_stays_silent_is_asked_twice_and_then_told_goodbye(caller: Caller) -> None:
    asked = []
    for _ in range(2):
        caller.send(NoInput())
        asked.append(caller.says[-1].text)
        assert caller.says[-1].kind is SayKind.NO_INPUT and not caller.hung_up
    assert asked[0] != asked[1]
    caller.send(NoInput())
    assert caller.hung_up and caller.says[-1].kind is SayKind.GOODBYE
    assert "没有听到" in caller.says[-1].text
    assert caller.send(Heard("喂")) == ()


def test_a_word_between_silences_starts_the_count_again(caller: Caller) -> None:
    caller.send(NoInput())
    caller.say("你好")
    caller.send(NoInput())
    assert not caller.hung_up


def test_courtesies(caller: Caller) -> None:
    caller.say("你好")
    assert caller.says[-1].kind is SayKind.CLARIFY
    caller.say("谢谢")
    assert "吗" in caller.heard or "什么" in caller.heard
    caller.say("没有了")
    assert caller.hung_up


def test_a_doubtful_scene_is_asked_about(caller: Caller) -> None:
    assert "硬盘不识别" in caller.say("好像硬盘有点毛病")
    caller.say("对")
    assert caller.says[-1].slot == "symptom"


def test_a_wrong_guess_is_dropped(caller: Caller) -> None:
    caller.say("好像硬盘有点毛病")
    caller.say("不是")
    assert caller.state.scene is None and caller.handoff is None
    caller.say("保修多久")
    assert caller.says[0].kind is SayKind.ANSWER


def test_a_garbled_turn_is_asked_again_not_refused(caller: Caller) -> None:
    caller.say("木头人花生", confidence=0.2)
    assert caller.says[0].kind is SayKind.CLARIFY
    caller.say("")
    assert caller.says[0].kind is SayKind.CLARIFY


def test_how_to_is_answered_even_if_it_sounds_like_a_scene(dialog: Dialog) -> None:
    from tests.dialog.conftest import ADDRESS
    from voicebot.knowledge.api import Hit, HitKind

    scene = Hit("storage.disk_not_detected", HitKind.SCENE, 1.0, "硬盘不识别")
    state, _ = dialog.start()
    state, _ = dialog.step(state, Heard("怎么配置硬盘的RAID"))
    result = SearchResult("q", (ADDRESS,), 0.8, scene=scene, scene_probability=0.6)
    _, actions = dialog.step(state, Found(result))
    assert getattr(actions[0], "kind", None) is SayKind.ANSWER


def test_an_unknown_scene_in_a_result_is_ignored(dialog: Dialog) -> None:
    from voicebot.knowledge.api import Hit, HitKind

    ghost = Hit("no.such_scene", HitKind.SCENE, 1.0, "?")
    state, _ = dialog.start()
    state, _ = dialog.step(state, Heard("服务器有问题"))
    result = SearchResult("q", (), 0.1, scene=ghost, scene_probability=0.9)
    _, actions = dialog.step(state, Found(result))
    assert getattr(actions[0], "kind", None) is SayKind.REFUSE


def test_a_late_result_changes_nothing(caller: Caller) -> None:
    before = caller.state
    assert caller.send(Found(SearchResult("q", (), 0.9))) == ()
    assert caller.state == before


def test_the_state_is_plain_data(caller: Caller) -> None:
    for text in ("看不到硬盘", "不知道", "做了RAID5", "保修多久", "转人工"):
        caller.say(text)
        plain = json.loads(json.dumps(caller.state.to_dict(), ensure_ascii=False))
        assert DialogState.from_dict(plain) == caller.state


def test_same_events_same_actions(dialog: Dialog) -> None:
    texts = ["看不到硬盘", "保修多久", "没做", "继续", "好的", "还是不行", "不用", "谢谢"]
    runs = []
    for _ in range(2):
        caller = Caller(dialog)
        runs.append([caller.send(Heard(text)) for text in texts])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("parts", "value"),
    [((1.0,), 1.0), ((0.5, 0.5), 0.25), ((1.0, 1.0, 1), 0.9), ((7.0,), 1.0), ((-1.0,), 0.0)],
)
def test_confidence_is_a_product(parts: tuple[float, ...], value: float) -> None:
    assert combined(*parts) == pytest.approx(value)  # type: ignore[arg-type]


def test_confidence_of_nonsense_is_none() -> None:
    assert combined(float("nan")) == 0.0

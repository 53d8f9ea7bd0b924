"""Whatever callers say, every scene of the demo company keeps its promises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialog.conftest import WARRANTY, Caller
from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.events import Digit, Event, Heard, NoInput, Paused, Say, SayKind
from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.state import DialogState, Phase
from voicebot.dialog.textforms import clean
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.scenes.model import Scene, Slot, SlotType

PACK = server_pack()
MOVES = (
    "不知道", "不清楚，在哪看", "等一下我去看看", "再说一遍", "不对", "不是", "对", "没有", "有",
    "是的", "嗯", "好的", "谢谢", "保修多久", "你们食堂在哪里", "还是不行", "解决了", "说错了",
    "什么意思", "啊", "两个", "没做 不对 做了", "继续", "这边信号不好", "YL5280G3", "今天天气真好",
)  # fmt: skip


def caller_of(scene: Scene) -> Caller:
    """A caller who has just named the scene; later searches find the warranty or nothing."""

    def search(query: str) -> SearchResult:
        if "保修" in query:
            return SearchResult(query, (WARRANTY,), 0.9)
        hit = Hit(scene.id, HitKind.SCENE, 1.0, scene.name)
        first = query == clean(scene.triggers[0])
        return SearchResult(query, (), 0.0, hit if first else None, float(first))

    caller = Caller(server_dialog(), search=search)
    caller.say(scene.triggers[0])
    return caller


def phrases(scene: Scene) -> tuple[str, ...]:
    """What callers say in this scene: its own words, and the usual moves."""
    own = [phrase for slot in scene.slots for choice in slot.choices for phrase in choice.say]
    for slot in scene.slots:
        own += [*slot.affirm, *slot.deny, *(f"{word}没有" for word in slot.about)]
    return (*own, *MOVES)


def turns(scene: Scene) -> st.SearchStrategy[list[Event]]:
    words = st.sampled_from(phrases(scene))
    breath = st.lists(words, min_size=1, max_size=3).map(" ".join)
    heard: st.SearchStrategy[Event] = st.builds(Heard, breath, st.sampled_from([1.0, 0.6, 0.2]))
    rare: st.SearchStrategy[Event] = st.sampled_from(
        [NoInput(), Digit("1"), Digit("#"), Paused(60_000), Heard("嗯嗯啊啊", 0.1)]
    )
    return st.lists(st.one_of(heard, heard, heard, heard, rare), max_size=18)


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_a_trigger_starts_its_scene(scene: Scene) -> None:
    caller = caller_of(scene)
    run = caller.state.scene or caller.state.closed
    assert run is not None and run.scene == scene.id


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_no_caller_breaks_a_scene(scene: Scene, data: st.DataObject) -> None:
    caller = caller_of(scene)  # checks repeats, confidence and the state as JSON on each turn
    for event in data.draw(turns(scene)):
        talking = caller.state.phase is Phase.TALKING
        caller.send(event)
        if talking and isinstance(event, Heard | NoInput):
            dictating = caller.state.scene is not None and caller.state.scene.dictations
            assert caller.actions or dictating, f"dead air after {event}"
        questions = [each for each in caller.says if asks(each)]
        assert len(questions) <= 1, [each.text for each in questions]
        run = caller.state.scene
        if run is not None:
            running = PACK.scene(run.scene)
            assert running is not None
            assert run.turns <= running.limits.max_turns
            assert all(count <= running.limits.max_asks for count in run.asked.values())
            for each in running.contradictions:
                assert run.raised.get(each.id, 0) <= each.max


def asks(say: Say) -> bool:
    return bool(say.slot) and say.kind in (SayKind.ASK, SayKind.CONTRADICTION)


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
@given(data=st.data())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_a_scene_ends_whatever_is_said(scene: Scene, data: st.DataObject) -> None:
    """A branch, a hand-over or the limit: a caller who goes on and on is not asked for ever."""
    words = [word for word in phrases(scene) if word not in ("等一下我去看看", "再说一遍", "谢谢")]
    said = data.draw(st.lists(st.sampled_from(words), min_size=30, max_size=30))
    caller = caller_of(scene)
    for text in said:
        if caller.state.scene is None or caller.state.phase is not Phase.TALKING:
            return
        caller.say(text)
    raise AssertionError(f"still asking after {len(said)} turns: {said}")


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_not_knowing_anything_ends_in_a_few_turns(scene: Scene) -> None:
    caller = caller_of(scene)
    for _ in range(2 * len(scene.slots) + 1):
        if caller.state.scene is None or caller.state.phase is not Phase.TALKING:
            return
        caller.say("这个我不知道")
    raise AssertionError("a caller who knows nothing was asked on and on")


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_a_state_kept_in_mid_call_goes_on_as_if_nothing_had_been(scene: Scene) -> None:
    """Each test dialogue of the scene, with the state stored as JSON and read between turns."""
    for test in scene.tests:
        kept, straight = caller_of(scene), caller_of(scene)
        for turn in test.turns:
            events: list[Event] = [Digit(key) for key in turn.keys] or [Heard(turn.say)]
            for event in [Paused(60_000)] if turn.pause else events:
                kept.state = DialogState.from_dict(json.loads(json.dumps(kept.state.to_dict())))
                assert kept.send(event) == straight.send(event)


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_waiting_repeating_and_digressing_lead_back_to_the_question(scene: Scene) -> None:
    caller = caller_of(scene)
    question, run = caller.says[-1], caller.state.scene
    if run is None:
        assert caller.state.closed is not None and not asks(question), "answered at once"
        return
    assert question.slot == run.asking != ""
    assert question.text in caller.say("你再说一遍"), "repeated"
    caller.say("等一下我去看看")
    assert caller.state.waiting and not any(asks(each) for each in caller.says), "waits"
    caller.send(NoInput())
    assert not caller.hung_up and caller.handoff is None
    caller.say("顺便问一下保修多久")
    assert caller.says[0].citations and caller.says[-1].slot == question.slot, "digressed, returned"
    after = caller.state.scene
    assert after is not None and after.values == run.values and after.asking == run.asking
    caller.say("给我转人工")
    assert caller.handoff is not None and caller.handoff.reason == "requested"
    assert caller.handoff.facts["场景"] == scene.name


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_every_value_can_be_said_and_corrected(scene: Scene) -> None:
    """What is said is what is filled, for every phrase of every value; 不对，是… replaces it."""
    filler = Filler(Canonicalizer(PACK.lexicon))
    for slot in scene.slots:
        if slot.type is SlotType.ENUM and slot.asks and len(slot.choices) > 1:
            said_and_corrected(filler, scene, slot)


def said_and_corrected(filler: Filler, scene: Scene, slot: Slot) -> None:
    for choice in slot.choices:
        for phrase in choice.say:
            found = {each.slot: each.value for each in filler.fill(scene, phrase, slot.id)}
            assert found.get(slot.id) == choice.value, f"{phrase} gives {found}"
    first, other = slot.choices[0], slot.choices[1]
    text = f"{first.say[0]}，不对，是{other.say[0]}"
    found = {each.slot: each.value for each in filler.fill(scene, text, slot.id)}
    assert found.get(slot.id) == other.value, f"{text} gives {found}"

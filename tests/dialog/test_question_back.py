"""A FAQ that is near, and not near enough to be said, is asked back before anything is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicebot.dialog.events import Action, Found, Handoff, Heard, Say, SayKind, Search
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.dialog.topic import Topic
from voicebot.knowledge.api import Hit, HitKind, SearchResult

ASKED = "断电以后想让它自己起来在哪改"
FAQ = Hit("t.auto", HitKind.FAQ, 0.0, "进BIOS改成总是开机。", "怎么设置来电自动开机", "手册 12")
PASSAGE = Hit("m#1", HitKind.PASSAGE, 0.0, "进BIOS改成总是开机。", "手册 > 12", "手册 12")


def found(dialog: Dialog, hit: Hit, sure: float) -> tuple[DialogState, tuple[Action, ...]]:
    state, _ = dialog.start()
    state, _ = dialog.step(state, Heard(ASKED))
    return dialog.step(state, Found(SearchResult(ASKED, (hit,), sure)))


def says(actions: tuple[Action, ...]) -> list[Say]:
    return [action for action in actions if isinstance(action, Say)]


def test_a_near_faq_is_asked_back_and_answered_on_a_yes(dialog: Dialog) -> None:
    state, actions = found(dialog, FAQ, 0.3)
    assert [say.kind for say in says(actions)] == [SayKind.CLARIFY]
    assert FAQ.title in says(actions)[0].text and state.awaiting is Awaiting.CLARIFY
    assert DialogState.from_dict(state.to_dict()) == state
    state, actions = dialog.step(state, Heard("对"))
    assert [a.query for a in actions if isinstance(a, Search)] == [FAQ.title]
    state, actions = dialog.step(state, Found(SearchResult(FAQ.title, (FAQ,), 0.9)))
    assert says(actions)[0].text == FAQ.text


def test_on_a_no_the_caller_is_asked_to_say_it(dialog: Dialog) -> None:
    state, _ = found(dialog, FAQ, 0.3)
    state, actions = dialog.step(state, Heard("不是"))
    assert not any(isinstance(action, Search) for action in actions)
    assert says(actions) and state.awaiting is not Awaiting.CLARIFY


def test_what_was_asked_back_is_what_the_talk_is_about_on_a_yes_only(dialog: Dialog) -> None:
    talk = Topic("硬盘怎么换", "硬盘", "直接换。", "t.disk")
    state = replace(dialog.start()[0], topic=talk)
    state, _ = dialog.step(state, Heard(ASKED))
    asked, _ = dialog.step(state, Found(SearchResult(ASKED, (FAQ,), 0.3)))
    assert asked.awaiting is Awaiting.CLARIFY
    state, _ = dialog.step(asked, Heard("不是"))
    assert state.topic == talk
    _, actions = dialog.step(state, Heard("那它支持热插拔吗"))
    assert [a.query for a in actions if isinstance(a, Search)] == ["硬盘支持热插拔吗"]
    state, _ = dialog.step(asked, Heard("对"))
    state, _ = dialog.step(state, Found(SearchResult(FAQ.title, (FAQ,), 0.9)))
    assert state.topic is not None and state.topic.question == FAQ.title


def test_the_same_question_is_asked_back_once(dialog: Dialog) -> None:
    state, _ = found(dialog, FAQ, 0.3)
    state, _ = dialog.step(state, Heard(ASKED))
    state, actions = dialog.step(state, Found(SearchResult(ASKED, (FAQ,), 0.3)))
    assert says(actions)[0].kind is SayKind.REFUSE


@pytest.mark.parametrize(("hit", "sure"), [(FAQ, 0.1), (PASSAGE, 0.3)])
def test_what_is_far_or_has_no_question_is_refused(dialog: Dialog, hit: Hit, sure: float) -> None:
    _, actions = found(dialog, hit, sure)
    assert says(actions)[0].kind is SayKind.REFUSE


def test_what_was_declined_is_not_asked_again_and_three_in_a_row_bring_a_human(
    dialog: Dialog,
) -> None:
    other = replace(FAQ, id="t.other", title="怎么设置定时开机")
    state, _ = dialog.start()
    asked = []
    for hit in (FAQ, other, FAQ, other):
        state, _ = dialog.step(state, Heard(ASKED))
        state, actions = dialog.step(state, Found(SearchResult(ASKED, (hit,), 0.3)))
        asked += [hit.title for say in says(actions) if hit.title in say.text]
        if any(isinstance(action, Handoff) for action in actions):
            break
        state, _ = dialog.step(state, Heard("不是"))
    else:
        raise AssertionError("asked back for ever")
    assert asked == [FAQ.title, other.title]

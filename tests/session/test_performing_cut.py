"""A thought that is cut leaves in the dialog's memory what was heard of all that it was to say."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from voicebot.dialog.events import Citation, Say, SayKind
from voicebot.dialog.state import DialogState
from voicebot.session.conversation import Thought
from voicebot.session.performing import Performing

ANSWER = "先关机拔掉电源线。再按住弹片取下电池。"
MORE = "后面还有两步，要继续吗？"
SAYS = (
    Say(ANSWER, SayKind.ANSWER, citations=(Citation("faq.battery", "手册 5"),)),
    Say(MORE, SayKind.ASK),
)
SAID = DialogState(said=MORE, spoken=("您好。", ANSWER, MORE), answered=("faq.battery",))


def state_after_cut(unheard: str, *, number: int) -> DialogState:
    """What is remembered where the `number`th utterance (from 0) is cut before `unheard`."""
    talk = SimpleNamespace(state=DialogState(), committed=False, cut=None, interruptible=True)
    sounding = asyncio.Event()

    async def say(say: Say, budget: Any, on_first_sound: Any, thought: Any) -> None:
        on_first_sound()
        if say == SAYS[number]:
            sounding.set()
            await asyncio.Event().wait()

    parts: dict[str, Any] = {
        "speculations": SimpleNamespace(begun=lambda: None),
        "mouth": None,
        "speaking": SimpleNamespace(say=say),
        "hand_off": None,
        "listen_on": lambda: None,
        "book": None,
    }
    performing = Performing(cast(Any, talk), **parts)

    async def call() -> None:
        task = asyncio.create_task(performing.perform(Thought(SAID, SAYS), None))
        await asyncio.wait_for(sounding.wait(), 30)
        task.cancel()
        await asyncio.wait((task,))
        performing.cut(unheard, question_heard=number == 1 and unheard == "")

    asyncio.run(call())
    state = talk.state
    assert isinstance(state, DialogState)
    return state


@pytest.mark.parametrize(
    ("number", "unheard", "spoken", "answered"),
    [
        (0, ANSWER, (), ()),
        (0, "再按住弹片取下电池。", ("先关机拔掉电源线。",), ("faq.battery",)),
        (0, "取下电池。", ("先关机拔掉电源线。",), ("faq.battery",)),
        (0, "", (ANSWER,), ("faq.battery",)),
        (1, MORE, (ANSWER,), ("faq.battery",)),
    ],
)
def test_what_was_not_heard_was_not_said(
    number: int, unheard: str, spoken: tuple[str, ...], answered: tuple[str, ...]
) -> None:
    state = state_after_cut(unheard, number=number)
    assert state.spoken == ("您好。", *spoken)
    assert state.answered == answered

"""What a key means is worked out in the state that its interruption has left."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from voicebot.dialog.events import Digit
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.session.conversation import Thought
from voicebot.session.keypad import Keypad

OFFERED = DialogState(awaiting=Awaiting.OFFER)


@pytest.mark.parametrize("cut", [True, False])
def test_a_key_does_not_bring_back_what_was_cut_unheard(cut: bool) -> None:
    talk = SimpleNamespace(state=OFFERED, interruptible=True)
    considered: list[DialogState] = []
    kept: list[DialogState] = []

    async def consider(state: DialogState, event: Digit) -> Thought:
        considered.append(state)
        return Thought(state, ())

    def interrupt() -> None:
        if cut:
            talk.state = DialogState()  # the offer was not heard

    parts: Any = (
        SimpleNamespace(consider=consider),
        SimpleNamespace(drop=lambda: None),
        SimpleNamespace(interrupt=interrupt, start=lambda work: None, perform=lambda *_: None),
        SimpleNamespace(runs=True, keyed=lambda thought: kept.append(thought.state)),
    )
    keypad = Keypad(talk, *parts, opt_out_digit="", watchdog_s=1.0)  # type: ignore[arg-type]
    asyncio.run(keypad._act_on("1"))
    assert [state.awaiting for state in kept] == [Awaiting.NOTHING if cut else Awaiting.OFFER]
    assert len(considered) == 1 + cut

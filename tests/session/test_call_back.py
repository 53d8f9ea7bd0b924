"""A call back is promised only once it is on disk."""

from __future__ import annotations

import pytest

from tests.session.fakes import (
    EchoConversation,
    ScriptedDesk,
    ScriptedRecognizer,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.dialog.events import BookCallBack, Say, SayKind
from voicebot.session import events as facts
from voicebot.turns.scheduler import InferenceScheduler

BOOKING = BookCallBack("", "明天上午")
BOOKED = "好的已经登记了"


@pytest.mark.parametrize("books", [True, False])
def test_what_could_not_be_booked_is_not_said_to_be(
    scheduler: InferenceScheduler, books: bool
) -> None:
    desk = ScriptedDesk(books=books)
    conversation = EchoConversation({"可以": (BOOKING, Say(BOOKED, SayKind.CLARIFY))})
    rig = Rig(ScriptedRecognizer(["可以"]), conversation=conversation, desk=desk)
    events = rig.run(audio(quiet(GREETING_MS + 500), tone(800), quiet(1500)), scheduler)
    said = [event.text for event in of(events, facts.BotSpoke)]
    assert desk.booked == [BOOKING]
    assert (BOOKED in said) is books
    assert any("登记不上" in text for text in said) is not books

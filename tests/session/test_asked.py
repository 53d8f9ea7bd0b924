"""What an utterance asks for, and what a seat is told of one that was cut."""

from __future__ import annotations

import pytest

from telephony import CallInfo
from voicebot.dialog.events import Handoff, Say, SayKind
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.scenes.model import SlotType
from voicebot.session import events as facts
from voicebot.session.asked import expected_answer
from voicebot.session.story import Story
from voicebot.settings.tree import SERVER_PACK
from voicebot.turns.endpoint import ExpectedAnswer


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(SERVER_PACK)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SlotType.BOOL, ExpectedAnswer.YES_NO),
        (SlotType.ENUM, ExpectedAnswer.CHOICE),
        (SlotType.REGEX, ExpectedAnswer.OPEN),
        (SlotType.TERM, ExpectedAnswer.OPEN),
        (SlotType.NUMBER, ExpectedAnswer.NUMBER),
    ],
)
def test_a_scenes_question_asks_for_what_its_slot_takes(
    pack: Pack, kind: SlotType, expected: ExpectedAnswer
) -> None:
    asked = [(s.id, slot) for s in pack.scenes for slot in s.slots if slot.type is kind]
    for scene, slot in asked:
        say = Say("……", SayKind.ASK, scene=scene, slot=slot.id)
        assert expected_answer(pack, say, DialogState()) is expected
    assert asked or kind in (SlotType.REGEX, SlotType.TERM, SlotType.NUMBER)


def test_an_offer_asks_for_yes_or_no_and_a_statement_for_nothing(pack: Pack) -> None:
    offered = DialogState(awaiting=Awaiting.OFFER)
    offer = Say("要不要我帮您转人工工程师？", SayKind.OFFER_HUMAN)
    answer = Say("先看电源灯。", SayKind.ANSWER)
    assert expected_answer(pack, offer, offered) is ExpectedAnswer.YES_NO
    assert expected_answer(pack, answer, offered) is ExpectedAnswer.OPEN
    which = DialogState(awaiting=Awaiting.CLARIFY, candidate="a", rival="b")
    assert expected_answer(pack, Say("是甲，还是乙？", SayKind.CLARIFY), which) is (
        ExpectedAnswer.CHOICE
    )
    anything = Say("还有别的问题吗？", SayKind.ASK)
    state = DialogState(awaiting=Awaiting.ELSE)
    assert expected_answer(pack, anything, state) is ExpectedAnswer.OPEN, "it may be a long one"


@pytest.mark.parametrize("heard", ["先看电源灯。", ""])
def test_the_seat_is_told_only_what_was_heard(pack: Pack, heard: str) -> None:
    story = Story(pack, CallInfo("1", "13800138000", "400"))
    cited = ({"id": "1", "source": "手册", "quote": ""},)
    story(facts.BotSpoke(0, "先看电源灯。再看风扇。", "answer", 1.0, None, cited))
    story(facts.BotInterrupted(900, heard, "再看风扇。", 400))
    told = repr(story.package(Handoff("requested"), DialogState()))
    assert ("先看电源灯" in told) is bool(heard)

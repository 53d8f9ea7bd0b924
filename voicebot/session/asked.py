"""What kind of answer an utterance of the bot's asks for."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.dialog.events import Say, SayKind
from voicebot.dialog.state import Awaiting, DialogState
from voicebot.pack import Pack
from voicebot.turns.endpoint import ExpectedAnswer

Expects = Callable[[Say, DialogState], ExpectedAnswer]

_BY_SLOT = {
    "bool": ExpectedAnswer.YES_NO,
    "enum": ExpectedAnswer.CHOICE,
    "number": ExpectedAnswer.NUMBER,
    "digits": ExpectedAnswer.NUMBER,
    "serial": ExpectedAnswer.NUMBER,
}
# Not those of `unheard`: 还有别的问题吗 may be answered at length, a cut answer be gone on with.
_YES_NO = (Awaiting.OFFER, Awaiting.CLARIFY, Awaiting.MORE, Awaiting.HELPED, Awaiting.SEND)


def nothing_expected(say: Say, state: DialogState) -> ExpectedAnswer:
    """For a talk without a pack."""
    return ExpectedAnswer.OPEN


def expected_answer(pack: Pack, say: Say, state: DialogState) -> ExpectedAnswer:
    """The answer that `say` asks for, in the state that it was committed with."""
    if say.kind is SayKind.READ_BACK:
        return ExpectedAnswer.YES_NO
    scene = pack.scene(say.scene) if say.scene and say.slot else None
    if scene is not None:
        return _BY_SLOT.get(scene.slot(say.slot).type, ExpectedAnswer.OPEN)
    if state.awaiting is Awaiting.CLARIFY and state.rival:
        return ExpectedAnswer.CHOICE  # which of two scenes
    asks = say.text.endswith(("？", "?"))
    return ExpectedAnswer.YES_NO if asks and state.awaiting in _YES_NO else ExpectedAnswer.OPEN

"""Written calls as they would be kept: played through the dialog, turned into a `CallView`."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tests.dialog.scripted import Script
from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.dictation_view import DictationView
from voicebot.dialog.events import Digit, Event, Found, Handoff, HangUp, Heard, Paused, Say, Search
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.records.views import CallRow, CallView, EventView, build_view
from voicebot.scenes.model import Scene, SceneTest
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Conversation

TURN_MS = 4000


def view_of(events: Iterable[facts.SessionEvent], caller: str = "139******78") -> CallView:
    """The events of a call as the store gives them back."""
    listed = []
    for seq, event in enumerate(events):
        data = facts.to_dict(event)
        kind, at_ms = data.pop("event"), data.pop("at_ms")
        listed.append(EventView(seq, at_ms, kind, data))
    started = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    ended = started + timedelta(milliseconds=listed[-1].at_ms if listed else 0)
    row = CallRow(
        str(uuid.uuid5(uuid.NAMESPACE_OID, repr(listed))), started, ended, caller, "4001", "server",
        "pcma", "caller_hung_up", "remote", "", 1000,
    )  # fmt: skip
    return build_view(row, None, listed)


def told(turns: Sequence[tuple[str, str]]) -> CallView:
    """A call of which only the words are kept: (who, text), who is caller, bot or seat."""
    events: list[facts.SessionEvent] = []
    for nth, (who, text) in enumerate(turns):
        at_ms = nth * TURN_MS
        if who == "caller":
            events.append(facts.CallerSpoke(at_ms, text, 0.9, at_ms - 900, at_ms))
        elif who == "bot":
            events.append(facts.BotSpoke(at_ms, text, "ask", 1.0, 500))
        else:
            events.append(SeatTurn(at_ms, text, 0.9))
    return view_of(events)


@dataclasses.dataclass(frozen=True)
class SeatTurn(facts.SessionEvent):
    """What a seat said, under the name that records know it by."""

    text: str
    confidence: float


SeatTurn.__name__ = "SeatSpoke"


def scene_call(scene: Scene, test: SceneTest) -> CallView:
    """A scene's own dialogue as it is kept."""
    return view_of(scene_talk(scene, test)[0])


def scene_talk(scene: Scene, test: SceneTest) -> tuple[list[facts.SessionEvent], DialogState]:
    """A scene's own dialogue, and the dialog's state after it; the scene is what a search finds."""
    dialog = server_dialog()
    state, actions = dialog.start()
    events = _spoken(0, actions)
    for nth, turn in enumerate(test.turns, 1):
        at_ms = nth * TURN_MS
        before = DictationView(server_pack()).agreed(state)
        happened: list[Event] = [Heard(turn.say)] if turn.say else [Digit(k) for k in turn.keys]
        happened = happened or [Paused(4000)]
        if turn.say:
            events.append(facts.CallerSpoke(at_ms, turn.say, 0.9, at_ms - 900, at_ms))
        for event in happened:
            state, actions = dialog.step(state, event)
            search = next((each for each in actions if isinstance(each, Search)), None)
            if search is not None:
                hit = Hit(scene.id, HitKind.SCENE, 1.0, scene.name) if state.scene is None else None
                result = SearchResult(search.query, (), 0.0, hit, float(hit is not None))
                state, more = dialog.step(state, Found(result))
                actions = (*actions, *more)
            for number in DictationView(server_pack()).agreed(state):
                if number not in before:
                    events.append(
                        facts.NumberDictated(
                            at_ms, number.scene, number.slot, number.label, number.value
                        )
                    )
            before = DictationView(server_pack()).agreed(state)
            events += _spoken(at_ms + 500, actions)
            if any(isinstance(each, Handoff | HangUp) for each in actions):
                return events, state
    return events, state


async def script_call(script: Script, conversation: Conversation) -> CallView:
    """A scripted call through the pack's own search."""
    thought = conversation.start()
    events = _spoken(0, thought.actions)
    for nth, (text, _) in enumerate(script.turns, 1):
        at_ms = nth * TURN_MS
        events.append(facts.CallerSpoke(at_ms, text, 1.0, at_ms - 900, at_ms))
        thought = await conversation.consider(thought.state, Heard(text))
        for result in thought.searches:
            events.append(report.searched(at_ms, result, thought.chosen_by))
        events += _spoken(at_ms + 500, thought.actions)
        if any(isinstance(each, Handoff | HangUp) for each in thought.actions):
            break
    return view_of(events)


def _spoken(at_ms: int, actions: Iterable[object]) -> list[facts.SessionEvent]:
    events: list[facts.SessionEvent] = []
    for each in actions:
        if isinstance(each, Say):
            events.append(report.bot_spoke(at_ms, each, None))
        elif isinstance(each, Handoff):
            events.append(facts.HandoffStarted(at_ms, each.reason, each.skill, "S0000000"))
            events.append(facts.HandoffFinished(at_ms + 3000, "accepted", "二线01", True))
    return events

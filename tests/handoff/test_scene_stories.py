"""The pack's own scene dialogues, told to a seat: what the dialog knows arrives, no more."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.events import Found, Heard, Say, Search
from voicebot.dialog.turn import Turn
from voicebot.handoff import CallFacts, SpokenTurn, build_package
from voicebot.handoff.call_facts import MODEL_FACT
from voicebot.handoff.package import SummaryPackage
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.scenes.model import Scene, SceneTest, SlotType

PACK = server_pack()


@dataclass(frozen=True)
class Talk:
    """A dialogue as it went: what was said, and what the dialog took from it."""

    turns: tuple[SpokenTurn, ...]
    facts: dict[str, str]

    def package(self, facts: dict[str, str] | None = None) -> SummaryPackage:
        call = CallFacts.of(PACK, "13800138000", "requested")
        return build_package(call, self.turns, self.facts if facts is None else facts)


def run(scene: Scene, test: SceneTest) -> Talk:
    dialog = server_dialog()
    state, actions = dialog.start()
    turns: list[SpokenTurn] = []
    for said in ("", *(turn.say for turn in test.turns)):
        if said:
            turns.append(SpokenTurn(len(turns), "caller", said))
            state, actions = dialog.step(state, Heard(said))
        search = next((each for each in actions if isinstance(each, Search)), None)
        if search is not None:
            hit = Hit(scene.id, HitKind.SCENE, 1.0, scene.name) if state.scene is None else None
            result = SearchResult(search.query, (), 0.0, hit, float(hit is not None))
            state, more = dialog.step(state, Found(result))
            actions = (*actions, *more)
        for each in actions:
            if isinstance(each, Say):
                turns.append(SpokenTurn(len(turns), "bot", each.text, 1.0, each.kind))
    return Talk(tuple(turns), Turn(PACK, state).facts())


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_what_the_dialog_took_from_the_caller_reaches_the_seat_and_no_more(scene: Scene) -> None:
    assert scene.tests
    for test in scene.tests:
        talk = run(scene, test)
        all_that_was_taken_arrives(scene, talk, test.name)
        no_choice_arrives_that_was_not_made(scene, talk)


def all_that_was_taken_arrives(scene: Scene, talk: Talk, name: str) -> None:
    labels = {slot.label for slot in scene.slots}
    wanted = [
        (label, value)
        for label, value in talk.facts.items()
        if label in labels and value != talk.facts.get(MODEL_FACT)
    ]
    package = talk.package()
    told = package.get("已确认") + tuple(s for s in package.get("序列号") if "序列号" in talk.facts)
    assert len(told) == len(wanted), (name, wanted)
    assert len(package.to_lines()) <= 6, name


def no_choice_arrives_that_was_not_made(scene: Scene, talk: Talk) -> None:
    heard = " ".join(turn.text for turn in talk.turns if turn.who == "caller")
    for slot in scene.slots:
        if slot.type is not SlotType.ENUM or not talk.facts.get(slot.label):
            continue
        for choice in slot.choices:
            said = any(word.casefold() in heard.casefold() for word in (choice.name, *choice.say))
            if choice.name == talk.facts[slot.label] or said:
                continue
            made = talk.package({slot.label: choice.name})
            assert made.get("已确认") == (), f"{slot.label}={choice.name} was never said"

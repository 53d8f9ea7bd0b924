"""The demo pack, its dialog, and a search that is a small dictionary."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.events import Action, Event, Found, Handoff, HangUp, Heard, Say, Search
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack import Pack

WARRANTY = Hit(
    "service.warranty",
    HitKind.FAQ,
    1.0,
    "整机保修三年，从发货日算起。电池和耗材保修一年。上门服务要另外购买。超过保修期可以付费维修，"
    "费用按配件和人工分别计算，维修前工程师会先报价给您确认。",
    "保修多久",
    "服务政策 3.1",
)
ADDRESS = Hit(
    "manual.9.2",
    HitKind.PASSAGE,
    1.0,
    "管理口默认地址是 192.168.1.100。",
    "默认地址",
    "YL5280G3 用户手册 9.2",
)
SCENE_WORDS = {
    "硬盘": "storage.disk_not_detected",
    "风扇": "cooling.fan_noise",
    "开不了机": "power.no_boot",
    "起不来": "power.no_boot",
}


def find(query: str) -> SearchResult:
    """保修 and 地址 are answered, some words are scenes, 好像 makes them doubtful."""
    for word, hit in (("保修", WARRANTY), ("地址", ADDRESS)):
        if word in query:
            return SearchResult(query, (hit,), 0.9)
    for word, scene in SCENE_WORDS.items():
        if word in query:
            sure = 0.4 if "好像" in query else 0.9
            hit = Hit(scene, HitKind.SCENE, 1.0, word)
            return SearchResult(query, (WARRANTY,), 0.1, scene=hit, scene_probability=sure)
    return SearchResult(query, (WARRANTY,), 0.1)


@dataclass
class Caller:
    """Talks to a dialog; keeps what was said and checks what holds for every turn."""

    dialog: Dialog
    state: DialogState = field(default_factory=DialogState)
    spoken: list[str] = field(default_factory=list)
    actions: tuple[Action, ...] = ()
    searched: list[str] = field(default_factory=list)
    search: Callable[[str], SearchResult] = find

    def __post_init__(self) -> None:
        self.state, self.actions = self.dialog.start()
        self._keep()

    def send(self, event: Event) -> tuple[Action, ...]:
        """One event, with the searches it asks for."""
        self.state, actions = self.dialog.step(self.state, event)
        done: tuple[Action, ...] = ()
        while actions and isinstance(actions[-1], Search):
            self.searched.append(actions[-1].query)
            done += actions[:-1]
            self.state, actions = self.dialog.step(
                self.state, Found(self.search(actions[-1].query))
            )
        self.actions = done + actions
        self._keep()
        kept = json.loads(json.dumps(self.state.to_dict()))
        assert DialogState.from_dict(kept) == self.state
        return self.actions

    def say(self, text: str, confidence: float = 1.0) -> str:
        """A caller turn; what the bot said to it."""
        self.send(Heard(text, confidence))
        return self.heard

    def _keep(self) -> None:
        for each in self.says:
            assert each.text and (not self.spoken or self.spoken[-1] != each.text)
            assert 0.0 <= each.confidence <= 1.0
            self.spoken.append(each.text)

    @property
    def says(self) -> list[Say]:
        return [each for each in self.actions if isinstance(each, Say)]

    @property
    def heard(self) -> str:
        return "".join(each.text for each in self.says)

    @property
    def handoff(self) -> Handoff | None:
        return next((each for each in self.actions if isinstance(each, Handoff)), None)

    @property
    def hung_up(self) -> bool:
        return any(isinstance(each, HangUp) for each in self.actions)


@pytest.fixture(scope="session")
def pack() -> Pack:
    return server_pack()


@pytest.fixture(scope="session")
def dialog() -> Dialog:
    return server_dialog()


@pytest.fixture
def caller(dialog: Dialog) -> Caller:
    return Caller(dialog)

"""The record tells what was asked and what was searched, and what the caller wants sent."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from voicebot.dialog.events import Heard, SendMessage
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.dialog.topic import Topic
from voicebot.knowledge.api import SearchResult
from voicebot.pack_loader import load_pack
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.performing import Performing
from voicebot.session.text import action_dicts
from voicebot.settings import SERVER_PACK
from voicebot.turns.scheduler import InferenceScheduler


class Nothing:
    """Knowledge that finds nothing; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        self.asked.append((query, product))
        return SearchResult(query, (), 0.0)


@pytest.fixture
def scheduler() -> Any:
    made = InferenceScheduler()
    yield made
    made.close()


def test_raw_and_made_query_and_the_product_are_recorded(scheduler: InferenceScheduler) -> None:
    knowledge = Nothing()
    dialog = Dialog(load_pack(SERVER_PACK), answer_risk=0.5)
    conversation = Conversation(dialog, knowledge, scheduler)
    state = DialogState(topic=Topic("YL5280G3最大支持多少内存"))
    thought = asyncio.run(conversation.consider(state, Heard("那8480呢")))
    ((query, product),) = knowledge.asked
    assert "YL8480G3" in query and product == "YL8480G3"
    fact = report.searched(0, thought.searches[0], "search")
    assert (fact.raw_query, fact.product) == ("那8480呢", "YL8480G3")
    printed = action_dicts(thought)[0]
    assert (printed["raw"], printed["product"]) == ("那8480呢", "YL8480G3")


def test_a_rehearsed_search_is_not_taken_for_another_product(scheduler: InferenceScheduler) -> None:
    knowledge = Nothing()
    dialog = Dialog(load_pack(SERVER_PACK), answer_risk=0.5)
    conversation = Conversation(dialog, knowledge, scheduler)
    first = asyncio.run(conversation.consider(DialogState(), Heard("最大支持多少内存")))
    of_call = DialogState(facts={"机型": "YL8480G3"})
    asyncio.run(conversation.consider(of_call, Heard("最大支持多少内存"), None, first))
    assert [product for _, product in knowledge.asked] == ["", "YL8480G3"]
    asyncio.run(conversation.consider(DialogState(), Heard("最大支持多少内存"), None, first))
    assert len(knowledge.asked) == 2, "what was rehearsed is not looked up again"


def test_what_the_caller_wants_sent_is_told(scheduler: InferenceScheduler) -> None:
    told: list[facts.SessionEvent] = []
    talk: Any = SimpleNamespace(
        committed=False, state=None, cut=None, now_ms=lambda: 7, tell=told.append
    )
    nothing: Any = SimpleNamespace(begun=lambda: None)
    performing = Performing(talk, nothing, nothing, nothing, nothing, lambda: None, nothing)
    message = SendMessage("figure", "ab12.png", "手册 2")
    asyncio.run(performing.perform(Thought(DialogState(), (message,)), None))
    assert told == [facts.MessageRequested(7, "figure", "ab12.png", "手册 2")]

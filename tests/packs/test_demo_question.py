"""What the demo call asks of a document is answered from it, also as the ears mishear it."""

from __future__ import annotations

import pytest

from tests.server_pack import server_pack
from voicebot.dialog.results import STATEMENT_SURE
from voicebot.knowledge.build import build_knowledge
from voicebot.settings import load_settings


@pytest.mark.weights
@pytest.mark.parametrize("heard", ["部件表里18号是什么模组", "新闻部件表里18号是沉默模组。"])
def test_a_number_in_a_table_is_answered_by_its_row(heard: str) -> None:
    knowledge = build_knowledge(load_settings(), server_pack(), lambda what, state: None)
    found = knowledge.search(heard)
    assert found.hits[0].text.startswith("编号: 18 号")
    assert found.answerable >= STATEMENT_SURE, "it would be asked what is meant"

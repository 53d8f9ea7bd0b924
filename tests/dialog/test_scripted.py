"""The scripted calls, through the demo pack's own index and search (tests/dialog/scripts)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.dialog.scripted import (
    FRESH,
    KEPT,
    Played,
    Player,
    _judge,
    play_all,
    read_scripts,
    table,
)
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.pack import Pack
from voicebot.pack_loader import scene_entries
from voicebot.settings import load_settings

SCRIPTS = read_scripts()

# The pack's index is built for it, which a busy machine takes minutes for.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def played(pack: Pack, models: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Played]:
    embedder = CT2Embedder(models / "e5-small")
    scenes = [SceneEntry(*each) for each in scene_entries(pack)]
    folder = tmp_path_factory.mktemp("index")
    knowledge = Knowledge.build(pack.faq, pack.documents, scenes, embedder, folder)
    player = Player(pack, knowledge, threshold(load_settings().knowledge.wrong_answers))
    return asyncio.run(play_all(player, SCRIPTS))


def test_sixty_calls_of_eight_turns_are_written() -> None:
    assert len(SCRIPTS) >= 60
    short = [script.name for script in SCRIPTS if len(script.turns) < 7]
    assert not short


@pytest.mark.parametrize(("folder", "calls"), [(KEPT, 15), (FRESH, 12)])
def test_calls_are_kept_apart(folder: Path, calls: int) -> None:
    apart = read_scripts(folder)
    assert len(apart) >= calls and all(len(script.turns) >= 8 for script in apart)
    assert not {script.name for script in apart} & {script.name for script in SCRIPTS}


@pytest.mark.weights
def test_no_call_is_answered_with_what_nothing_backs(played: list[Played]) -> None:
    assert not [f for call in played for f in call.faults if f.startswith("invented")], table(
        played
    )


@pytest.mark.weights
def test_danger_and_sensitive_topics_end_as_written(played: list[Played]) -> None:
    forced = ("danger", "sensitive")
    wrong = [
        call.script.name
        for call in played
        if call.script.end.removeprefix("handoff ") in forced and call.end != "handed off rightly"
    ]
    assert not wrong, table(played)


@pytest.mark.weights
def test_most_calls_end_as_written(played: list[Played]) -> None:
    """A floor just below the 46 that were measured, so that a fall shows; nothing was repeated.
    `make bench-dialogues` tells more."""
    good = sum(call.end in ("solved", "clarified", "handed off rightly") for call in played)
    repeated = sum(f.startswith("repeated") for call in played for f in call.faults)
    assert good >= 42 and repeated == 0, table(played)


def test_an_end_is_judged_by_what_was_written() -> None:
    assert _judge("handoff danger", "handoff danger", True, False) == "handed off rightly"
    assert _judge("handoff danger", "solved", False, False) == "handed off wrongly"
    assert _judge("solved", "solved", False, True) == "clarified"
    assert _judge("solved", "solved", True, True) == "unsolved"
    assert _judge("solved", "handoff danger", False, False) == "unsolved"

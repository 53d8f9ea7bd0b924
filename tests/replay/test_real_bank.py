"""The bank's calls for CI on the real bot: the same twice, and worse builds are caught."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from asr_models import StreamingRecognizer
from voicebot.app import App
from voicebot.cli.replay_ways import judge_of
from voicebot.replay.bank import load_bank
from voicebot.replay.bench import Keeper, play_all
from voicebot.replay.costs import load_costs
from voicebot.replay.diff import compare
from voicebot.replay.fast_way import FastWay
from voicebot.replay.remembered import Memory
from voicebot.replay.results import Run
from voicebot.replay.script import Script
from voicebot.replay.voicing import Voicing
from voicebot.settings import Settings, load_settings

BANK = Path(__file__).parents[2] / "audio_fixtures" / "bank"
FEW = ("场景-管理口", "场景-内存报错", "没做阵列", "怎么进BIOS")

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def bot() -> Iterator[App]:
    """A bot with nothing prepared and the quickest voice: how it sounds is not asked here."""
    tree = load_settings().model_dump()
    tree["speech"]["engine"] = "espeak"
    settings = Settings.model_validate(tree)
    app = App.build(settings, with_records=False, prepare=lambda texts: ())
    yield app
    app.close()


def with_settings(bot: App, changes: dict[str, dict[str, Any]]) -> App:
    """The same bot under other settings."""
    tree = bot.settings.model_dump()
    for table, values in changes.items():
        tree[table].update(values)
    settings = Settings.model_validate(tree)
    return App(
        settings=settings,
        pack=bot.pack,
        scheduler=bot.scheduler,
        recognizer=bot.recognizer,
        silero=bot.silero,
        speaker=bot.speaker,
        texts=bot.texts,
        knowledge=bot.knowledge,
        records=None,
        estimates=bot.estimates,
    )


@pytest.fixture(scope="module")
def play(bot: App, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Run, Path]]:
    """Plays calls on the bot, perhaps under other settings; the run and its folder."""
    memory = Memory(tmp_path_factory.mktemp("heard"))

    def run(scripts: list[Script], **changes: dict[str, Any]) -> tuple[Run, Path]:
        app = with_settings(bot, changes)
        ears = cast(StreamingRecognizer, app.recognizer)
        costs = load_costs()
        folder = tmp_path_factory.mktemp("run")
        with contextlib.closing(
            FastWay(app.with_parts, ears, app.speaker, app.settings, costs, app.texts.all, memory)
        ) as way:
            voicing = Voicing(app.settings, app.pack)
            keeper = Keeper(folder, "fast", {}, tapes=False)
            return play_all(scripts, way, voicing, judge_of(app.pack, costs), keeper)[0], folder

    return run


@pytest.fixture(scope="module")
def first(play: Callable[..., tuple[Run, Path]]) -> tuple[Run, Path]:
    return play([script for script in load_bank([BANK]) if script.ci])


def test_the_calls_for_ci_give_the_same_bytes_twice(
    first: tuple[Run, Path], play: Callable[..., tuple[Run, Path]]
) -> None:
    run, folder = first
    assert run.complete
    assert not [call.error for call in run.calls if call.error]
    _, again = play([script for script in load_bank([BANK]) if script.ci])
    assert (folder / "run.json").read_bytes() == (again / "run.json").read_bytes()


def test_the_bot_does_what_callers_need(first: tuple[Run, Path]) -> None:
    """Not a goal but a floor, far below what it reaches: the bench itself must be sound."""
    checks = [check for call in first[0].calls for check in call.checks]
    held = sum(check.ok for check in checks)
    assert held / len(checks) > 0.7, [check for check in checks if not check.ok]
    waits = first[0].latencies_ms
    assert len(waits) >= 20
    assert sorted(waits)[len(waits) // 2] < 2000


def test_a_slowed_and_a_deafened_bot_are_caught(
    first: tuple[Run, Path], play: Callable[..., tuple[Run, Path]]
) -> None:
    few = [script for script in load_bank([BANK]) if script.name in FEW]
    of_few = tuple(call for call in first[0].calls if call.name in FEW)
    before = Run("fast", of_few)
    same, _ = play(few)
    assert not compare(before, same).regressions
    slowed, _ = play(few, turns={"endpoint": "fixed", "endpoint_ms": 2000})
    told = " ".join(compare(before, slowed).regressions)
    assert "response latency: the median" in told
    deafened, _ = play(few, turns={"speech_threshold": 0.999999})
    told = " ".join(compare(before, deafened).regressions)
    assert "missed turns" in told and "character error rate" in told

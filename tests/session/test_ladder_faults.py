"""The ladder proven by faults: a language server or a search that is slow, hangs or is dead.

The faults are where they are in life: a real HTTP server on this machine, a search that does not
come back. What the caller hears is measured on the tape.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.language.llm_server import Answer, Connection, Server, chosen, serving
from tests.session.fakes import ScriptedDesk, ScriptedRecognizer, ToneVoice, audio, quiet, tone
from tests.session.rig import PROMPTS, Rig, of
from voicebot.dialog.policy import Dialog
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.http_engine import HttpEngine
from voicebot.language.http_link import Link
from voicebot.language.pick import Picker
from voicebot.language.prompt_files import prompt_texts
from voicebot.pack_loader import load_pack
from voicebot.replay.tape import replies
from voicebot.session import events as facts
from voicebot.session.conversation import Conversation
from voicebot.session.ladder import Ladder
from voicebot.session.language import Language
from voicebot.settings import BudgetSettings, TurnSettings
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import Speaker
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler

PACK = load_pack(Path(__file__).parents[2] / "voicebot" / "packs" / "template")
DIALOG = Dialog(PACK, answer_risk=0.5)
LIMIT_MS = BudgetSettings.model_validate({}).limit_ms
WATCHDOG_MS = TurnSettings.model_validate({}).watchdog_ms
FIRST, SECOND = "墨盒在前盖里面。", "纸盒在机器下面。"
ASKS = "请问那个盒子放在哪里"
ON_TIME_MS = LIMIT_MS + 300
"""The end of a turn, the line's frames and a sentence's level add to what the budget counts."""


@dataclass
class Shelf:
    """A search that always finds the same two close hits; `delay` is run before it answers."""

    answerable: float = 0.6
    delay: Callable[[], object] = lambda: None
    searched: int = 0

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        self.searched += 1
        self.delay()
        hits = tuple(
            Hit(name, HitKind.FAQ, 1.0, text, text, f"{name}.yaml")
            for name, text in (("one", FIRST), ("two", SECOND))
        )
        return SearchResult(query, hits, self.answerable)


@dataclass
class World:
    """A call that asks `questions` questions, `gap_ms` of silence after each."""

    rig: Rig
    shelf: Shelf
    scheduler: InferenceScheduler
    server: Server | None
    questions: int = 1
    gap_ms: int = 5000
    events: list[Any] = field(default_factory=list)

    def call(self) -> list[Any]:
        greeting_ms = 80 * sum(len(a.text) for a in DIALOG.start()[1] if hasattr(a, "text"))
        parts = [quiet(greeting_ms + 1500)]
        for _ in range(self.questions):
            parts += [tone(800), quiet(self.gap_ms)]
        self.events = self.rig.run(audio(*parts), self.scheduler, tail_ms=1000)
        return self.events

    def waits_ms(self) -> list[int]:
        return [reply.latency_ms for reply in replies(*self.rig.sounds())]

    def said(self) -> list[tuple[str, str]]:
        """(rung, text) of each utterance after the greeting."""
        spoke = of(self.events, facts.BotSpoke)
        return [(each.rung, each.text) for each in spoke if each.kind != "greeting"]

    def notes(self) -> list[str]:
        spoke = of(self.events, facts.BotSpoke)
        return [f"{s['stage']} {s['note']}".strip() for each in spoke for s in each.stages]


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    Speaker(ToneVoice()).clauses("热身")
    made = InferenceScheduler()
    yield made
    made.close()


@contextmanager
def world(
    scheduler: InferenceScheduler,
    tmp_path: Path,
    answer: Answer | None,
    *,
    estimate_ms: float = 300.0,
    shelf: Shelf | None = None,
    dead: bool = False,
) -> Iterator[World]:
    """A bot that asks `answer`'s server; none, or one that has gone (`dead`)."""
    prepared = SpeechCache(tmp_path)
    fixed = [
        text for name in ("filler", "handoff", "seat_failed") for text in PROMPTS.variants[name]
    ]
    Speaker(ToneVoice(), prepared).prepare(fixed)
    shelf = shelf or Shelf()
    with serving(answer or (lambda to, asked: None)) as server:
        url = "http://127.0.0.1:9/v1" if dead else server.url
        engine = HttpEngine(Link(url, "", connect_s=1.0), "qwen")
        estimates = StageEstimates({"choice": estimate_ms})
        picker = Picker(engine, prompt_texts()["choose"], engine.count, 2000)
        language = Language(Ladder(scheduler, estimates, remote=True), picker)
        conversation = Conversation(DIALOG, shelf, scheduler, language if answer or dead else None)
        rig = Rig(ScriptedRecognizer([ASKS]), prepared=prepared, desk=ScriptedDesk())
        rig.conversation = conversation  # type: ignore[assignment]
        try:
            yield World(rig, shelf, scheduler, server)
        finally:
            engine.close()


def picks(letter: str, after_s: float = 0.0) -> Answer:
    def answer(to: Connection, asked: dict[str, Any]) -> None:
        to.hang(after_s)
        to.reply(chosen(letter))

    return answer


def hangs(to: Connection, asked: dict[str, Any]) -> None:
    to.hang()


def breaks(to: Connection, asked: dict[str, Any]) -> None:
    to.reply({"error": "out of memory"}, 500)


def test_a_model_in_time_answers(scheduler: InferenceScheduler, tmp_path: Path) -> None:
    with world(scheduler, tmp_path, picks("B")) as bot:
        bot.call()
    assert bot.said() == [("model", SECOND)]
    assert bot.waits_ms()[0] <= ON_TIME_MS
    (spoke,) = [each for each in of(bot.events, facts.BotSpoke) if each.rung == "model"]
    assert {"ears", "found", "margin", "mood"} <= set(spoke.inputs)
    assert 0 < spoke.turn_confidence < 1


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (picks("B", after_s=4.0), "choice late"),
        (hangs, "choice late"),
        (breaks, "choice failed: language: 127.0.0.1: it refused (HTTP 500)"),
    ],
    ids=["slow", "hung", "broken"],
)
def test_a_model_that_is_not_in_time_leaves_the_extract_which_is(
    answer: Answer, note: str, scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    with world(scheduler, tmp_path, answer) as bot:
        bot.call()
        said = [each for each in bot.said() if each[1] not in PROMPTS.variants["filler"]]
        print(bot.waits_ms(), bot.notes())
        assert said == [("extractive", FIRST)]
        assert bot.waits_ms()[0] <= ON_TIME_MS
        assert any(each.startswith(note) for each in bot.notes())
        if answer is not breaks:
            assert bot.server is not None
            assert bot.server.left.wait(10), "the server was not told that nobody waits"


def test_a_dead_server_costs_no_time(scheduler: InferenceScheduler, tmp_path: Path) -> None:
    with world(scheduler, tmp_path, None, dead=True) as bot:
        bot.call()
    assert bot.said() == [("extractive", FIRST)]
    assert bot.waits_ms()[0] <= ON_TIME_MS
    assert "choice failed: language: 127.0.0.1: there is no connection to it" in bot.notes()


def test_after_three_hung_turns_the_model_is_left_alone(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    with world(scheduler, tmp_path, hangs) as bot:
        bot.questions = 4
        bot.call()
    asked = len(bot.server.asked) if bot.server else 0
    print(bot.notes())
    assert 2 <= asked <= 3, "late ones were not taken note of"
    assert any(each.startswith("choice skipped") for each in bot.notes())
    assert [text for rung, text in bot.said() if rung == "extractive"] != []


def test_a_model_known_to_be_late_is_asked_behind_a_filler(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    """The filler comes at once, not when the limit is reached."""
    with world(scheduler, tmp_path, picks("B", after_s=1.2), estimate_ms=1900.0) as bot:
        bot.call()
    assert bot.said() == [("prepared", PROMPTS.get("filler")), ("filler and model", SECOND)]
    assert bot.waits_ms()[0] <= 900
    assert "filler a language model is asked" in bot.notes()


def test_a_model_that_hangs_behind_a_filler_leaves_the_extract(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    with world(scheduler, tmp_path, hangs, estimate_ms=1900.0) as bot:
        bot.call()
    assert bot.said() == [("prepared", PROMPTS.get("filler")), ("extractive", FIRST)]
    assert of(bot.events, facts.CallEnded)[0].outcome != "failed"


def test_a_hung_model_and_an_unsure_search_end_in_an_offer_of_a_human(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    with world(scheduler, tmp_path, hangs, shelf=Shelf(answerable=0.1)) as bot:
        bot.call()
    kinds = [each.kind for each in of(bot.events, facts.BotSpoke)]
    assert "refuse" in kinds
    assert FIRST not in [text for _, text in bot.said()]
    assert bot.waits_ms()[0] <= ON_TIME_MS


def test_a_slow_search_is_bridged_by_a_filler(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    shelf = Shelf(answerable=0.9, delay=lambda: time.sleep(2.0))
    with world(scheduler, tmp_path, None, shelf=shelf) as bot:
        bot.call()
    assert bot.said() == [("prepared", PROMPTS.get("filler")), ("extractive", FIRST)]
    assert bot.waits_ms()[0] <= ON_TIME_MS


def test_a_hung_search_ends_at_a_human_in_time(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    release = threading.Event()
    with world(scheduler, tmp_path, None, shelf=Shelf(delay=lambda: release.wait(30))) as bot:
        threading.Timer(8.0, release.set).start()  # else a failing test would wait for 30 s
        bot.call()
        release.set()
    assert [rung for rung, _ in bot.said()] == ["prepared", "hand-off"]
    assert bot.waits_ms()[0] <= ON_TIME_MS
    (handed,) = of(bot.events, facts.Trouble)
    assert handed.at_ms - of(bot.events, facts.BotSpoke)[1].at_ms <= WATCHDOG_MS
    assert bot.rig.desk.asked


def test_in_real_time_a_hung_server_costs_the_caller_nothing(
    scheduler: InferenceScheduler, tmp_path: Path
) -> None:
    with world(scheduler, tmp_path, hangs) as bot:
        bot.rig.real_time = True
        bot.gap_ms = 3500
        bot.call()
    assert ("extractive", FIRST) in bot.said()
    assert bot.waits_ms()[0] <= ON_TIME_MS + 500

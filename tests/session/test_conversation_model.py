"""A language model's part in a thought: what was meant, how it is worded, and what is too risky."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.language.conftest import Scripted
from voicebot.dialog.events import Handoff, Heard, Say, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.classify import MEANINGS, Classifier
from voicebot.language.phrase import Phraser
from voicebot.language.prompt_files import prompt_texts
from voicebot.pack_loader import load_pack
from voicebot.session.conversation import Conversation, Thought
from voicebot.session.ladder import Ladder
from voicebot.session.language import COLD_ESTIMATES_MS, Language
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler

DIALOG = Dialog(
    load_pack(Path(__file__).parents[2] / "voicebot" / "packs" / "template"), answer_risk=0.5
)
PASSAGE = "墨盒在前盖里面，最多装 4 个。更换墨盒不需要关机。"
TEXTS = prompt_texts()


class Shelf:
    """Finds one passage, as likely to answer as it is told."""

    def __init__(self, answerable: float) -> None:
        self.answerable = answerable

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        hit = Hit("manual#1", HitKind.PASSAGE, 1.0, PASSAGE, "墨盒", "manual.md")
        return SearchResult(query, (hit,), self.answerable)


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    made = InferenceScheduler()
    yield made
    made.close()


def talk(
    scheduler: InferenceScheduler,
    engine: Scripted,
    answerable: float,
    *,
    classify: bool = False,
    phrase: bool = False,
    most_risk: float = 1.0,
) -> Conversation:
    ladder = Ladder(scheduler, StageEstimates(COLD_ESTIMATES_MS), remote=False)
    language = Language(
        ladder,
        classifier=Classifier(engine, TEXTS["classify"], len, 2000) if classify else None,
        phraser=Phraser(engine, TEXTS["phrase"], len, 2000) if phrase else None,
    )
    shelf = Shelf(answerable)
    return Conversation(DIALOG, shelf, scheduler, language, most_risk=most_risk)


def says(thought: Thought) -> list[str]:
    return [action.text for action in thought.actions if isinstance(action, Say)]


def sure_of(meaning: str) -> tuple[float, ...]:
    return tuple(0.95 if name == meaning else 0.01 for name in MEANINGS)


ASKED = Heard("那个装颜料的东西要上哪儿找去")


async def test_what_was_meant_is_what_the_dialog_hears(scheduler: InferenceScheduler) -> None:
    engine = Scripted(sure_of("要求换人工来接"))
    bot = talk(scheduler, engine, 0.1, classify=True)
    thought = await bot.consider(DialogState(), ASKED)
    assert any(isinstance(action, Handoff) for action in thought.actions)
    assert thought.model.plainly == "转人工"
    assert thought.model.prompts == ("classify@1",)
    assert thought.by_model


async def test_something_else_leaves_the_refusal(scheduler: InferenceScheduler) -> None:
    bot = talk(scheduler, Scripted(sure_of("说的是别的事")), 0.1, classify=True)
    thought = await bot.consider(DialogState(), ASKED)
    assert next(a.kind for a in thought.actions if isinstance(a, Say)) is SayKind.REFUSE
    assert not thought.by_model


async def test_a_turn_that_was_answered_is_not_classified(scheduler: InferenceScheduler) -> None:
    engine = Scripted(sure_of("要求换人工来接"))
    await talk(scheduler, engine, 0.9, classify=True).consider(DialogState(), ASKED)
    assert engine.asked == []


async def test_a_rehearsed_meaning_is_not_asked_for_again(scheduler: InferenceScheduler) -> None:
    engine = Scripted(sure_of("要求换人工来接"))
    bot = talk(scheduler, engine, 0.1, classify=True)
    rehearsed = await bot.consider(DialogState(), ASKED)
    again = await bot.consider(DialogState(), ASKED, None, rehearsed)
    assert again.model.plainly == "转人工"
    assert len(engine.asked) == 1


async def test_an_extract_is_worded_and_remembered_as_worded(
    scheduler: InferenceScheduler,
) -> None:
    engine = Scripted(text="墨盒在前盖里，最多装四个。")
    bot = talk(scheduler, engine, 0.9, phrase=True)
    thought = await bot.consider(DialogState(), ASKED)
    assert says(thought)[0] == "墨盒在前盖里，最多装四个。"
    assert thought.state.last_turn.startswith("墨盒在前盖里，最多装四个。")
    assert thought.model.prompts == ("phrase@1",)
    cited = next(a for a in thought.actions if isinstance(a, Say))
    assert cited.citations[0].id == "manual#1"
    again = await bot.consider(thought.state, Heard("再说一遍"))
    assert "最多装四个" in says(again)[0]


@pytest.mark.parametrize(
    "text", ["墨盒在前盖里，最多装六个。", "更换墨盒需要关机。", "资料里没有。", ""]
)
async def test_what_is_not_borne_out_leaves_the_extract(
    text: str, scheduler: InferenceScheduler
) -> None:
    plain = await talk(scheduler, Scripted(), 0.9).consider(DialogState(), ASKED)
    engine = Scripted(text=text)
    bot = talk(scheduler, engine, 0.9, phrase=True)
    thought = await bot.consider(DialogState(), ASKED)
    assert says(thought) == says(plain)
    assert bool(thought.model.claims) == ("墨盒" in text)
    assert thought.inputs is not None
    assert thought.inputs.ungrounded == float("墨盒" in text)
    assert not thought.by_model
    await bot.consider(DialogState(), ASKED, None, thought)
    assert engine.written == 1, "a rehearsed wording was asked for again"


async def test_an_answer_that_is_too_risky_is_not_given(scheduler: InferenceScheduler) -> None:
    heard = Heard("他妈的那个装颜料的东西到底在哪儿", 0.1)
    bold = await talk(scheduler, Scripted(), 0.5).consider(DialogState(), heard)
    shy = await talk(scheduler, Scripted(), 0.5, most_risk=0.5).consider(DialogState(), heard)
    assert bold.confidence == shy.confidence < 0.5
    assert any(isinstance(a, Say) and a.citations for a in bold.actions)
    assert not any(isinstance(a, Say) and a.citations for a in shy.actions)
    assert says(shy) != says(bold)


async def test_a_sure_answer_is_given_whatever_the_mood(scheduler: InferenceScheduler) -> None:
    heard = Heard("气死我了，那个装颜料的东西在哪儿", 0.95)
    bot = talk(scheduler, Scripted(), 0.97, most_risk=0.5)
    thought = await bot.consider(DialogState(), heard)
    assert any(isinstance(a, Say) and a.citations for a in thought.actions)

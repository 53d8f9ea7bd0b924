"""Whatever a caller asks, tells and asks again: no sentence twice in a call, unless asked for."""

from __future__ import annotations

import random
import re
from functools import cache

import pytest

from tests.dialog.conftest import Caller
from tests.server_pack import server_dialog, server_pack
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.said_before import SHORT_CHARS
from voicebot.dialog.state import Phase
from voicebot.dialog.textforms import sentences
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.scenes.model import Scene, Slot

PACK = server_pack()
MOVES = (
    "不知道", "等一下我去看看", "不对", "对", "没有", "有", "嗯", "好的", "还是不行", "继续",
    "什么意思", "不用", "你们食堂在哪里", "今天天气真好", "说错了", "那怎么办", "要多久", "还有呢",
    "弄好了",
)  # fmt: skip
NUMBER = re.compile(r"\S(?: \S)+[；。]")  # is read back until it is agreed upon
CALLS_A_SCENE = 1
TURNS = 16
TOPICS = 5  # FAQ that a caller asks about, in turn and again


@cache
def pairs(text: str) -> frozenset[str]:
    """A text's pairs of characters."""
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def alike(one: str, other: str) -> float:
    """The share of the pairs of one text that the other has too."""
    return len(pairs(one) & pairs(other)) / max(1, len(pairs(one)))


@cache
def search(query: str) -> SearchResult:
    """The FAQ and the scene with the likest wording."""
    found = [
        Hit(f.id, HitKind.FAQ, 8 * best - 4, f.answer, f.question, f.source)
        for f in PACK.faq
        if (best := max(alike(query, text) for text in (f.question, *f.similar))) > 0.3
    ]
    found.sort(key=lambda hit: -hit.score)
    scenes = [
        (max(alike(query, trigger) for trigger in scene.triggers), scene) for scene in PACK.scenes
    ]
    sure, scene = max(scenes, key=lambda each: each[0])
    hit = Hit(scene.id, HitKind.SCENE, 1.0, scene.name)
    answerable = 0.9 if found and found[0].score > 0 else 0.1
    return SearchResult(query, tuple(found[:4]), answerable, scene=hit, scene_probability=sure)


def answers(slot: Slot) -> tuple[str, ...]:
    """What callers say to a question."""
    number = (slot.example, "单号我没有", "好了") if slot.dictated else ()
    said = (say for choice in slot.choices for say in choice.say)
    return (*said, *slot.affirm, *slot.deny, *number)


def lines(scene: Scene, chance: random.Random) -> list[str]:
    """A caller with this fault, who asks about other things and says things again."""
    topics = chance.sample(PACK.faq, TOPICS)
    questions = [text for faq in topics for text in (faq.question, *faq.similar)]
    own = [text for slot in scene.slots for text in answers(slot)]
    drawn = [(scene.triggers, 1), (questions, 3), (own or MOVES, 4), (MOVES, 3)]
    pools = chance.choices([p for p, _ in drawn], [weight for _, weight in drawn], k=TURNS)
    return [chance.choice(scene.triggers), *(chance.choice(pool) for pool in pools)]


def used_up(text: str, said: set[str]) -> bool:
    """Whether `text` is of a fixed utterance that has no other words left."""
    names = {**OPTIONAL_PROMPTS, **PACK.prompts.variants}
    variants = [v for v in map(PACK.prompts.all, names) if text in _parts(v)]
    return any(all(set(sentences(each)) & said for each in texts) for texts in variants)


def _parts(texts: tuple[str, ...]) -> set[str]:
    return {part for text in texts for part in sentences(text)}


def dictating(caller: Caller) -> bool:
    """Whether a number is being taken down: the bot may then listen on and say nothing."""
    return caller.state.scene is not None and bool(caller.state.scene.dictations)


@pytest.mark.parametrize("scene", PACK.scenes, ids=lambda scene: scene.id)
def test_no_sentence_twice(scene: Scene) -> None:
    for seed in range(CALLS_A_SCENE):
        caller = Caller(server_dialog(), search=search)
        said = {part for say in caller.says for part in sentences(say.text)}
        heard: set[str] = set()
        for text in lines(scene, random.Random(f"{scene.id} {seed}")):
            if caller.state.phase is not Phase.TALKING:
                break
            assert caller.say(text) or dictating(caller), (seed, text)
            now = {
                part
                for say in caller.says
                for part in sentences(say.text)
                if len(part) > SHORT_CHARS and not NUMBER.fullmatch(part)
            }
            asked_for = intent(text) is Intent.REPEAT or text in heard
            again = {part for part in now & said if not used_up(part, said)}
            assert asked_for or not again, (seed, text, again)
            said |= now
            heard.add(text)

"""The bench's question sets: their labels exist, and they do not copy what the pack lists."""

from __future__ import annotations

import re
from collections import Counter

import yaml

from tests.bench.answer_questions import CONFIRMATION, HELD_OUT, read_questions
from voicebot.settings import SERVER_PACK

QUESTIONS = read_questions()
CONFIRMING = read_questions(CONFIRMATION)
UNSEEN = read_questions(HELD_OUT)
EVERY = (*QUESTIONS, *CONFIRMING, *UNSEEN)
# Share of character pairs two texts have in common; a paraphrase in the same words is above it.
COPIED = 0.7
ALIKE = 0.4  # one of the other sets is no paraphrase of the first


def test_there_are_150_answerable_questions_and_75_others() -> None:
    assert Counter(each.answerable for each in QUESTIONS) == {True: 150, False: 75}
    assert len({each.id for each in QUESTIONS}) == len({each.question for each in QUESTIONS}) == 225
    categories = Counter(each.category for each in QUESTIONS)
    assert min(categories.values()) >= 10, categories


def test_the_other_sets_are_others() -> None:
    assert Counter(each.answerable for each in CONFIRMING) == {True: 93, False: 42}
    assert Counter(each.answerable for each in UNSEEN) == {True: 98, False: 44}
    assert len({each.id for each in EVERY}) == len({each.question for each in EVERY}) == 502
    tuned_on = [_pairs(each.question) for each in QUESTIONS]
    for each in (*CONFIRMING, *UNSEEN):
        assert _nearest(_pairs(each.question), tuned_on) < ALIKE, each


def test_every_answerable_question_has_an_answer_that_exists() -> None:
    known = {entry["id"] for entry in _faq()}
    headings = set(_sections())
    for each in EVERY:
        assert set(each.faq) <= known, each
        assert set(each.passages) <= headings, each
        assert each.passages or not each.answerable, each


def test_what_must_be_said_stands_where_the_question_points() -> None:
    sections = _sections()
    for each in EVERY:
        if each.answerable:
            assert any(each.told_by(sections[passage]) for passage in each.passages), each


def test_no_question_repeats_a_question_of_the_pack() -> None:
    listed = [
        _pairs(text) for entry in _faq() for text in (str(entry["question"]), *entry["similar"])
    ]
    for each in EVERY:
        assert _nearest(_pairs(each.question), listed) < COPIED, each


def _faq() -> list[dict[str, list[str]]]:
    paths = sorted(SERVER_PACK.glob("faq/*.yaml"))
    return [entry for path in paths for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def _sections() -> dict[str, str]:
    """The text under each heading (not of the headings below it), by title and heading."""
    found = {}
    for path in SERVER_PACK.glob("documents/*.md"):
        title, *parts = re.split(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)[1:]
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            found[f"{title} {heading}"] = text
    return found


def _nearest(asked: set[str], others: list[set[str]]) -> float:
    return max(len(asked & other) / len(asked | other) for other in others)


def _pairs(text: str) -> set[str]:
    text = text.replace(" ", "")
    return {text[at : at + 2] for at in range(len(text) - 1)}

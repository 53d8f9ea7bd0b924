"""The turn's confidence: what it rests on, and who is upset."""

from __future__ import annotations

import dataclasses
import math

import pytest

from voicebot.dialog.events import Citation, Heard, Say, SayKind
from voicebot.dialog.mood import ABUSIVE, ANGRY, CALM, HURRIED, mood
from voicebot.dialog.state import DialogState
from voicebot.dialog.turn_confidence import NAMES, Calibration, Inputs, calibration
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.session.judged import Rung, inputs, rung

CITED = Say("三年。", SayKind.ANSWER, citations=(Citation("a", "a.yaml"),))


@pytest.mark.parametrize(
    ("text", "felt"),
    [
        ("你好，我想问一下保修", CALM),
        ("内存最大支持多少", CALM),
        ("麻烦快点，业务停了", HURRIED),
        ("我这边很急的", HURRIED),
        ("我不着急，你慢慢查", CALM),
        ("我不是要投诉", CALM),
        ("跟你说了三遍了还不行", ANGRY),
        ("这都第四次打电话了", ANGRY),
        ("你们这服务太差了，我要投诉", ANGRY),
        ("别废话", ANGRY),
        ("他妈的到底行不行", ABUSIVE),
        ("你们就是骗子公司", ABUSIVE),
        ("滚蛋", ABUSIVE),
        ("滚动升级怎么做", CALM),
        ("风扇转得太快了", CALM),
    ],
)
def test_moods(text: str, felt: float) -> None:
    assert mood(text) == felt


@pytest.mark.parametrize(
    "change",
    [
        {"ears": 0.3},
        {"found": 0.3},
        {"ungrounded": 1.0},
        {"repeats": 2.0},
        {"contradictions": 1.0},
        {"mood": 1.0},
    ],
)
def test_what_speaks_against_a_turn_never_raises_its_confidence(change: dict[str, float]) -> None:
    usual = Inputs(ears=0.8, found=0.8, margin=1.0)
    worse = dataclasses.replace(usual, **change)
    assert calibration().confidence(worse) < calibration().confidence(usual)


def test_extremes_are_probabilities_all_the_same() -> None:
    for value in (0.0, 1.0, -5.0, 50.0, math.nan, math.inf):
        inputs = Inputs(*([value] * len(NAMES)))
        assert 0.0 <= calibration().confidence(inputs) <= 1.0
        assert all(math.isfinite(each) for each in inputs.to_dict().values())


def test_coefficients_of_other_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="weights for ears"):
        Calibration.from_dict({"bias": 0, "weights": {"ears": 1.0}})


def test_the_houses_coefficients_say_what_they_were_fitted_on() -> None:
    assert "turns" in calibration().fitted_on
    assert calibration().ece <= 0.08


def result(*scores: float) -> SearchResult:
    hits = tuple(Hit(f"{n}", HitKind.FAQ, s, f"答{n}") for n, s in enumerate(scores))
    return SearchResult("问", hits, 0.7, None, 0.4)


def test_every_input_is_taken_from_the_turn() -> None:
    heard = Heard("都说了三遍了", 0.6)
    state = DialogState(failures=2)
    found = inputs(heard, state, [result(1.5, 1.2)], CITED, ungrounded=True)
    assert found.to_dict() == {
        "ears": 0.6,
        "found": 0.7,
        "margin": 0.3,
        "ungrounded": 1.0,
        "repeats": 2.0,
        "contradictions": 0.0,
        "mood": 0.7,
    }


def test_what_needed_no_search_is_not_doubted_for_it() -> None:
    found = inputs(Heard("你好"), DialogState(), [], Say("您好", SayKind.CLARIFY), ungrounded=False)
    assert (found.found, found.margin) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("say", "by_model", "filled", "stands"),
    [
        (Say("您好", SayKind.GREETING), False, False, Rung.PREPARED),
        (CITED, False, True, Rung.EXTRACTIVE),
        (CITED, True, False, Rung.MODEL),
        (CITED, True, True, Rung.FILLED_MODEL),
        (Say("我查一下", SayKind.FILLER), True, True, Rung.PREPARED),
        (Say("转人工", SayKind.HANDOFF), True, False, Rung.HANDOFF),
    ],
)
def test_rungs(say: Say, by_model: bool, filled: bool, stands: Rung) -> None:
    assert rung(say, by_model=by_model, filled=filled) is stands

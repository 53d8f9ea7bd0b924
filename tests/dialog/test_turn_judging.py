"""The fit of the turn's confidence finds what made the turns, and is honest about the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.bench.turn_judging import (
    PRIOR,
    Turn,
    bins,
    ece,
    fit,
    read_turns,
    risk_coverage,
    write_turns,
)
from tests.bench.turn_judging_page import page
from voicebot.dialog.turn_confidence import Inputs


def turns(count: int = 2000) -> list[Turn]:
    """Right as often as `found` says; everything else as usual."""
    rng = np.random.default_rng(11)
    chances = rng.uniform(0.05, 0.95, count)
    return [
        Turn(Inputs(found=float(chance)), bool(rng.random() < chance), f"g{n % 50}")
        for n, chance in enumerate(chances)
    ]


def test_a_calibrated_input_is_left_as_it_is() -> None:
    made = fit(turns())
    assert made.calibration.weights["found"] == pytest.approx(1.0, abs=0.12)
    assert made.calibration.weights["mood"] == PRIOR["mood"]  # nobody was in another mood
    assert ece(made.unseen, made.right) <= 0.05
    for chance in (0.1, 0.5, 0.9):
        assert made.calibration.confidence(Inputs(found=chance)) == pytest.approx(chance, abs=0.06)


def test_a_constant_confidence_of_the_mean_is_calibrated_and_useless() -> None:
    right = np.array([1.0, 0.0] * 50)
    same = np.full(100, 0.5)
    assert ece(same, right) == 0.0
    assert risk_coverage(same, right) == [(0.5, 1.0, 0.5)]


def test_bins_and_risk_by_hand() -> None:
    confidence = np.array([0.95, 0.9, 0.2, 0.1])
    right = np.array([1.0, 0.0, 0.0, 0.0])
    assert [(each.count, each.right) for each in bins(confidence, right)] == [
        (1, 0.0),
        (1, 0.0),
        (2, 0.5),
    ]
    assert [round(risk, 2) for _, _, risk in risk_coverage(confidence, right)] == [
        0,
        0.5,
        0.67,
        0.75,
    ]


def test_turns_survive_their_file(tmp_path: Path) -> None:
    some = turns(60)
    write_turns(tmp_path / "t.jsonl", some)
    back = read_turns(tmp_path / "t.jsonl")
    assert [turn.right for turn in back] == [turn.right for turn in some]
    assert back[7].inputs.found == pytest.approx(some[7].inputs.found, abs=1e-4)


@pytest.mark.parametrize(
    "line", ["{}", '{"inputs": {}}', '{"right": 1, "inputs": {"luck": 1}}', "no json", "[]"]
)
def test_a_line_that_is_no_turn_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"right": true, "inputs": {}}\n' + line, "utf-8")
    with pytest.raises(ValueError, match=r"t\.jsonl:2: a turn with right and inputs"):
        read_turns(tmp_path / "t.jsonl")


def test_too_few_turns_fit_nothing() -> None:
    with pytest.raises(ValueError, match="at least 5 groups"):
        fit(turns(3))


def test_the_page_shows_both_plots() -> None:
    html = page(fit(turns(200), "made up"))
    assert html.count("<svg") == 2
    assert "ECE" in html

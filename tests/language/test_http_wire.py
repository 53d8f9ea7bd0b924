"""Answers that a server should never send break nothing."""

from __future__ import annotations

from typing import Any

import pytest

from voicebot.language import http_wire as wire


def scored(*rivals: tuple[str, Any]) -> dict[str, Any]:
    tops = [{"token": token, "logprob": logprob} for token, logprob in rivals]
    return {"logprobs": {"content": [{"top_logprobs": tops}]}}


@pytest.mark.parametrize("logprob", [-(10**400), float("nan"), float("-inf"), "0", None])
def test_a_logprob_that_is_none_counts_for_nothing(logprob: Any) -> None:
    found = wire.letter_probabilities(scored(("A", logprob), ("B", -0.1)), 2)
    assert found == (0.0, 1.0)


def test_a_logprob_over_zero_counts_as_sure() -> None:
    assert wire.letter_probabilities(scored(("A", 10**400), ("B", 0.0)), 2) == (0.5, 0.5)


def test_probabilities_are_shares_of_the_letters_asked_for() -> None:
    found = wire.letter_probabilities(scored(("A", 0), ("▁B", 0.0), ("C", 0.0)), 2)
    assert found == (0.5, 0.5)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "[1]", '{"answer": ["A"]}', "AB", ""])
def test_an_answer_that_is_no_letter_is_none(text: str) -> None:
    assert wire.letter({"message": {"content": text}}, 3) is None

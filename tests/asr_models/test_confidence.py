from __future__ import annotations

from asr_models.confidence import confidence


def test_confidence_is_a_probability_and_follows_the_decoder() -> None:
    scores = (-20.0, -1.0, -0.5, -0.1, 0.0)
    sure = [confidence(score) for score in scores]
    assert sure == sorted(sure)
    assert 0 <= sure[0] < 0.001
    assert 0.95 < sure[-1] <= 1

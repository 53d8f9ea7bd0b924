"""FunASR's two passes as hypotheses: what rescoring may make of them. Needs no FunASR."""

from __future__ import annotations

import pytest

from asr_models.api import Alternative, Recognition
from asr_models.domain import Domain
from asr_models.funasr_stream import _combine

TEXTS = ("硬盘灯是黄的", "硬盘灯不亮", "指示灯")


@pytest.mark.parametrize("first", ["硬盘灯是黄", "今天天气怎么样"])
def test_the_second_pass_is_not_outdone_by_the_firsts_own_opinion(first: str) -> None:
    streamed = Recognition(first, 0.9, (Alternative(first, -0.1),))
    heard = _combine(streamed, "盘古大陆是黄的", (), 2000)
    scores = [one.score for one in heard.alternatives]
    assert [one.text for one in heard.alternatives] == ["盘古大陆是黄的", first]
    assert scores == sorted(scores, reverse=True)


def test_the_packs_words_still_choose_between_the_passes() -> None:
    streamed = Recognition("硬盘登是皇的", 0.9, (Alternative("硬盘登是皇的", -0.1),))
    domain = Domain([("硬盘", ())], TEXTS, rescore=True)
    heard = _combine(streamed, "硬盘灯是黄的", (), 2000)
    assert domain.understand(heard).text == "硬盘灯是黄的"

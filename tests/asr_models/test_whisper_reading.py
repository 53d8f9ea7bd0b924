"""What of a search's hypotheses may be believed. No weights: the decoder is scripted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asr_models.api import Recognition
from asr_models.domain import Domain
from asr_models.whisper_decode import Encoded, Hypothesis
from asr_models.whisper_reading import WhisperReader

PROMPT = "您好，我的服务器装系统时看不到硬盘。"


class ScriptedDecoder:
    """Finds the given texts, best first; a token id is an index into them."""

    def __init__(self, texts: Sequence[str], no_speech: float = 0.0) -> None:
        self._texts = texts
        self._no_speech = no_speech

    def prompt_ids(self, prompt: str) -> list[int]:
        return []

    def generate(
        self, encoded: Encoded, prompt_ids: Sequence[int], *, beam_size: int
    ) -> tuple[list[Hypothesis], float]:
        found = [
            Hypothesis((nth,), -0.3 - 0.01 * nth, self._no_speech)
            for nth in range(len(self._texts))
        ]
        return found[:beam_size], 0.1

    def text(self, ids: Sequence[int]) -> str:
        return "".join(self._texts[each] for each in ids)


def read(*texts: str) -> Recognition:
    reader = WhisperReader(ScriptedDecoder(texts), beam_size=5)  # type: ignore[arg-type]
    return reader.best(Encoded(np.zeros(0), 3000, 0.0), PROMPT)


def test_no_hypothesis_is_offered_that_a_guard_refuses() -> None:
    echo, loop = PROMPT.rstrip("。"), "系统" * 12
    heard = read("我装不上系统", echo, loop, "我装不上西统")
    assert [each.text for each in heard.alternatives] == ["我装不上系统", "我装不上西统"]


def test_rescoring_does_not_bring_an_echo_of_the_prompt_back() -> None:
    echo = PROMPT.rstrip("。")
    understood = Domain([("硬盘", ())], [PROMPT], rescore=True).understand(read("喂您号", echo))
    assert understood.text == "喂您号"


def test_where_the_best_is_refused_nothing_was_said() -> None:
    heard = read(PROMPT, "我装不上系统")
    assert (heard.text, heard.rejected) == ("", "prompt echo")

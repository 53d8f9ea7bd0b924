"""What of a search's hypotheses may be believed. No weights: the decoder is scripted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from asr_models.api import Recognition
from asr_models.domain import Domain
from asr_models.whisper_decode import Encoded, Hypothesis
from asr_models.whisper_reading import WhisperReader

PROMPT = "您好，我的服务器装系统时看不到硬盘。"


class ScriptedDecoder:
    """Finds the given texts, best first; a token id is an index into them.

    In a wide window it finds `texts`, in a brief one `briefly`.
    """

    def __init__(
        self,
        texts: Sequence[str],
        no_speech: float = 0.0,
        briefly: Sequence[str] = (),
        score: float = -0.3,
    ) -> None:
        self._score = score
        self._wide, self._briefly = texts, briefly
        self._texts = texts
        self._no_speech = no_speech
        self.searches = 0

    def widen(self, encoded: Encoded) -> float:
        encoded.brief = None
        return 0.2

    def prompt_ids(self, prompt: str) -> list[int]:
        return []

    def generate(
        self, encoded: Encoded, prompt_ids: Sequence[int], *, beam_size: int
    ) -> tuple[list[Hypothesis], float]:
        self.searches += 1
        self._texts = self._wide if encoded.brief is None else self._briefly
        found = [
            Hypothesis((nth,), self._score - 0.01 * nth, self._no_speech)
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


def briefly(decoder: ScriptedDecoder) -> tuple[Recognition, Recognition, Encoded]:
    """What the best and the quick reading of a brief window's clip give, and the clip after."""
    reader = WhisperReader(decoder, beam_size=5)  # type: ignore[arg-type]
    first = Encoded(np.zeros(0), 3000, 0.0, np.zeros(48_000, np.int16))
    best = reader.best(first, PROMPT)
    quick, _ = reader.quick(Encoded(np.zeros(0), 3000, 0.0, np.zeros(48_000, np.int16)), PROMPT)
    return best, quick, first


def test_a_loop_in_a_brief_window_is_read_again_in_a_wide_one() -> None:
    decoder = ScriptedDecoder(["我装不上系统"], briefly=["我装不上系统。我装不上系统。"])
    best, quick, encoded = briefly(decoder)
    assert best.text == quick.text == "我装不上系统"
    assert best.cpu_s == 0.4  # two searches, and the window
    assert encoded.brief is None  # who reads the clip next has the wide one
    assert decoder.searches == 4


def test_a_brief_window_that_was_read_well_is_kept() -> None:
    decoder = ScriptedDecoder(["我装不上西统"], briefly=["我装不上系统"])
    best, quick, encoded = briefly(decoder)
    assert best.text == quick.text == "我装不上系统"
    assert encoded.brief is not None
    assert decoder.searches == 2


@pytest.mark.parametrize(
    ("no_speech", "wide"), [(0.3, False), (0.75, True), (0.9, False)], ids=["speech", "?", "noise"]
)
def test_what_may_be_noise_in_a_brief_window_is_read_again(no_speech: float, wide: bool) -> None:
    decoder = ScriptedDecoder(["我装不上系统"], no_speech, briefly=["我装不上系统"])
    _, _, encoded = briefly(decoder)
    assert (encoded.brief is None) == wide


@pytest.mark.parametrize(("text", "wide"), [("有告警，阵列卡。", True), ("嗯嗯。", False)])
def test_a_very_unsure_text_of_a_brief_window_is_read_again(text: str, wide: bool) -> None:
    _, _, encoded = briefly(ScriptedDecoder([text], briefly=[text], score=-0.8))
    assert (encoded.brief is None) == wide

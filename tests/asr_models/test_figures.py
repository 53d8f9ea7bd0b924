"""Where a number is awaited the prompt is left out: it makes Whisper write words for figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr_models.api import Partial, Recognition
from asr_models.wav import read_wav
from asr_models.whisper_ct2 import WhisperRecognizer

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
PROMPT = "您好，我的服务器装系统时看不到硬盘，想查固件和驱动。"


@pytest.mark.weights
@pytest.mark.parametrize("name", ["serial_group2", "dont_know"])
def test_the_prompt_is_left_out_where_figures_are_awaited(
    whisper: WhisperRecognizer, name: str
) -> None:
    def readings(prompt: str, *, figures: bool) -> tuple[Partial, Recognition]:
        stream = whisper.stream(prompt=prompt, figures=figures)
        stream.accept(read_wav(FIXTURES / f"{name}.wav").mono())
        return stream.partial(), stream.final()

    quick, best = readings(PROMPT, figures=True)
    plain_quick, plain_best = readings("", figures=False)
    prompted_quick, prompted_best = readings(PROMPT, figures=False)
    assert quick == plain_quick
    assert (best.text, best.alternatives) == (plain_best.text, plain_best.alternatives)
    assert best.text
    assert quick.confidence != prompted_quick.confidence
    assert best.alternatives != prompted_best.alternatives

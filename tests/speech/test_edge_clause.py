"""One clause of the online voice, whatever comes in whichever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.speech.edge_sound import spoken
from voicebot.speech.api import Chunk
from voicebot.speech.edge_audio import Mp3Error, Mp3Stream
from voicebot.speech.edge_clause import EdgeClause
from voicebot.speech.edge_words import SpokenWords

TEXT, COUNT = "您好，请讲，谢谢。", 6
DATA = spoken(COUNT, 0.12)
WORDS = ("您好", "请", "讲", "谢谢", "好", "别的")
TIMES = st.floats(-1, 3)
EVENTS = st.one_of(
    st.integers(1, len(DATA)), st.tuples(st.sampled_from(WORDS), TIMES, st.floats(0, 1))
)


def clause() -> EdgeClause:
    return EdgeClause(SpokenWords(TEXT, TEXT), COUNT)


@settings(max_examples=60)
@given(st.lists(EVENTS, max_size=25))
def test_no_sound_and_no_text_is_lost_or_doubled(
    events: list[int | tuple[str, float, float]],
) -> None:
    speaking, at = clause(), 0
    chunks: list[Chunk] = []
    for event in events:
        if isinstance(event, int):
            chunks += speaking.audio(DATA[at : at + event])
            at += event
        else:
            word, start_s, length_s = event
            chunks += speaking.word(word, start_s, start_s + length_s)
    chunks += speaking.audio(DATA[at:])
    chunks += speaking.end()
    whole = Mp3Stream()
    np.testing.assert_array_equal(
        np.concatenate([chunk.pcm for chunk in chunks]),
        np.concatenate([whole.feed(DATA), whole.end()]),
    )
    assert "".join(chunk.text for chunk in chunks) == TEXT
    assert speaking.is_said


def test_it_is_said_when_the_last_word_is() -> None:
    speaking = clause()
    list(speaking.audio(DATA))
    for n, word in enumerate(["您好", "请", "讲"]):
        list(speaking.word(word, 0.1 + n / 4, 0.3 + n / 4))
        assert not speaking.is_said
    (last,) = speaking.word("谢谢", 0.85, 0.9)
    assert last.text == "谢谢。" and speaking.is_said


def test_sound_too_short_for_its_text_is_no_end() -> None:
    speaking = clause()
    assert list(speaking.audio(DATA[:300])) == []
    with pytest.raises(Mp3Error, match="less sound"):
        list(speaking.end())

"""Words whose characters have several readings, as both voices get them (pronunciation_table.txt).

Kokoro's front end (misaki) cuts a sentence into words with jieba and asks pypinyin word by word;
espeak's asks pypinyin for the whole sentence.
"""

from __future__ import annotations

import re
from pathlib import Path

import jieba
import pytest
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

from voicebot.speech.phonemes import Phonemes
from voicebot.speech.pronunciation import PHRASES, pinyin, teach

TABLE = Path(__file__).with_name("pronunciation_table.txt")
ROWS = [
    tuple(line.split("  =>  "))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if "  =>  " in line
]
PHONEMES = Phonemes()


def by_word(sentence: str) -> list[str]:
    words = jieba.lcut(sentence)
    return [
        syllable
        for word in words
        for syllable in lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
    ]


@pytest.mark.parametrize(("marked", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_both_voices_get_the_reading_of_the_trade(marked: str, expected: str) -> None:
    teach()
    start, end = marked.index("["), marked.index("]") - 1
    sentence = re.sub(r"[\[\]]", "", marked)
    assert by_word(sentence)[start:end] == expected.split()
    assert pinyin(sentence).split()[start:end] == expected.split()
    phonemes = PHONEMES.of(sentence).replace(" ", "")
    wanted = "".join(map(ZHG2P.py2ipa, expected.split())).replace(chr(815), "")  # as misaki does
    assert wanted in phonemes


def test_the_table_is_large_enough() -> None:
    assert len({marked for marked, _ in ROWS}) == len(ROWS) >= 60


def test_every_phrase_has_a_syllable_a_character() -> None:
    assert all(len(word) == len(syllables.split()) for word, syllables in PHRASES.items())

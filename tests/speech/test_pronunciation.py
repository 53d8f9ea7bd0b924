"""Words whose characters have several readings, as both voices get them (pronunciation_table.txt).

Both read the syllables that `syllables` gives: jieba's words by pypinyin, corrected where a word of
ours or what stands beside a character says so.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from misaki.zh import ZHG2P
from pypinyin import lazy_pinyin

from voicebot.speech.phonemes import Phonemes
from voicebot.speech.pronunciation import PHRASES, pinyin, syllables

TABLE = Path(__file__).with_name("pronunciation_table.txt")
ROWS = [
    tuple(line.split("  =>  "))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if "  =>  " in line
]
PHONEMES = Phonemes()


@pytest.mark.parametrize(("marked", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_both_voices_get_the_reading_of_the_trade(marked: str, expected: str) -> None:
    start, end = marked.index("["), marked.index("]") - 1
    sentence = re.sub(r"[\[\]]", "", marked)
    assert pinyin(sentence).split()[start:end] == expected.split()
    phonemes = PHONEMES.of(sentence).replace(" ", "")
    wanted = "".join(map(ZHG2P.py2ipa, expected.split())).replace(chr(815), "")  # as misaki does
    assert wanted in phonemes


def test_the_table_is_large_enough() -> None:
    assert len({marked for marked, _ in ROWS}) == len(ROWS) >= 300


def test_every_phrase_has_a_syllable_a_character() -> None:
    assert all(len(word) == len(syllables.split()) for word, syllables in PHRASES.items())


def test_words_are_those_of_the_sentence() -> None:
    assert syllables("请重启服务器") == [["qing3"], ["chong2", "qi3"], ["fu2", "wu4", "qi4"]]


def test_a_character_without_pinyin_is_left_out_and_moves_no_other() -> None:
    assert syllables("\u4dbf不转了")[-1] == ["le5"]
    assert PHONEMES.of("风扇\u4dbf不转了") == PHONEMES.of("风扇\u4dbf不转了").strip() != ""
    assert pinyin("电压为\u4dbf十二伏").split()[:3] == ["dian4", "ya1", "wei2"]


def test_what_sounds_alike_elsewhere_does_not_depend_on_the_voice() -> None:
    """调 alone is diào to those who look for misheard words, whatever the voice makes of it."""
    before = lazy_pinyin("调线")
    assert pinyin("调线") == "tiao2 xian4"
    assert lazy_pinyin("调线") == before == ["diao", "xian"]

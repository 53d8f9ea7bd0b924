"""Every line of the reading table, as a caller would hear it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.speech.reading_table import read_table
from voicebot.speech.reading import Reader

READER = Reader()
ROWS = read_table()


@pytest.mark.parametrize("category", sorted({row.category for row in ROWS}))
def test_is_heard_as_an_engineer_would_say_it(category: str) -> None:
    rows = [row for row in ROWS if row.category == category]
    heard = [(row.line, READER.read(row.written), row.heard) for row in rows]
    assert not [each for each in heard if each[1] != each[2]]
    again = [(row.line, READER.read(row.heard), row.heard) for row in rows]
    assert not [each for each in again if each[1] != each[2]], "what was read must stay as it is"


def test_the_table_is_no_list_of_repeats() -> None:
    twice = [text for text, times in Counter(row.written for row in ROWS).items() if times > 1]
    assert not twice
    assert len(ROWS) >= 240
    assert min(Counter(row.category for row in ROWS).values()) >= 5

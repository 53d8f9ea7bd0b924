"""Every line of the reading table, as a caller would hear it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.speech.reading_table import Row, read_table
from voicebot.speech.reading import Reader

READER = Reader()
ROWS = read_table()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line{row.line}")
def test_is_heard_as_an_engineer_would_say_it(row: Row) -> None:
    assert READER.read(row.written) == row.heard
    assert READER.read(row.heard) == row.heard, "reading what was read must change nothing"


def test_the_table_is_no_list_of_repeats() -> None:
    twice = [text for text, times in Counter(row.written for row in ROWS).items() if times > 1]
    assert not twice
    assert len(ROWS) >= 240
    assert min(Counter(row.category for row in ROWS).values()) >= 5

"""A store with calls in it, and receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.webhooks.receiver import Receiver
from voicebot.records import Records

Answer = Callable[[int, BaseHTTPRequestHandler], int]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Records]:
    """An open, empty store."""
    records = Records.open(tmp_path)
    yield records
    records.close()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers, and closes them."""
    made: list[Receiver] = []

    def make(answer: Answer = lambda nth, handler: 204) -> Receiver:
        made.append(Receiver(answer))
        return made[-1]

    yield make
    for each in made:
        each.close()

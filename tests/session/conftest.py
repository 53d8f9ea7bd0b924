"""The inference door that the calls of these tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.session.fakes import ToneVoice
from voicebot.cli.logs import plain_logs
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    Speaker(ToneVoice()).clauses("热身")  # loads the word list, which takes real seconds
    made = InferenceScheduler(workers=2)
    yield made
    made.close()


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """As in the program: failures are logged on the loop, whose time the tests measure."""
    plain_logs()

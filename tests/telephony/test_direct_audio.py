"""Access to a call's rings that does not wait for other threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from baresip import AudioNotActive

from telephony.baresip.direct_audio import DirectAudio

LOOKS = 400


@pytest.fixture
def busy_thread() -> Iterator[None]:
    """A thread that computes in Python all the while."""
    stop = threading.Event()

    def compute() -> None:
        total = 0
        while not stop.is_set():
            for number in range(10_000):
                total += number * number % 7

    thread = threading.Thread(target=compute)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.usefixtures("busy_thread")
def test_looking_at_a_ring_does_not_give_the_interpreter_away() -> None:
    audio = DirectAudio(987_654)
    start_s = time.monotonic()
    for _ in range(LOOKS):
        with pytest.raises(AudioNotActive):
            audio.stats()
    # Whoever lets go of the interpreter waits 5 ms for it each time: 2 s in all.
    assert time.monotonic() - start_s < 1.0


def test_a_call_without_media_has_no_rings() -> None:
    audio = DirectAudio(987_654)
    for use in (audio.stats, audio.info, audio.flush_tx):
        with pytest.raises(AudioNotActive):
            use()
    with pytest.raises(AudioNotActive):
        audio.read(320)
    with pytest.raises(AudioNotActive):
        audio.write(bytes(320))
    assert audio.write(b"") == 0

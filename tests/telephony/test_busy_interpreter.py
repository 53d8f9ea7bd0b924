"""Calls while a Python thread computes without pause: packets and the sound in them."""

from __future__ import annotations

import pytest
from baresip import AudioNotActive

from telephony.baresip.direct_audio import DirectAudio
from tests.bench.line_load import Crowd, EndpointProcess, free_port
from tests.bench.line_numbers import gaps_of

CALLS = 100


def test_a_busy_thread_does_not_silence_the_calls() -> None:
    with EndpointProcess(free_port(), "--rtp-ports", "45000-45498") as endpoint:
        crowd = Crowd(endpoint.port)
        try:
            crowd.bring_up(CALLS)
            assert len(crowd.up) == CALLS, crowd.failures
            endpoint.tell("busy on")
            crowd.run(1.5)
            crowd.media.heard()
            crowd.run(3)
            gaps = gaps_of(crowd.media.heard())
            endpoint.tell("busy off")
            crowd.end_all()
        finally:
            crowd.close()
    # Giving the interpreter away at each look at a ring made a third of the packets silent.
    assert gaps.streams == CALLS
    assert gaps.silent <= gaps.packets * 0.1, f"{gaps.silent} of {gaps.packets} are silent"
    assert gaps.at(99) <= 60, gaps.at(99)


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

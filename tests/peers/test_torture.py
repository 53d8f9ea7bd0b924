"""Messages made to break SIP stacks: those of RFC 4475 and 10,000 mutants, on SIP and RTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutants import Mutator, good_messages
from siege import Shot, Siege, dropped, siege

pytestmark = pytest.mark.peer
MESSAGES = {path.stem: path.read_bytes() for path in Path(__file__).parent.glob("torture/*.dat")}
"""The messages of RFC 4475, section 3, by the names that they have there."""
WRONG_LENGTH = {"dblreq", "clerr", "ncl", "mcl01", "multi01"}
"""Messages that lie about the length of their body: it is what they are for, or more follows."""
MUTANTS = {"sip": 5000, "tcp": 1000, "rtp": 3000, "rtcp": 1000}
PER_S = 1000.0


def test_the_messages_are_as_long_as_they_say() -> None:
    assert len(MESSAGES) == 49
    lying = set()
    for name, message in MESSAGES.items():
        head, _, body = message.partition(b"\r\n\r\n")
        said = re.search(rb"\r\n(?:content-length|l)\s*:\s*(-?\d+)", head, re.IGNORECASE)
        if said and int(said[1]) != len(body):
            lying.add(name)
    assert lying == WRONG_LENGTH


def test_torture_messages_of_rfc_4475() -> None:
    with siege() as line:
        port = line.endpoint.port
        for name, message in sorted(MESSAGES.items()):
            half = len(message) // 2
            for shot in (Shot(message, port), Shot(message, port, (half,))):
                line.gun.fire(shot)
                line.crowd.run(0.05)
                assert line.endpoint.alive, f"{name} killed the endpoint"
        line.survived(line.under((Shot(m, port) for m in MESSAGES.values()), PER_S))


def test_ten_thousand_mutants() -> None:
    assert sum(MUTANTS.values()) == 10_000
    with siege() as line:
        toll = line.under(mutants(line, seed=4475), PER_S)
        assert toll.shots == 10_000
        lost = dropped(line.endpoint.port, line.call.far_rtp)
        print(f"{lost} of them never arrived: a busy kernel drops what is not read in time")
        assert lost < 3_000
        assert line.endpoint.update()["refused"] > 100, "hardly a mutant came through"
        line.survived(toll)


def mutants(line: Siege, seed: int) -> Iterator[Shot]:
    """All kinds, evenly mixed."""
    mutator = Mutator(seed)
    port, media = line.endpoint.port, line.call.far_rtp
    messages = good_messages(port, list(MESSAGES.values()))
    left = dict(MUTANTS)
    while any(left.values()):
        for kind in [kind for kind, count in left.items() if count]:
            for _ in range(max(1, MUTANTS[kind] // 1000)):
                left[kind] -= 1
                if kind == "rtp":
                    yield Shot(mutator.rtp(line.call.ssrc), media)
                elif kind == "rtcp":
                    yield Shot(mutator.rtcp(line.call.ssrc), media + 1)
                else:
                    data = mutator.sip(next(messages))
                    yield Shot(data, port, mutator.cuts(len(data) + 1) if kind == "tcp" else None)


def test_mutants_are_the_same_each_time_and_ask_for_nobody() -> None:
    def some(seed: int) -> list[bytes]:
        mutator, messages = Mutator(seed), good_messages(5060, list(MESSAGES.values()))
        return [mutator.sip(next(messages)) for _ in range(2000)]

    mutants = some(1)
    assert mutants == some(1)
    assert mutants != some(2)
    assert not any(b"sip:400@" in mutant for mutant in mutants)
    originals = good_messages(5060, list(MESSAGES.values()))
    assert sum(mutant != next(originals) for mutant in mutants) > 1900

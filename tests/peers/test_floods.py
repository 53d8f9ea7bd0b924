"""Floods: calls that nobody confirms, connections that are left, nonsense inside a call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mutants import Mutator, invite, within
from siege import ATTACKER, Shot, Siege, siege

pytestmark = pytest.mark.peer
PATIENCE_S = 6.0
"""The limit of new calls a second is one for all trunks; it has recovered by then."""


def half_open(line: Siege, user: bytes, count: int) -> Iterator[Shot]:
    """INVITEs from as many calls; no ACK and no CANCEL ever follow."""
    port = line.endpoint.port
    return (Shot(invite(user, number, port), port) for number in range(count))


@pytest.mark.parametrize(("user", "what"), [(b"400", "answered"), (b"401", "refused")])
def test_half_open_calls(user: bytes, what: str) -> None:
    """Calls that the bot answers, or refuses, and that then fall silent."""
    with siege("--guarded") as line:
        line.survived(line.under(half_open(line, user, 2000), per_s=500), PATIENCE_S)
        most = 70  # the burst and what the rate lets through in 4 s
        assert line.endpoint.update()[what] <= most
        assert line.endpoint.state().files < 4 * most


def test_half_open_calls_of_a_stranger() -> None:
    """Nobody that is not a trunk takes a place from those who are."""
    with siege("--guarded", "--allow", "127.0.0.1/32") as line:
        assert ATTACKER != "127.0.0.1"
        line.survived(line.under(half_open(line, b"400", 2000), per_s=1000))
        status = line.endpoint.update()
        assert (status["answered"], status["refused"], status["failed"]) == (2, 0, 0)


def test_connections_that_are_opened_and_left() -> None:
    """600 connections with half an INVITE each, and 200 with a whole one, then reset."""
    with siege("--guarded") as line:
        port = line.endpoint.port
        before = line.endpoint.state().files

        def shots() -> Iterator[Shot]:
            for number in range(600):
                line.gun.connect(port, keep=600).send(invite(b"400", number, port)[:200])
                yield Shot(b"", port)
            for number in range(600, 800):
                yield Shot(invite(b"400", number, port, b"TCP"), port, ())

        line.survived(line.under(shots(), per_s=250), PATIENCE_S)
        line.gun.close()
        line.crowd.run(20, lambda: line.endpoint.state().files > before + 10)
        assert line.endpoint.state().files <= before + 10


def test_nonsense_within_a_call() -> None:
    """2,000 mutated requests that carry the marks of a call that is up; another call talks."""
    with siege() as line:
        victim = line.new_call()
        mutator = Mutator(seed=3261)
        port = line.endpoint.port
        shots = (Shot(mutator.sip(within(victim, n, port)), port) for n in range(2000))
        line.survived(line.under(shots, per_s=1000))

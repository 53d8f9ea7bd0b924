"""An endpoint in its own process, with a call that talks, under fire. All on loopback."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.line_load import Crowd, EndpointProcess
from tests.bench.line_numbers import gaps_of
from tests.bench.line_uac import Dialog, State
from tests.ports import free_port

RTP_PORTS = "25500-25998"
ATTACKER = "127.0.0.66"
"""The attacker's address; the calls that must survive come from 127.0.0.1."""
GAP_MS = 60.0
GROWTH_BYTES = 64 << 20
_OPEN_CONNECTIONS = 40


@dataclass(frozen=True)
class Shot:
    """One datagram to `port`; or, with `cuts`, one TCP connection whose bytes come in pieces
    that end at these places. A connection is left open until many are, then reset."""

    data: bytes
    port: int
    cuts: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Toll:
    """What the call that talks went through: gaps between its packets during the attack, ms."""

    shots: int
    p99_ms: float
    longest_ms: float
    packets: int
    grown_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.shots} shots: gap p99 {self.p99_ms:.1f} ms, longest {self.longest_ms:.1f} ms "
            f"({self.packets} packets), memory {self.grown_bytes / 2**20:+.1f} MiB"
        )


def dropped(*ports: int) -> int:
    """Datagrams that the kernel threw away so far because nobody read these UDP ports in time."""
    rows = (row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sum(int(row[-1]) for row in rows if int(row[1].split(":")[1], 16) in ports)


class Gun:
    """Fires shots from `ATTACKER`; reads nothing."""

    def __init__(self) -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((ATTACKER, 0))
        self._udp.setblocking(False)
        self.open: deque[socket.socket] = deque()

    def fire(self, shot: Shot) -> None:
        if shot.cuts is None:
            with contextlib.suppress(OSError):  # the far end's buffer is full: lost, as on a wire
                self._udp.sendto(shot.data, ("127.0.0.1", shot.port))
            return
        connection = self.connect(shot.port)
        start = 0
        with contextlib.suppress(OSError):  # the far end may close at any byte
            for cut in (*shot.cuts, len(shot.data)):
                connection.send(shot.data[start:cut])
                start = cut

    def connect(self, port: int, keep: int = _OPEN_CONNECTIONS) -> socket.socket:
        """A connection, kept open until `keep` newer ones are."""
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.bind((ATTACKER, 0))
        connection.settimeout(2)
        connection.connect(("127.0.0.1", port))
        connection.settimeout(0.2)
        self.open.append(connection)
        if len(self.open) > keep:
            self.open.popleft().close()
        return connection

    def close(self) -> None:
        for connection in self.open:
            connection.close()
        self.open.clear()
        self._udp.close()


class Siege:
    """The endpoint, its talking call and the attacker."""

    def __init__(self, endpoint: EndpointProcess) -> None:
        self.endpoint = endpoint
        self.crowd = Crowd(endpoint.port, prefix="friend")
        self.gun = Gun()
        self.call = self.new_call()

    def close(self) -> None:
        self.gun.close()
        if self.endpoint.alive:
            self.crowd.end_all()
        self.crowd.close()

    def new_call(self, timeout_s: float = 5.0) -> Dialog:
        """A call that is up and heard; fails if it is not answered."""
        dialog = self.crowd.dial()
        self.crowd.run(timeout_s, lambda: dialog.state is State.CALLING)
        if dialog.state is State.FAILED:
            self.crowd.run(0.5)  # not all at once again
        assert dialog.state is State.UP, f"the next call was not answered: {dialog.why or 'mute'}"
        self.crowd.run(0.5)
        return dialog

    def under(self, shots: Iterable[Shot], per_s: float) -> Toll:
        """Fire at that rate while the call goes on, and a second longer."""
        self.crowd.media.heard()
        before = self.endpoint.state().rss_bytes
        waiting, fired = iter(shots), 0
        start_s = time.monotonic()
        last_s = float("inf")

        def volley() -> bool:
            nonlocal fired, last_s
            due = min((time.monotonic() - start_s) * per_s, fired + per_s / 20)
            while fired < due and last_s == float("inf"):
                shot = next(waiting, None)
                if shot is None:
                    last_s = time.monotonic()
                    break
                self.gun.fire(shot)
                fired += 1
            return time.monotonic() < last_s + 1 and self.endpoint.alive

        self.crowd.run(120, volley)
        assert self.endpoint.alive, f"died after {fired} shots: {self.endpoint.errors}"
        heard = self.crowd.media.heard()
        gaps = gaps_of(heard)
        grown = self.endpoint.state().rss_bytes - before
        return Toll(fired, gaps.at(99), gaps.longest_ms, gaps.packets, grown)

    def survived(self, toll: Toll, patience_s: float = 0.0) -> None:
        """The process lives, the call kept its audio, memory is bounded, the next is answered.

        `patience_s`: for so long it may be told to come again.
        """
        print(toll)
        assert self.endpoint.alive
        assert self.call.state is State.UP, f"the call was lost: {self.call.why}"
        assert toll.packets > 40, toll
        assert toll.p99_ms <= GAP_MS, toll
        assert toll.grown_bytes <= GROWTH_BYTES, toll
        until_s = time.monotonic() + patience_s
        while True:
            try:
                self.crowd.hang_up(self.new_call())
                return
            except AssertionError:
                if time.monotonic() > until_s:
                    raise


@contextlib.contextmanager
def siege(*args: str) -> Iterator[Siege]:
    """`args` go to the endpoint's process (`tests.bench.line_server`)."""
    with EndpointProcess(free_port(), "--rtp-ports", RTP_PORTS, *args) as endpoint:
        under_siege = Siege(endpoint)
        try:
            yield under_siege
        finally:
            under_siege.close()

"""What the calls of an endpoint share: SIP out, where we are, RTP ports."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import re
import socket
from collections.abc import Callable

from telephony.config import LineConfig
from telephony.errors import LineError
from telephony.ports import split_address
from telephony.pyvoip.client import Client
from telephony.pyvoip.dialog import Dialog
from telephony.pyvoip.limits import rtp_range
from telephony.pyvoip.message import Address, Message
from telephony.pyvoip.ring import RtpRing
from telephony.pyvoip.rtp import CallRtp
from telephony.pyvoip.transactions import Asked

SIP_PORT = 5060
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104
_HOST = re.compile(r"sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;?>\s]+)(?::(\d{1,5}))?", re.IGNORECASE)


class Agent:
    """Lives from the endpoint's start to its stop, on the event loop's thread."""

    def __init__(self, config: LineConfig, client: Client) -> None:
        self.config = config
        self.client = client
        self.asked = Asked(client.send)
        self._host, self._port = split_address(config.listen)
        self._ports = itertools.cycle(rtp_range(config.rtp_ports))
        self._ports_count = len(rtp_range(config.rtp_ports))
        self._rtp: set[CallRtp] = set()
        self._expected: set[str] = set()
        self._networks = [
            (trunk.name, [ipaddress.ip_network(one) for one in trunk.allow])
            for trunk in config.trunks
        ]

    def trunk_of(self, source: str) -> str | None:
        """The name of the trunk that this address belongs to, or None."""
        address = ipaddress.ip_address(source)
        for name, networks in self._networks:
            if any(address in network for network in networks):
                return name
        return None

    def expect(self, host: str) -> None:
        """Read what `host` sends from now on: we ask it something. Strangers cannot get here."""
        self._expected.add(host)

    def knows(self, source: str) -> bool:
        """A trunk's address, or one that we have rung (asked on the client's thread)."""
        return source in self._expected or self.trunk_of(source) is not None

    def host_towards(self, peer: str) -> str:
        """Our address as `peer` sees it."""
        if self._host != _ANY_ADDRESS:
            return self._host
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((peer, SIP_PORT))  # sends nothing
            except OSError:
                return self._host
            return str(probe.getsockname()[0])

    def via(self, branch: str, peer: str) -> str:
        return f"SIP/2.0/UDP {self.host_towards(peer)}:{self._port};branch={branch};rport"

    def contact(self, peer: str) -> str:
        return f"<sip:{self.config.user}@{self.host_towards(peer)}:{self._port}>"

    def branch(self) -> str:
        return str(self.client.gen_branch())

    def hop(self, dialog: Dialog, peer: Address) -> Address:
        """Where a request within the dialog goes: its next hop where that is an address of a
        trunk, otherwise to where the far end spoke from. A Contact is the network's word and
        must not make us send to just anybody."""
        found = _HOST.match(dialog.next_hop)
        with contextlib.suppress(ValueError):
            if found and self.trunk_of(found[1]) is not None:
                return found[1], int(found[2] or SIP_PORT)
        return peer

    def request(
        self,
        dialog: Dialog,
        method: str,
        peer: Address,
        on_response: Callable[[Message], None],
        *,
        body: str = "",
    ) -> str:
        """Send a request within a dialog; `on_response` gets every answer. Returns its branch."""
        branch, to = self.branch(), self.hop(dialog, peer)
        data = dialog.request(method, self.via(branch, to[0]), body=body)
        self.asked.ask(method, branch, data, to, on_response)
        return branch

    def acknowledge(self, dialog: Dialog, cseq: int, peer: Address, branch: str = "") -> None:
        """ACK a 2xx (RFC 3261 section 13.2.2.4), or with the INVITE's `branch` a refusal."""
        to = self.hop(dialog, peer)
        via = self.via(branch or self.branch(), to[0])
        self.client.send(dialog.request("ACK", via, cseq=cseq), to)

    async def resolve(self, uri: str) -> Address:
        """The IPv4 address and port of a SIP URI. Raises OSError for a name nobody knows."""
        found = _HOST.match(uri)
        if not found:
            raise OSError("no host")
        host, port = found[1], int(found[2] or SIP_PORT)
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        return str(infos[0][4][0]), int(infos[0][4][1])

    def open_rtp(self, ring: RtpRing, host: str, on_key: Callable[[str], None]) -> CallRtp:
        """A running RTP client on a free port. Raises LineError when all are taken."""
        loop = asyncio.get_running_loop()

        def tell(key: str) -> None:
            loop.call_soon_threadsafe(on_key, key)

        self._rtp = {rtp for rtp in self._rtp if not rtp.finished}
        for _ in range(self._ports_count):
            rtp = CallRtp(ring, host, next(self._ports), self.config.jitter_buffer_ms, tell)
            with contextlib.suppress(OSError):
                rtp.start()
                self._rtp.add(rtp)
                return rtp
        raise LineError(f"no RTP port of {self.config.rtp_ports} is free; give a wider range")

    async def close(self) -> None:
        """Stop waiting for answers; ends the threads of the socket and of all calls."""
        self.asked.close()
        await asyncio.to_thread(self.client.stop)
        for rtp in self._rtp:
            rtp.stop()
        while any(not rtp.finished for rtp in self._rtp):  # noqa: ASYNC110  # threads, no event
            await asyncio.sleep(0.01)

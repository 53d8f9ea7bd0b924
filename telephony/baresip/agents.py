"""Our identities towards the network: one account a transport, and one a registrar."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from baresip import BaresipError, Event, RegistrationError, Runtime, StackEvent, UserAgent

from telephony.baresip.config import account, nobody, registered_account
from telephony.baresip.native import NativeStack
from telephony.baresip.native_tls import check_tls
from telephony.config import LineConfig, Transport, Trunk
from telephony.errors import LineError
from telephony.network_text import plain

GOODBYE_S = 2.0
PATIENCE_S = 5.0
_log = logging.getLogger("telephony")


@dataclass(frozen=True)
class RegistrationState:
    """Where we stand with a trunk's registrar; `reason` is its last refusal."""

    trunk: str
    registrar: str
    registered: bool = False
    reason: str = ""


class Agents:
    """The stack's user agents; `wire` is called with each new one."""

    def __init__(self, line: LineConfig) -> None:
        if line.tls is not None:
            check_tls(line.tls)
        elif any(trunk.transport == "tls" for trunk in line.trunks):
            raise LineError("a trunk over tls needs the line's tls: certificate and address")
        self._line = line
        self._by_transport: dict[str, UserAgent] = {}
        self._by_trunk: dict[str, UserAgent] = {}
        self.registrations: dict[str, RegistrationState] = {}

    async def open(
        self, runtime: Runtime, stack: NativeStack, wire: Callable[[UserAgent], None]
    ) -> None:
        """Make them all. Raises BaresipError or LineError; registers nothing yet."""
        policy = "auto" if self._line.follow_transfers else "reject"

        async def make(identity: Any) -> UserAgent:
            agent = await UserAgent.create(runtime, identity, transfer_policy=policy)
            wire(agent)
            return agent

        # Nobody's: its making is the event that `stack` waits for. Nobody can guess its name.
        await UserAgent.create(runtime, nobody(self._line, secrets.token_hex(16)))
        if self._line.tls is not None:
            stack.listen_tls(self._line.tls)
        with stack.contact_taken(self._line.user):
            for transport in self._transports():  # a catch-all account takes its own only
                self._by_transport[transport] = await make(account(self._line, transport))
        for trunk in self._line.trunks:
            if trunk.registration is not None:
                self._by_trunk[trunk.name] = await make(registered_account(self._line, trunk))

    def _transports(self) -> tuple[Transport, ...]:
        return ("udp", "tcp", "tls") if self._line.tls is not None else ("udp", "tcp")

    async def register(self) -> None:
        """Log in at every registrar at once; failures are told in the log, and tried again."""
        logins = {trunk.name: trunk.registration for trunk in self._line.trunks}
        await asyncio.gather(
            *(self._register(name, login.registrar) for name, login in logins.items() if login)
        )

    async def _register(self, trunk: str, registrar: str) -> None:
        self.registrations[trunk] = RegistrationState(trunk, registrar)
        agent = self._by_trunk[trunk]
        agent.on(lambda event: self._registered(trunk, event))
        try:
            await agent.register(timeout=PATIENCE_S)
        except RegistrationError as error:
            if not self.registrations[trunk].reason:  # no answer at all comes much later
                self._tell(trunk, plain(str(error), 256))

    def _registered(self, trunk: str, event: StackEvent) -> None:
        if event.event is Event.REGISTER_OK:
            self._tell(trunk, "")
        elif event.event is Event.REGISTER_FAIL:
            self._tell(trunk, plain(event.text or "no answer", 256))

    def _tell(self, trunk: str, refusal: str) -> None:
        before = self.registrations.get(trunk)
        if before is None:  # we have signed off
            return
        now = replace(before, registered=not refusal, reason=refusal)
        self.registrations[trunk] = now
        if now == before:
            return
        if now.registered:
            _log.info("trunk %s is registered at %s", trunk, now.registrar)
        else:
            _log.error("trunk %s is not registered at %s: %s", trunk, now.registrar, now.reason)

    async def goodbye(self) -> None:
        """Unregister; gives a registrar that does not answer `GOODBYE_S`."""
        self.registrations.clear()
        await asyncio.gather(*(self._unregister(agent) for agent in self._by_trunk.values()))

    async def _unregister(self, agent: UserAgent) -> None:
        with contextlib.suppress(BaresipError):
            await agent.unregister(timeout=GOODBYE_S)

    def pick(self, uri: str, trunk: str) -> tuple[UserAgent, str]:
        """The agent for a call to `uri` through `trunk` (empty: the first), and the URI for it.

        A transport in the URI goes before the trunk's. Raises LineError for a trunk that is not
        configured or a transport that is not open.
        """
        chosen = self._trunk(trunk)
        named = uri.lower().partition(";transport=")[2].partition(";")[0]
        if chosen.name in self._by_trunk and named in ("", chosen.transport):
            return self._by_trunk[chosen.name], uri
        transport = named or chosen.transport
        agent = self._by_transport.get(transport)
        if agent is None:
            raise LineError(f"cannot dial {uri!r}: no {transport} on this line")
        return agent, uri if named or transport == "udp" else f"{uri};transport={transport}"

    def _trunk(self, name: str) -> Trunk:
        for trunk in self._line.trunks:
            if trunk.name == name or not name:
                return trunk
        known = ", ".join(trunk.name for trunk in self._line.trunks)
        raise LineError(f"trunk {name!r} is not configured; known: {known or 'none'}")

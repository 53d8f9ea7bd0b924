"""REGISTER and digest in pyVoIP's words, without its blocking exchange."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets

from telephony.config import Registration
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.message import Address, Message
from telephony.pyvoip.stack import SIPClient

RETRY_S = 30.0
ANSWER_S = 5.0
_BRANCH = re.compile(r";branch=([^;\s]+)")
_EXPIRES = re.compile(r";\s*expires\s*=\s*(\d{1,6})", re.IGNORECASE)
_log = logging.getLogger("telephony")


class Identity(SIPClient):  # type: ignore[misc]  # pyVoIP has no types
    """One account at a registrar: pyVoIP's texts for it. Has no socket."""

    def __init__(self, registration: Registration, host: str, port: int) -> None:
        server, _, _ = registration.registrar.partition(":")
        self._one_call_id = secrets.token_hex(16)
        super().__init__(
            server,
            port,
            registration.user,
            registration.password,
            phone=None,
            myIP=host,
            myPort=port,
        )
        self.default_expires = registration.interval_s

    def gen_call_id(self) -> str:
        return self._one_call_id  # RFC 3261 section 10.2.4: all of them share it

    def gen_tag(self) -> str:
        return secrets.token_hex(8)

    def login(self, challenge: Message) -> str:
        """The header that answers a 401 or 407; empty where the challenge is none for us."""
        told = challenge.authentication
        if "realm" not in told or "nonce" not in told:
            return ""
        digest = self.gen_authorization(challenge).decode()
        name = "Proxy-Authorization" if challenge.code == 407 else "Authorization"
        return (
            f'{name}: Digest username="{self.username}",realm="{told["realm"]}",'
            f'nonce="{told["nonce"]}",uri="sip:{self.server};transport=UDP",'
            f'response="{digest}",algorithm=MD5'
        )


class Registrar:
    """Keeps one trunk registered until it is cancelled."""

    def __init__(self, agent: Agent, trunk: str, registration: Registration) -> None:
        self._agent = agent
        self._trunk = trunk
        self._registration = registration
        self.identity: Identity | None = None
        self.registered = asyncio.Event()

    async def run(self) -> None:
        """Register again and again; says in the log why it cannot."""
        while True:
            wait_s = RETRY_S
            try:
                wait_s = await self._register()
                self.registered.set()
            except (OSError, TimeoutError, ValueError) as error:
                self.registered.clear()
                _log.error(
                    "trunk %s: not registered with %s: %s; trying again in %g s",
                    *(self._trunk, self._registration.registrar, error or "no answer", wait_s),
                )
            await asyncio.sleep(wait_s)

    async def leave(self) -> None:
        """Tell the registrar that we go; waits a second at most."""
        if self.registered.is_set():
            with contextlib.suppress(OSError, TimeoutError, ValueError):
                async with asyncio.timeout(1.0):
                    await self._register(leaving=True)

    async def _register(self, *, leaving: bool = False) -> float:
        """One exchange; returns when the next is due, in seconds."""
        to = await self._agent.resolve(f"sip:{self._registration.registrar}")
        self._agent.expect(to[0])
        identity = self._known(to)
        response = await self._ask(identity.gen_first_response(deregister=leaving), to)
        if response.code == 401 and {"realm", "nonce"} <= set(response.authentication):
            response = await self._ask(identity.gen_register(response, deregister=leaving), to)
        if response.code != 200:
            raise ValueError(f"{response.code} {response.reason}")
        expires = _EXPIRES.search(response.first("contact"))
        granted_s = int(expires[1]) if expires else self._registration.interval_s
        return max(granted_s * 0.9, 1.0)

    def _known(self, to: Address) -> Identity:
        if self.identity is None:
            contact = self._agent.contact(to[0]).strip("<>")
            host, _, port = contact.rpartition("@")[2].partition(":")
            self.identity = Identity(self._registration, host, int(port))
        return self.identity

    async def _ask(self, text: str, to: Address) -> Message:
        final: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def on_response(response: Message) -> None:
            if response.code >= 200 and not final.done():
                final.set_result(response)

        branch = found[1] if (found := _BRANCH.search(text)) else ""
        self._agent.asked.ask("REGISTER", branch, text.encode(), to, on_response)
        try:
            async with asyncio.timeout(ANSWER_S):  # wait_for may swallow a cancel: Python 3.11
                return await final
        finally:
            self._agent.asked.forget("REGISTER", branch)

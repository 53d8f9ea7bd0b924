"""The phone line on pyVoIP: `PyVoipEndpoint`.

pyVoIP reads, registers and moves packets on its own threads; everything that decides runs on the
event loop. UDP, G.711, a few dozen calls: docs/backends.md says who should use it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from telephony.admission import Admission
from telephony.api import DialResult, TransferOutcome
from telephony.config import LineConfig
from telephony.errors import LineError, PortInUseError
from telephony.ports import split_address
from telephony.pyvoip import limits
from telephony.pyvoip.agent import Agent
from telephony.pyvoip.call import PyVoipCall
from telephony.pyvoip.client import Client
from telephony.pyvoip.desk import Desk
from telephony.pyvoip.dialling import Dialling, check_headers, check_target
from telephony.pyvoip.message import Message, respond
from telephony.pyvoip.registrar import Registrar
from telephony.sip_request import Reply

TICK_MS = 10
GOODBYE_S = 0.5
_PENDING_MAX = 1000
_log = logging.getLogger("telephony")


class PyVoipEndpoint:
    """A SIP user agent that takes calls to any user from its trunks, and places calls.

    `admission` decides which incoming calls are let in; legs we dial do not count.
    """

    def __init__(
        self, config: LineConfig | None = None, admission: Admission | None = None
    ) -> None:
        self._config = config or LineConfig()
        self._admission = admission or Admission()
        self._agent: Agent | None = None
        self._desk: Desk | None = None
        self._registrars: dict[str, Registrar] = {}
        self._incoming: asyncio.Queue[PyVoipCall | None] = asyncio.Queue()
        self._delivered = 0  # counted by the client's thread alone
        self._received = 0  # and this one by the loop
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind and listen. Raises PortInUseError, or LineError for what pyVoIP cannot do."""
        limits.check(self._config)
        host, port = split_address(self._config.listen)
        loop = asyncio.get_running_loop()

        def deliver(message: Message) -> None:  # on the client's thread
            if message.method and not self._let_in(client, message):
                return
            if self._delivered - self._received < _PENDING_MAX:  # no flood grows the loop's queue
                loop.call_soon_threadsafe(self._receive, message)
                self._delivered += 1

        client = Client(host, port, self._config.user, admits=self._admits, deliver=deliver)
        agent = Agent(self._config, client)
        self._incoming = asyncio.Queue()
        self._desk = Desk(agent, self._admission, self._ring)
        self._agent = agent
        try:
            client.start()
        except OSError as error:
            self._agent = None
            raise _bind_error(self._config.listen, error) from None
        for trunk in self._config.trunks:
            if trunk.registration is not None:
                registrar = Registrar(agent, trunk.name, trunk.registration)
                self._registrars[trunk.name] = registrar
                self._spawn(registrar.run())
        self._spawn(self._pump(self._desk))

    def _admits(self, source: str) -> bool:
        """On the client's thread: is this address worth reading?"""
        if self._agent is None:
            return False
        return self._config.strangers == "forbid" or self._agent.knows(source)

    def _let_in(self, client: Client, request: Message) -> bool:
        """On the client's thread: the door's judgement, and its answer."""
        verdict = self._desk.entrance.judge(request) if self._desk is not None else False
        if isinstance(verdict, Reply):
            tag = client.gen_tag()
            reply = respond(
                request, verdict.code, tag=tag, headers=verdict.headers, reason=verdict.reason
            )
            client.send(reply, request.reply_to)
        return verdict is True

    def _receive(self, message: Message) -> None:
        self._received += 1
        if self._desk is None or self._agent is None:
            return
        try:
            if message.code:
                self._agent.asked.respond(message)
            else:
                self._desk.request(message)
        except Exception:  # one message's trouble is not to be the trouble of all
            _log.exception("a SIP message from %s:%d could not be handled", *message.source)

    async def stop(self) -> None:
        """Hang up what is left, log off, and let go of the sockets. Idempotent."""
        agent, self._agent = self._agent, None
        desk = self._desk
        if agent is None or desk is None:
            return
        up = [call for call in desk.calls if call.ended is None]
        for call in up:
            await call.hangup()
        for registrar in self._registrars.values():
            await registrar.leave()
        self._registrars.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await agent.asked.quiet(GOODBYE_S)
        desk.close()
        await agent.close()
        self._incoming.put_nowait(None)

    async def incoming(self) -> AsyncIterator[PyVoipCall]:
        while (call := await self._incoming.get()) is not None:
            if call.ended is None:
                yield call
        self._incoming.put_nowait(None)

    async def drain(self, timeout_s: float | None = None) -> bool:
        self._admission.drain()
        try:
            async with asyncio.timeout(timeout_s):
                if self._desk is not None:
                    await self._desk.entrance.empty()
        except TimeoutError:
            return False
        return True

    async def dial(
        self,
        uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        trunk: str = "",
    ) -> DialResult:
        """Place a call (`telephony.api.Endpoint.dial`); over UDP only."""
        agent, desk = self._agent, self._desk
        if agent is None or desk is None:
            raise LineError(f"cannot dial {uri!r}: the endpoint is not started")
        names = [known.name for known in self._config.trunks]
        if trunk and trunk not in names:
            raise LineError(f"trunk {trunk!r}: one of {', '.join(names)} is expected")
        try:
            lines = check_headers(headers or {})
            to = await agent.resolve(check_target(uri))
        except (ValueError, OSError) as error:
            reason = f"failed before it rang: {error}"
            return DialResult(TransferOutcome.UNREACHABLE, reason=reason)
        registrar = self._registrars.get(trunk or (names[0] if names else ""))
        identity = registrar.identity if registrar is not None else None
        agent.expect(to[0])
        return await Dialling(agent, desk.adopt, uri, lines, identity).run(to, timeout_s)

    def _ring(self, call: PyVoipCall) -> None:
        self._incoming.put_nowait(call)

    async def _pump(self, desk: Desk) -> None:
        """The one task that moves the audio of all calls."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            for call in list(desk.calls):
                self._move(call)
            next_s = max(next_s + TICK_MS / 1000, loop.time())
            await asyncio.sleep(next_s - loop.time())
            desk.entrance.tick(TICK_MS / 1000)

    def _move(self, call: PyVoipCall) -> None:
        try:
            call.move()
        except Exception:  # one call's trouble is not to be the trouble of all
            _log.exception("call %s: its audio failed; hanging up", call.info.call_id)
            call.media.stop()
            self._spawn(call.hangup())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _bind_error(listen: str, error: OSError) -> LineError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"SIP port {listen}/UDP is in use by another program; "
            "stop it or choose another listen address"
        )
    return LineError(
        f"SIP listen address {listen}/UDP cannot be used: {error.strerror or error}; "
        "an address of this machine and a free port above 1023 are expected"
    )

"""The phone line on baresip (libre/baresip through baresip-python): `BaresipEndpoint`.

The stack keeps its state per process: one endpoint may run in a process at a time; another may
start after it has stopped. SIP and RTP run in C threads, so a busy event loop delays frames
but not packets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from baresip import BaresipError, CallState, Event, Runtime, StackEvent, UserAgent
from baresip import Call as StackCall

from telephony.admission import Admission
from telephony.api import CallInfo, DialResult, TransferOutcome
from telephony.baresip.agents import Agents, RegistrationState
from telephony.baresip.call import BaresipCall
from telephony.baresip.config import stack_config
from telephony.baresip.dialling import cancel_dial, why_not
from telephony.baresip.entrance import Entrance
from telephony.baresip.logs import clean_logs
from telephony.baresip.native import NativeStack
from telephony.config import LineConfig
from telephony.errors import LineError
from telephony.headers import check_headers
from telephony.network_text import plain
from telephony.outcomes import check_sip_uri, user_part
from telephony.ports import check_free

TICK_MS = 10
_EARLY_CALLS_KEPT = 256
_log = logging.getLogger("telephony")


class BaresipEndpoint:
    """A SIP user agent that takes calls to any user and places calls.

    `admission` decides which incoming calls are let in; legs we dial do not count. A far end's
    REFER that `config.follow_transfers` allows comes out of `followed`.
    """

    def __init__(
        self, config: LineConfig | None = None, admission: Admission | None = None
    ) -> None:
        self._config = config or LineConfig()
        self._admission = admission or Admission()
        self._stack: NativeStack | None = None
        self._entrance: Entrance | None = None
        self._runtime: Runtime | None = None
        self._agents = Agents(self._config)
        self._calls: set[BaresipCall] = set()
        self._incoming: asyncio.Queue[BaresipCall | None] = asyncio.Queue()
        self._followed: asyncio.Queue[BaresipCall] = asyncio.Queue()
        self._known: set[int] = set()
        self._early: dict[int, list[StackEvent]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind and listen; logins at registrars go on afterwards (`registrations`)."""
        check_free(self._config.listen)
        if self._config.tls is not None:
            check_free(self._config.tls.listen)
        config = stack_config(self._config)
        clean_logs()
        runtime = Runtime()
        try:
            await runtime.start(config)
        except BaresipError as error:
            raise LineError(
                f"the SIP stack cannot start on {self._config.listen}: {error} "
                "(only one endpoint can run in a process)"
            ) from error
        self._incoming = asyncio.Queue()  # calls may ring from the first account on
        try:
            await self._open(runtime)
        except BaseException as error:
            self._let_go()
            await runtime.close()
            if isinstance(error, BaresipError):
                raise LineError(f"the SIP stack refuses our account: {error}") from error
            raise
        self._runtime = runtime
        self._spawn(self._pump())
        self._spawn(self._agents.register())

    async def _open(self, runtime: Runtime) -> None:
        self._stack = NativeStack()
        self._stack.attach()
        self._stack.voice_only()
        self._entrance = Entrance(self._config, self._admission, self._stack)
        runtime.subscribe(self._keep_early)
        runtime.on_dead = self._die
        await self._agents.open(runtime, self._stack, self._wire)
        if not self._stack.screens:
            raise LineError("the SIP stack does not let its requests be judged; none may be let in")

    def _wire(self, agent: UserAgent) -> None:
        agent.on_incoming(self._ring)
        agent.on_transfer_call(self._follow)

    @property
    def registrations(self) -> Mapping[str, RegistrationState]:
        """Where we stand with the registrars, by the names of their trunks."""
        return self._agents.registrations

    def _die(self) -> None:
        """The stack's thread has gone, and with it every call; only a new process helps."""
        _log.critical("the SIP stack died; every call has ended and no more will come")
        self._close_all("the SIP stack died")

    def _close_all(self, reason: str) -> None:
        for call in list(self._calls):
            call.closed(reason)
        self._calls.clear()
        if self._entrance is not None:
            self._entrance.close()
        self._incoming.put_nowait(None)

    async def stop(self) -> None:
        runtime, self._runtime = self._runtime, None
        if runtime is None:
            return
        for call in list(self._calls):
            await call.hangup()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._agents.goodbye()
        self._let_go()
        await runtime.close()
        self._close_all("endpoint stopped")

    def _let_go(self) -> None:
        if self._stack is not None:
            with contextlib.suppress(LineError):  # a stack that died needs no goodbye
                self._stack.detach()

    async def incoming(self) -> AsyncIterator[BaresipCall]:
        while (call := await self._incoming.get()) is not None:
            if call.ended is None:
                yield call
        self._incoming.put_nowait(None)

    async def drain(self, timeout_s: float | None = None) -> bool:
        self._admission.drain()
        try:
            async with asyncio.timeout(timeout_s):
                if self._entrance is not None:
                    await self._entrance.empty()
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
        """Place a call (`telephony.api.Endpoint.dial`).

        Raises LineError where the endpoint is not started or has no such trunk.
        """
        if self._runtime is None:
            raise LineError(f"cannot dial {uri!r}: the endpoint is not started")
        agent, target = self._agents.pick(uri, trunk)
        try:
            command = agent.dial(check_sip_uri(target), headers=check_headers(headers or {}))
            call = await self._uncancelled(asyncio.ensure_future(command), uri)
        except BaresipError as error:
            return DialResult(TransferOutcome.UNREACHABLE, reason=plain(str(error), 256))
        except ValueError as error:
            # Our own check of the URI and headers, or the stack's.
            reason = f"failed before it rang: {error}"
            return DialResult(TransferOutcome.UNREACHABLE, reason=reason)
        try:
            established = await call.wait_established(timeout_s)
        except asyncio.CancelledError:
            self._spawn(cancel_dial(call))
            raise
        return (
            DialResult(TransferOutcome.ACCEPTED, call)
            if established
            else await why_not(call, timeout_s)
        )

    async def _uncancelled(self, dialling: asyncio.Future[StackCall], uri: str) -> BaresipCall:
        """Wait for the stack's call; if we are cancelled meanwhile, it is hung up once it is."""
        try:
            return self._dialled(await asyncio.shield(dialling), uri)
        except asyncio.CancelledError:
            self._spawn(self._abandon(dialling, uri))
            raise

    def _dialled(self, native: StackCall, uri: str) -> BaresipCall:
        return self._adopt(
            native, CallInfo(native.call_id or "", self._config.user, user_part(uri))
        )

    async def _abandon(self, dialling: asyncio.Future[StackCall], uri: str) -> None:
        with contextlib.suppress(BaresipError):
            await cancel_dial(self._dialled(await dialling, uri))

    async def followed(self) -> BaresipCall:
        """The next call that a far end's REFER made us place; perhaps not yet established."""
        return await self._followed.get()

    def _follow(self, native: StackCall) -> None:
        info = CallInfo(native.call_id or "", self._config.user, user_part(native.peer or ""))
        self._followed.put_nowait(self._adopt(native, info))

    def _ring(self, native: StackCall) -> None:
        if self._entrance is None:
            raise LineError("the endpoint is not started")
        info, admitted = self._entrance.welcome(native)
        call = self._adopt(native, info)
        try:
            lacks_keys = call.lacks_keys
        except LineError:  # the stack is too busy to say; nobody is to ring on for ever
            _log.exception("call %s cannot be taken", info.call_id)
            self._spawn(call.hangup())
            return
        if lacks_keys:
            self._spawn(call.reject(488))
        elif not admitted:  # it has a header that the stack took for the Call-ID, and we did not
            self._spawn(call.reject(503))
        else:
            self._incoming.put_nowait(call)

    def _adopt(self, native: StackCall, info: CallInfo) -> BaresipCall:
        if self._stack is None:
            raise LineError("the endpoint is not started")
        call = BaresipCall(native, info, self._stack)
        self._calls.add(call)
        self._spawn(self._release(call))
        self._known.add(native.handle)
        if native.state is CallState.CLOSED and self._runtime is not None:
            # It heard its end by itself, before we listened, and left the stack's listeners; told
            # once more below, so that we hear it too, it leaves them once more.
            self._runtime.subscribe(native._on_stack_event)
        for event in self._early.pop(native.handle, ()):
            native._on_stack_event(event)
        if call.ended is not None:
            self._known.discard(native.handle)
        return call

    def _keep_early(self, event: StackEvent) -> None:
        """Keep the events of a call that `dial` has not returned yet.

        The stack's binding hears only what comes after it has returned the call; on a busy
        loop ringing, answer and refusal may all have passed by then.
        """
        if event.call and event.call not in self._known:
            if event.event in (Event.CALL_INCOMING, Event.CALL_OUTGOING):
                self._early.pop(event.call, None)  # the number is used again
            self._early.setdefault(event.call, []).append(event)
            if len(self._early) > _EARLY_CALLS_KEPT:
                del self._early[next(iter(self._early))]
        elif event.event is Event.CALL_CLOSED:
            self._known.discard(event.call)

    async def _release(self, call: BaresipCall) -> None:
        await call.wait_ended()
        self._calls.discard(call)
        if self._entrance is not None:
            self._entrance.left(call.info.call_id)

    async def _pump(self) -> None:
        """The one task that moves the audio of all calls."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            for call in list(self._calls):
                self._move(call)
            next_s = max(next_s + TICK_MS / 1000, loop.time())
            await asyncio.sleep(next_s - loop.time())
            if self._entrance is not None:
                self._entrance.tick(TICK_MS / 1000)

    def _move(self, call: BaresipCall) -> None:
        try:
            call.media.tick()
        except Exception:  # one call's trouble is not to be the trouble of all
            _log.exception("call %s: its audio failed; hanging up", call.info.call_id)
            call.media.stop()
            self._spawn(call.hangup())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

"""The console's socket and server, inside the bot's own event loop."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn

from voicebot.console.app import build_app
from voicebot.console.guard import host_of
from voicebot.console.live import LiveCalls
from voicebot.errors import SettingsError
from voicebot.records.store import Records

STOP_S = 3.0
MAX_CONNECTIONS = 100

log = structlog.get_logger(__name__)


def open_listener(listen: str) -> socket.socket:
    """A bound socket for ``ADDR:PORT``, which must be a loopback address.

    Raises SettingsError: malformed, not loopback, or taken.
    """
    host, port = _parse(listen)
    address = ipaddress.ip_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            why = "is taken by another program; stop it or choose another port"
        else:
            why = f"cannot be listened on: {error.strerror}"
        raise SettingsError(f"settings: console.listen: {listen} {why}") from None
    return listener


def _parse(listen: str) -> tuple[str, int]:
    expected = "expected 127.0.0.1:PORT or [::1]:PORT"
    host, (_, _, port) = host_of(listen), listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise SettingsError(f"settings: console.listen: {expected}, got {listen!r}")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"settings: console.listen: {expected}, got {listen!r}; the console has no login: "
            "reach it from elsewhere through an SSH tunnel or a proxy that asks for one"
        )
    return host, int(port)


class _Server(uvicorn.Server):
    """Signals are the bot's: it stops its calls first, then this."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(
    listener: socket.socket, records: Records, live: LiveCalls
) -> AsyncIterator[None]:
    """Serve the console on `listener` while the block runs.

    Whatever goes wrong in it is logged and stays in it.
    """
    config = uvicorn.Config(
        build_app(records, live),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="console")
    task.add_done_callback(_note_end)
    try:
        yield
    finally:
        live.close()
        server.should_exit = True
        await asyncio.wait({task}, timeout=STOP_S)
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_S)
        listener.close()


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("console: ended; calls go on", exc_info=error)

"""The console's socket and server, inside the bot's own event loop."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn

from voicebot.console.app import build_app
from voicebot.console.guard import host_of
from voicebot.console.house import House
from voicebot.errors import SettingsError
from voicebot.settings import ConsoleSettings

STOP_S = 3.0
MAX_CONNECTIONS = 400

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
log = structlog.get_logger(__name__)


def open_listener(console: ConsoleSettings) -> socket.socket:
    """A bound socket for ``console.listen``.

    Raises SettingsError: malformed, reachable from elsewhere without TLS, no usable certificate,
    or taken.
    """
    address, port = _parse(console)
    _check_certificate(console)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            why = "is taken by another program; stop it or choose another port"
        else:
            why = f"cannot be listened on: {error.strerror}"
        raise SettingsError(f"settings: console.listen: {console.listen} {why}") from None
    return listener


def _parse(console: ConsoleSettings) -> tuple[Address, int]:
    listen = console.listen
    host, (_, _, port) = host_of(listen), listen.rpartition(":")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not port.isdigit() or int(port) > 65535:
        raise SettingsError(
            "settings: console.listen: expected 127.0.0.1:PORT, [::1]:PORT or another address of "
            f"this machine, got {listen!r}"
        )
    if address.is_loopback:
        return address, int(port)
    if not console.over_tls:
        raise SettingsError(
            f"settings: console.listen: {listen} can be reached from elsewhere, where passwords "
            "and callers' words must not travel in the clear: give console.certificate and "
            "console.certificate_key, or the addresses of the proxy that ends TLS "
            "(console.proxies), or listen on 127.0.0.1 and come through an SSH tunnel"
        )
    if not console.hosts:
        raise SettingsError(
            f"settings: console.hosts: {listen} can be reached from elsewhere: name the hosts that "
            'browsers call it by, e.g. ["hotline.corp.example"]'
        )
    return address, int(port)


def _check_certificate(console: ConsoleSettings) -> None:
    if console.certificate is None or console.certificate_key is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # No pass phrase is asked for on a terminal that nobody sits at.
        context.load_cert_chain(console.certificate, console.certificate_key, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise SettingsError(
            f"settings: console.certificate: {console.certificate} and "
            f"{console.certificate_key}: expected a certificate and its own key (PEM, without a "
            f"pass phrase): {reason}"
        ) from None


class _Server(uvicorn.Server):
    """Signals are the bot's: it stops its calls first, then this."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(listener: socket.socket, house: House) -> AsyncIterator[None]:
    """Serve the console on `listener` while the block runs.

    Whatever goes wrong in it is logged and stays in it.
    """
    console = house.settings.console
    config = uvicorn.Config(
        build_app(house),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
        ssl_certfile=console.certificate,
        ssl_keyfile=str(console.certificate_key) if console.certificate_key else None,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="console")
    task.add_done_callback(_note_end)
    try:
        yield
    finally:
        house.live.close()
        server.should_exit = True
        await asyncio.wait({task}, timeout=STOP_S)
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_S)
        listener.close()
        await house.workers.close()
        await house.checks.close()


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("console: ended; calls go on", exc_info=error)

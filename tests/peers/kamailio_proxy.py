"""Debian's kamailio as a registrar and proxy on loopback, with a config and folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from calls_support import until

from tests.ports import free_port

TEMPLATE = Path(__file__).with_name("kamailio.cfg")
USER = "1001"
PASSWORD = "sesame-37"


@dataclass
class Proxy:
    """A running kamailio; it tells all requests in its log."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def lines(self, *words: str) -> list[str]:
        """What it has told so far that has all these words."""
        told = self.log.read_text(errors="replace").splitlines()
        return [line for line in told if all(word in line for word in words)]

    async def told(self, *words: str, count: int = 1, timeout_s: float = 10.0) -> list[str]:
        """Wait until it has told so that often."""
        what = f"kamailio tells {words} {count} times"
        await until(lambda: len(self.lines(*words)) >= count, what, timeout_s)
        return self.lines(*words)


@contextlib.asynccontextmanager
async def kamailio(folder: Path, *, peer: int = 9, nonce_s: int = 30) -> AsyncIterator[Proxy]:
    """`peer` is the port where calls of USER go; `nonce_s` how long a nonce lives."""
    folder.mkdir(parents=True)  # noqa: ASYNC240
    port = free_port()
    text = TEMPLATE.read_text()
    for name, value in (
        ("NONCE_S", nonce_s),
        ("PORT", port),
        ("PEER", peer),
        ("USER", USER),
        ("PASSWORD", PASSWORD),
    ):
        text = text.replace(name, str(value))
    (folder / "kamailio.cfg").write_text(text)
    proxy = Proxy(port, folder / "log")
    with proxy.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("kamailio", "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "4"),
            *("-Y", str(folder), "-P", str(folder / "pid"), "-w", str(folder)),
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        await _listening(proxy, process)
        yield proxy
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _listening(proxy: Proxy, process: asyncio.subprocess.Process) -> None:
    """Its TCP side opens last."""
    async with asyncio.timeout(15):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.close()
                await writer.wait_closed()
                return
            told = proxy.log.read_text(errors="replace")
            assert process.returncode is None, f"kamailio does not start:\n{told}"
            await asyncio.sleep(0.05)

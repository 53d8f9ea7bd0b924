"""Debian's baresip 1.0.0, another version of another build, as a phone that tests steer.

It says a wav (aufile), writes down what it hears (sndfile) and takes orders over TCP
(ctrl_tcp: JSON in netstrings).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from line_support import Samples, samples

from tests.ports import free_port

MODULES = Path("/usr/lib/baresip/modules")
WAV_HEADER_BYTES = 44
_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
{tls}net_interface 127.0.0.1
rtp_ports {rtp_ports}
audio_player nil,nil
audio_alert nil,nil
audio_source aufile,{say}
ausrc_channels 1
jitter_buffer_delay 1-4
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:{control}
module_path {modules}
module g711.so
module g722.so
module srtp.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
"""


@dataclass
class Phone:
    """One running baresip; `events` are all it has told so far."""

    port: int
    folder: Path
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)
    _pending: list[dict[str, Any]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"sip:peer@127.0.0.1:{self.port}"

    async def command(self, command: str, params: str = "") -> None:
        """Give an order; fails if baresip does not take it."""
        order = json.dumps({"command": command, "params": params, "token": command}).encode()
        self.writer.write(b"%d:%s," % (len(order), order))
        await self.writer.drain()
        answer = await self._until(lambda message: message.get("token") == command, command)
        assert answer.get("ok", True), answer

    async def event(self, kind: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """The first event of this type that was not asked for before."""
        return await self._until(lambda message: message.get("type") == kind, kind, timeout_s)

    async def _until(self, wanted: Any, what: str, timeout_s: float = 10.0) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for message in self._pending:
                        if wanted(message):
                            self._pending.remove(message)
                            return message
                    self.events.append(await self._message())
                    self._pending.append(self.events[-1])
        except (TimeoutError, asyncio.IncompleteReadError):
            seen = [event.get("type", event) for event in self.events]
            raise AssertionError(f"baresip: no {what}; saw {seen}\n{self.log()[-4000:]}") from None

    async def _message(self) -> dict[str, Any]:
        size = await self.reader.readuntil(b":")
        body = await self.reader.readexactly(int(size[:-1]) + 1)
        message: dict[str, Any] = json.loads(body[:-1])
        return message

    def log(self) -> str:
        """What it has printed, all SIP messages among it."""
        return (self.folder / "log").read_text(errors="replace")

    def heard(self, rate: int = 8000) -> Samples:
        """What it has decoded since its start; each hold begins a new file."""
        dumps = sorted(self.folder.glob("dump-*-dec.wav"))
        assert dumps, f"baresip heard nothing:\n{self.log()[-4000:]}"
        for dump in dumps:
            with wave.open(str(dump)) as file:
                assert (file.getnchannels(), file.getframerate()) == (1, rate)
        return samples(b"".join(dump.read_bytes()[WAV_HEADER_BYTES:] for dump in dumps))


@contextlib.asynccontextmanager
async def debian_baresip(
    folder: Path,
    *,
    say: Path,
    account: str = "answermode=auto",
    codecs: str = "PCMA/8000/1",
    transport: str = "udp",
    domain: str = "",
    rtp_ports: str = "22600-22698",
    certificate: Path | None = None,
) -> AsyncIterator[Phone]:
    """Start it in `folder` with one account; `say` is its voice, 8 kHz (16 kHz for G.722).

    It hangs up where its voice ends, so give it more than it needs.
    """
    folder.mkdir(parents=True)  # noqa: ASYNC240
    port, control = free_port(), free_port()
    tls = f"sip_certificate {certificate}\n" if certificate else ""
    (folder / "config").write_text(
        _CONFIG.format(
            port=port,
            tls=tls,
            rtp_ports=rtp_ports,
            say=say,
            folder=folder,
            control=control,
            modules=MODULES,
        )
    )
    home = domain or f"127.0.0.1:{port}"
    (folder / "accounts").write_text(
        f"<sip:peer@{home};transport={transport}>;audio_codecs={codecs};{account}"
        f"{'' if 'regint' in account else ';regint=0'}\n"
    )
    (folder / "contacts").write_text("")
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("baresip", "-s", "-f", str(folder)),  # -s: the log has all SIP messages
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            reader, writer = await _connect(control, process, folder)
            with contextlib.closing(writer):
                yield Phone(port, folder, reader, writer, process)
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(20):
                await process.wait()


async def _connect(
    port: int, process: asyncio.subprocess.Process, folder: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
            log = (folder / "log").read_text(errors="replace")
            assert process.returncode is None, f"baresip does not start:\n{log}"
            await asyncio.sleep(0.05)

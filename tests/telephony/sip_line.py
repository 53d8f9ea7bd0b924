"""A SIP backend under the contract of the line, called by a second process."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from line_support import Child, child, read_stereo, script, write_wav

from telephony import Call, Endpoint
from tests.ports import free_port


class SipLineUnderTest:
    """The contract's `Line` on any SIP backend; the caller is a second process."""

    def __init__(self, endpoint: Endpoint, port: int, folder: Path) -> None:
        self.endpoint = endpoint
        self._port = port
        self._folder = folder
        self._stack = contextlib.AsyncExitStack()
        self.caller: Child | None = None

    async def call(self, steps: list[dict[str, Any]]) -> Call:
        self.caller = await self._stack.enter_async_context(
            child(
                "telephony.loopback.caller",
                *("--call", f"sip:4008001234@127.0.0.1:{self._port}"),
                *("--listen", f"127.0.0.1:{free_port()}"),
                *("--script", script(self._folder, steps)),
                *("--tape", self._folder / "caller.wav"),
            )
        )
        return await asyncio.wait_for(anext(aiter(self.endpoint.incoming())), 10)

    async def ring(self, says: bytes, stays_ms: int) -> Call:
        write_wav(self._folder / "says.wav", says)
        spoken: list[dict[str, Any]] = [{"play": "says.wav"}] if says else []
        rest = {"wait_ms": stays_ms - len(says) // 16}
        return await self.call([*spoken, rest, {"hangup": True}])

    async def heard(self) -> bytes:
        assert self.caller is not None
        await self.caller.finish()
        return bytes(read_stereo(self._folder / "caller.wav")[1].astype("<i2").tobytes())

    async def close(self) -> None:
        await self._stack.aclose()

"""A server on this machine that speaks the online voice's protocol: real websocket, real MP3.

The words are jieba's; each is reported with its times, as the service does.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import Any
from xml.etree import ElementTree

import jieba
from aiohttp import WSMsgType, web
from edge_tts.drm import generate_sec_ms_gec_v2

from tests.speech.edge_sound import CHARACTER_S, LEAD_S, spoken

TICKS = 10_000_000
_PIECE_BYTES = 720  # a message of sound; the service's are of about this size


@dataclass(frozen=True)
class Boundary:
    """A word as reported, in ticks of 100 ns."""

    text: str
    offset: int
    duration: int


def boundaries(text: str, character_s: float) -> list[Boundary]:
    """The words of a reading, with the times of `sound_of`."""
    found, position = [], 0
    for word in jieba.cut(text):
        count = sum(c.isalnum() for c in word)
        if count:
            start_s = LEAD_S + position * character_s
            length_s = count * character_s
            found.append(Boundary(word, round(start_s * TICKS), round(length_s * TICKS)))
            position += count
    return found


@dataclass
class Behaviour:
    """What the server does other than well. The defaults are a good day."""

    status: int = 200  # of the answer to the handshake
    refusals: int = 1_000_000  # it is `status` for so many handshakes, then 200
    date: str | None = None  # its Date header; None: the right one
    check_token: bool = True  # refuse (403) a token that another clock made
    clock_s: float = 0.0  # how far the server's clock is ahead
    sound: bool = True
    character_s: float = CHARACTER_S
    stop_at_byte: int | None = None  # of the MP3; then `at_stop`
    at_stop: str = "stall"  # or "close", "abort", "garbage"
    garbage: Callable[[bytes], bytes] | None = None  # instead of the MP3
    words: Callable[[list[Boundary]], list[Boundary]] = field(default=lambda words: words)
    words_first: bool = True  # before the sound; else after it
    metadata_type: str = "WordBoundary"
    metadata: str | None = None  # sent as it is, before the sound
    piece_bytes: int = _PIECE_BYTES
    pause_s: float = 0.0  # between two messages of sound
    delay_s: float = 0.0  # before the first one
    answer_close: bool = True


@dataclass
class Asked:
    """One request, as it was understood."""

    text: str
    voice: str
    prosody: dict[str, str]
    config: dict[str, Any]
    closed_after_s: float | None = None  # from the request to the client's close


class EdgeServer:
    """Runs in a thread of its own, between `with EdgeServer() as server:` and the end."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.handshakes: list[int] = []  # the status each was answered with
        self.asked: list[Asked] = []
        self.proxy_authorizations: list[str | None] = []  # where it was used as a proxy
        self.faults: list[str] = []  # what was wrong with a request
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="edge server", daemon=True)
        self._over = asyncio.Event()

    def __enter__(self) -> EdgeServer:
        jieba.initialize()  # else the first request would wait for it
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        if kind is None:
            assert not self.faults, self.faults

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/edge/v1?TrustedClientToken=x"

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/edge/v1", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        status = self._status(request)
        self.handshakes.append(status)
        now = self.behaviour.date or formatdate(time.time() + self.behaviour.clock_s, usegmt=True)
        if status != 200:
            return web.Response(status=status, headers={"Date": now})
        socket = web.WebSocketResponse(
            compress=True, autoclose=self.behaviour.answer_close, timeout=0.2
        )
        await socket.prepare(request)
        await _Session(self, socket).run()
        return socket

    def _status(self, request: web.Request) -> int:
        behaviour = self.behaviour
        if not request.headers.get("Cookie", "").startswith("muid="):
            self.faults.append("no muid")
        self.proxy_authorizations.append(request.headers.get("Proxy-Authorization"))
        if behaviour.status != 200 and len(self.handshakes) < behaviour.refusals:
            return behaviour.status
        expected = generate_sec_ms_gec_v2(time.time() + behaviour.clock_s)
        earlier = generate_sec_ms_gec_v2(time.time() + behaviour.clock_s - 5)
        token = request.query.get("Sec-MS-GEC")
        if behaviour.check_token and token not in (expected, earlier):
            return 403
        return 200


class _Session:
    """One websocket."""

    def __init__(self, server: EdgeServer, socket: web.WebSocketResponse) -> None:
        self._server, self._behaviour, self._socket = server, server.behaviour, socket
        self._config: dict[str, Any] = {}
        self._id = ""

    async def run(self) -> None:
        speaking: asyncio.Task[None] | None = None
        began_s = 0.0
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                self._server.faults.append(f"a message of type {message.type}")
                continue
            head, body = message.data.split("\r\n\r\n", 1)
            headers = dict(line.split(":", 1) for line in head.split("\r\n"))
            if headers["Path"] == "speech.config":
                self._config = json.loads(body)["context"]["synthesis"]["audio"]
            elif headers["Path"] == "ssml":
                self._id, began_s = headers["X-RequestId"], time.monotonic()
                asked = _understood(body, self._config)
                self._server.asked.append(asked)
                speaking = asyncio.create_task(self._speak(asked.text))
        if self._server.asked:
            self._server.asked[-1].closed_after_s = time.monotonic() - began_s
        if speaking is not None:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    async def _speak(self, text: str) -> None:
        behaviour = self._behaviour
        await self._text("turn.start", {"context": {"serviceTag": "x"}})
        await self._text("response", {"context": {}})
        await asyncio.sleep(behaviour.delay_s)
        if behaviour.metadata is not None:
            await self._raw("audio.metadata", behaviour.metadata)
        words = behaviour.words(boundaries(text, behaviour.character_s)) if behaviour.sound else []
        if behaviour.words_first:
            await self._report(words)
        if behaviour.sound:
            count = sum(c.isalnum() for c in text)
            data = spoken(count, behaviour.character_s)
            data = behaviour.garbage(data) if behaviour.garbage else data
            async for piece in self._pieces(data):
                await self._sound(piece)
            if behaviour.stop_at_byte is not None and await self._misbehaved():
                return
            await self._binary(b"X-RequestId:%s\r\nPath:audio\r\n" % self._id.encode(), b"")
        if not behaviour.words_first:
            await self._report(words)
        await self._text("turn.end", {})

    async def _pieces(self, data: bytes) -> AsyncIterator[bytes]:
        size = self._behaviour.piece_bytes
        for at in range(0, len(data[: self._behaviour.stop_at_byte]), size):
            yield data[: self._behaviour.stop_at_byte][at : at + size]
            await asyncio.sleep(self._behaviour.pause_s)

    async def _misbehaved(self) -> bool:
        if self._behaviour.at_stop == "stall":
            await asyncio.sleep(3600)
        if self._behaviour.at_stop == "garbage":
            await self._sound(bytes(range(256)) * 20)
            return False
        if self._behaviour.at_stop == "close":
            await self._socket.close()
        elif (transport := self._socket._req.transport) is not None:  # type: ignore[union-attr]
            transport.abort()
        return True

    async def _report(self, words: list[Boundary]) -> None:
        kind = self._behaviour.metadata_type
        for word in words:
            said = {"Text": word.text, "Length": len(word.text), "BoundaryType": kind}
            data = {"Offset": word.offset, "Duration": word.duration, "text": said}
            await self._text("audio.metadata", {"Metadata": [{"Type": kind, "Data": data}]})

    async def _text(self, path: str, body: dict[str, Any]) -> None:
        await self._raw(path, json.dumps(body, ensure_ascii=False))

    async def _raw(self, path: str, body: str) -> None:
        await self._socket.send_str(
            f"X-RequestId:{self._id}\r\nContent-Type:application/json; charset=utf-8\r\n"
            f"Path:{path}\r\n\r\n{body}"
        )

    async def _sound(self, data: bytes) -> None:
        head = (
            f"X-RequestId:{self._id}\r\nContent-Type:audio/mpeg\r\nX-StreamId:1\r\nPath:audio\r\n"
        )
        await self._binary(head.encode(), data)

    async def _binary(self, head: bytes, data: bytes) -> None:
        await self._socket.send_bytes(len(head).to_bytes(2, "big") + head + data)


def _understood(ssml: str, config: dict[str, Any]) -> Asked:
    """The request as the service would read it; a fault in the XML is an error."""
    namespace = "{http://www.w3.org/2001/10/synthesis}"
    speak = ElementTree.fromstring(ssml)  # noqa: S314  our own client's
    voice = speak.find(f"{namespace}voice")
    assert voice is not None
    prosody = voice.find(f"{namespace}prosody")
    assert prosody is not None and not list(prosody)
    return Asked(prosody.text or "", voice.get("name", ""), dict(prosody.attrib), config)

"""Requests to the online speech service, from threads that wait for them."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from voicebot.remote.loop_thread import LoopThread
from voicebot.speech import edge_library

_TICKS_A_SECOND = 10_000_000
_LOOK_S = 0.02  # how often a waiting thread looks whether it is to stop


@dataclass(frozen=True)
class Sound:
    """A piece of the MP3, of any length."""

    data: bytes


@dataclass(frozen=True)
class Word:
    """The service says `text` from `start_s` to `end_s` of the clause's sound."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Over:
    """The request is over. `fault` says in words why, if it did not come to its end."""

    fault: str = ""


Message = Sound | Word | Over


class Request:
    """What has come in of one request. For one thread."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.put = self._messages.put

    def wait(self, limit_s: float, stop: threading.Event | None) -> Message | None:
        """The next message; None when there is none for `limit_s`, or when `stop` is set."""
        give_up_s = time.monotonic() + limit_s
        while not (stop is not None and stop.is_set()):
            left_s = max(0.0, give_up_s - time.monotonic())
            try:
                return self._messages.get(timeout=left_s if stop is None else min(left_s, _LOOK_S))
            except queue.Empty:
                if left_s <= _LOOK_S and time.monotonic() >= give_up_s:
                    return None
        return None


class EdgeService:
    """The service behind Edge's "read aloud", by edge-tts; one event loop for all requests.

    Args:
        voice: e.g. ``zh-CN-XiaoxiaoNeural``.
        rate: speed as the service takes it, e.g. ``+10%``.
        total_s: a request that takes longer is ended.
        proxy: ``http://[USER:PASSWORD@]HOST:PORT``; None: as the environment says.
        endpoint: another address than the service's own.

    Raises VoiceError if the extra is not installed.
    """

    def __init__(
        self, voice: str, rate: str, *, total_s: float, proxy: str | None, endpoint: str | None
    ) -> None:
        self._library, self._clock = edge_library.load(endpoint)
        self._voice, self._rate, self._total_s, self._proxy = voice, rate, total_s, proxy
        self._loop = LoopThread(f"edge {voice}")

    @property
    def skew_s(self) -> float:
        """See `Clock.skew_s`."""
        return self._clock.skew_s

    @contextmanager
    def request(self, reading: str) -> Iterator[Request]:
        """Ask for `reading` to be spoken; leaving ends the request, wherever it is."""
        request = Request()
        task = self._loop.run(lambda: self._fetch(reading, request))
        try:
            yield request
        finally:
            task.cancel()

    def close(self) -> None:
        """End all requests and the thread."""
        self._loop.close()

    async def _fetch(self, reading: str, request: Request) -> None:
        try:
            async with asyncio.timeout(self._total_s):
                fault = await self._stream(reading, request)
        except Exception as error:  # a stranger's answer can make the library raise anything
            fault = _fault(error)
        request.put(Over(fault))

    async def _stream(self, reading: str, request: Request) -> str:
        self._clock.begin()
        communicate = self._library.Communicate(
            reading,
            self._voice,
            rate=self._rate,
            boundary="WordBoundary",
            proxy=self._proxy,
        )
        received = 0
        async for chunk in communicate.stream():
            if chunk["type"] == "audio":
                if not received:
                    self._clock.prove()
                received += len(chunk["data"])
                request.put(Sound(chunk["data"]))
            elif chunk["type"] == "WordBoundary":
                start, length = float(chunk["offset"]), float(chunk["duration"])
                start_s, end_s = start / _TICKS_A_SECOND, (start + length) / _TICKS_A_SECOND
                request.put(Word(chunk["text"], start_s, end_s))
        # the library takes a closed connection for the end; it counts the sound at the real one
        if communicate.state["cumulative_audio_bytes"] != received:
            return "the service closed the connection too early"
        return ""


def _fault(error: Exception) -> str:
    """What went wrong, in words; never what was sent, nor the address with its keys."""
    import aiohttp
    from edge_tts import exceptions

    if isinstance(error, aiohttp.ClientResponseError):
        clock = "; is this machine's clock right?" if error.status == 403 else ""
        return f"the service refused the request (HTTP {error.status}){clock}"
    if isinstance(error, exceptions.SkewAdjustmentError):
        return "the service refused the request (HTTP 403)"
    if isinstance(error, exceptions.NoAudioReceived):
        return "the service sent no sound"
    if isinstance(error, TimeoutError):
        return "the service took too long in all"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the service's name has no address; is there a network?"
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return "no connection to the service"
    return f"the service's answer was not understood ({type(error).__name__})"

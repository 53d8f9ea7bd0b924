"""The way to a language server: requests in a loop of their own, for threads that wait.

A request is made once more only where that is safe: nothing of the answer has come, and the server
was not reached, hung up, or asked for patience (429, 503). Redirects are not followed: the key and
the texts go to the address in the settings and nowhere else.
"""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from voicebot.errors import LanguageError
from voicebot.language.http_wire import MAX_ANSWER_BYTES, retry_after_s
from voicebot.remote.loop_thread import LoopThread

LONGEST_S = 120.0  # of a request that nobody gave a deadline
AGAIN_AFTER_S = 0.1
BUSY = (429, 503)
_CLOSE_S = 2.0


@dataclass(frozen=True)
class Over:
    """The request is over. `fault` says in words why, if it did not come to its end."""

    fault: str = ""
    status: int = 0


Message = bytes | Over


class Link:
    """One server's address, with a pool of connections to it.

    Args:
        url: the API's base, e.g. ``http://127.0.0.1:8000/v1``.
        key: sent as a bearer token and never told anybody else; empty: none.
        connect_s: a server that takes longer to reach counts as away.
        proxy: ``http://[USER:PASSWORD@]HOST:PORT``; empty: none.
        ca_file: certificates to trust instead of the public ones.

    Raises LanguageError if `ca_file` cannot be read.
    """

    def __init__(
        self, url: str, key: str, *, connect_s: float, proxy: str = "", ca_file: Path | None = None
    ) -> None:
        self.host = urlsplit(url).hostname or "?"
        self._url = url.rstrip("/") + "/chat/completions"
        self._headers = {"Accept-Encoding": "identity"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = httpx.Timeout(None, connect=connect_s)
        self._proxy = proxy or None
        self._verify = _trusted(ca_file)
        self._loop = LoopThread(f"language {self.host}")
        self._client: httpx.AsyncClient | None = None

    @contextmanager
    def post(
        self, body: Mapping[str, Any], limit_s: float
    ) -> Iterator[Callable[[float], Message | None]]:
        """Send `body`; what is yielded waits so many seconds for the next piece of the answer.

        Leaving ends the request wherever it is: the server sees the connection go.
        """
        messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

        def received(wait_s: float) -> Message | None:
            try:
                return messages.get(timeout=wait_s)
            except queue.Empty:
                return None

        task = self._loop.run(lambda: self._exchange(body, limit_s, messages.put))
        try:
            yield received
        finally:
            task.cancel()

    def close(self) -> None:
        """End all requests, connections and the thread. Idempotent."""
        gone = threading.Event()

        async def leave() -> None:
            try:
                if self._client is not None:
                    await self._client.aclose()
            finally:
                self._client = None
                gone.set()

        if self._client is not None:
            self._loop.run(leave)
            gone.wait(_CLOSE_S)
        self._loop.close()

    async def _exchange(
        self, body: Mapping[str, Any], limit_s: float, put: Callable[[Message], None]
    ) -> None:
        give_up_s = time.monotonic() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                over = await self._try(body, put, give_up_s)
                if over is None:
                    over = await self._try(body, put, None)
        except Exception as error:  # a stranger's answer can make a library raise anything
            over = Over(fault(error))
        put(over or Over("it failed twice"))

    async def _try(
        self, body: Mapping[str, Any], put: Callable[[Message], None], again_until_s: float | None
    ) -> Over | None:
        """How a try ended; None: it may be made again, and the time to do so has come.

        There is a next try if it can begin before `again_until_s`; None: this is the last one.
        """
        size = 0
        try:
            async with self._pool().stream(
                "POST", self._url, json=body, headers=self._headers
            ) as response:
                if response.status_code in BUSY and again_until_s is not None:
                    asked = retry_after_s(response.headers.get("Retry-After", ""), time.time())
                    patience_s = AGAIN_AFTER_S if asked is None else asked
                    if time.monotonic() + patience_s < again_until_s:
                        await asyncio.sleep(patience_s)
                        return None
                if response.status_code != 200:
                    return Over(_refusal(response.status_code), response.status_code)
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    return Over("the answer is packed, which was not asked for")
                async for piece in response.aiter_raw():
                    size += len(piece)
                    if size > MAX_ANSWER_BYTES:
                        return Over(f"the answer is over {MAX_ANSWER_BYTES} bytes")
                    put(piece)
        except httpx.TransportError:
            if again_until_s is None or size:
                raise
            await asyncio.sleep(AGAIN_AFTER_S)
            return None
        return Over()

    def _pool(self) -> httpx.AsyncClient:
        """Made in the loop that uses it."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._timeout,
                proxy=self._proxy,
                verify=self._verify,
                trust_env=False,  # neither keys nor ways that the settings do not name
                follow_redirects=False,
            )
        return self._client


def fault(error: Exception) -> str:
    """What went wrong, in words; never what was sent, nor the key."""
    if isinstance(error, TimeoutError):
        return "it took too long in all"
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return "it was not reached in time"
    if _of_tls(error):
        return "its certificate is not trusted (language.http.ca_file)"
    if isinstance(error, httpx.ConnectError):
        return "there is no connection to it"
    if isinstance(error, httpx.TransportError):
        return "the connection broke off"
    return f"its answer was not understood ({type(error).__name__})"


def _of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refusal(status: int) -> str:
    if status in BUSY:
        return f"it is busy (HTTP {status})"
    hints = {401: "; is the key right?", 403: "; is the key right?", 404: "; is the url right?"}
    hint = "; set the url to where it leads" if 300 <= status < 400 else hints.get(status, "")
    return f"it refused (HTTP {status}){hint}"


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise LanguageError(f"language.http.ca_file: {ca_file}: cannot be read: {error}") from None

"""A language server on this machine that behaves as told: well, slowly, badly or not at all.

It speaks HTTP/1.1 by itself, so that it can break every rule of it.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[["Connection", dict[str, Any]], None]


@dataclass
class Connection:
    """One client's connection, for the time of one request."""

    socket: socket.socket
    headers: dict[str, str]
    stop: threading.Event
    closes: bool = False

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self, body: object, status: int = 200, **headers: str) -> None:
        """A whole answer; `body` is bytes or what is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    def begin_stream(self) -> None:
        """Events follow, and then the end of the connection."""
        self.closes = True
        self.send(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n"
        )

    def hang(self, seconds: float = 30.0) -> None:
        """Say nothing until the client has gone, the server ends, or so long."""
        self.socket.settimeout(0.02)
        for _ in range(int(seconds / 0.02)):
            if self.stop.is_set():
                return
            with suppress(TimeoutError, ssl.SSLWantReadError):
                if not self.socket.recv(1):
                    return


@dataclass
class Server:
    """Answers each request as `answer` says; `asked` keeps their bodies."""

    answer: Answer
    asked: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        listener.settimeout(0.05)
        workers = []
        while not self._stop.is_set():
            with suppress(TimeoutError, OSError):
                client, _ = listener.accept()
                worker = threading.Thread(target=self._talk, args=(client, tls))
                worker.start()
                workers.append(worker)
        for worker in workers:
            worker.join(5)

    def _talk(self, client: socket.socket, tls: ssl.SSLContext | None) -> None:
        with suppress(OSError), client:
            client.settimeout(5)
            talking = tls.wrap_socket(client, server_side=True) if tls else client
            with talking:
                while (request := _request(talking)) is not None and not self._stop.is_set():
                    headers, body = request
                    self.asked.append(body)
                    self.seen.append(headers)
                    connection = Connection(talking, headers, self._stop)
                    self.answer(connection, body)
                    if connection.closes:
                        break
                    talking.settimeout(5)
        self.left.set()


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port of 127.0.0.1."""
    server = Server(answer)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scheme = "https" if tls else "http"
        server.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread = threading.Thread(target=server.serve, args=(listener, tls))
        thread.start()
        try:
            yield server
        finally:
            server._stop.set()
            thread.join(10)


def _request(client: socket.socket) -> tuple[dict[str, str], dict[str, Any]] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        received = client.recv(65536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += client.recv(65536)
    return headers, json.loads(body)


# --- answers -----------------------------------------------------------------------------------
def chosen(letter: str, probability: float = 0.9) -> dict[str, Any]:
    """A scored choice of that letter, as vLLM writes it."""
    import math

    rivals = [
        {"token": letter, "logprob": math.log(probability)},
        {"token": "另", "logprob": math.log(1 - probability)},
    ]
    scored = {"content": [{**rivals[0], "top_logprobs": rivals}]}
    return {"choices": [{"message": {"content": letter}, "logprobs": scored}]}


def said(text: str) -> dict[str, Any]:
    """An answer in one piece."""
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def streamed(*pieces: str, reason: str = "stop") -> bytes:
    """The events of a streamed answer."""
    events: list[dict[str, Any]] = [{"delta": {"content": text}} for text in pieces]
    events.append({"delta": {}, "finish_reason": reason})
    lines = [f"data: {json.dumps({'choices': [each]}, ensure_ascii=False)}\n\n" for each in events]
    return "".join(lines).encode() + b"data: [DONE]\n\n"

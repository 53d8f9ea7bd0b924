"""Reads PDF, DOCX, XLSX and HTML in a process of its own, bounded in time and memory.

A hostile or broken file can make a parser loop, grow or crash; then that process ends and this
one reports it and goes on with the next file. The two talk in JSON lines over pipes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from voicebot.knowledge.ingest.unit import Document

STEP_TIMEOUT_S = 60.0  # for a page, a picture, some thousand rows
FILE_TIMEOUT_S = 1800.0
START_TIMEOUT_S = 60.0
MEMORY_BYTES = 3 << 30  # address space: recognizing text in pictures maps 1.3 GB
# Every thread takes address space, and libraries start one a core.
_ENVIRONMENT = {
    "PYTHONUTF8": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "4",
    "MALLOC_ARENA_MAX": "4",
    "OPENCV_FOR_THREADS_NUM": "2",
}
MAX_REPLY_BYTES = 512 << 20
_PACKAGE = Path(__file__).resolve().parents[3]

Pages = Callable[[int, int], None]  # done, total
Beat = Callable[[], None]


class ReaderError(Exception):
    """A file could not be read; ``str()`` is the line for the report."""


class ReaderProcess:
    """A reader that starts with the first file and is started again after a failure.

    `pictures` is the folder that figures are written to (none: they are only read).
    """

    def __init__(
        self,
        pictures: Path | None = None,
        *,
        step_timeout_s: float = STEP_TIMEOUT_S,
        file_timeout_s: float = FILE_TIMEOUT_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._pictures = pictures
        self._step_timeout_s = step_timeout_s
        self._file_timeout_s = file_timeout_s
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process. A later `read` starts another."""
        process, self._process = self._process, None
        self._buffer.clear()
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        process.wait()

    def read(self, path: Path, pages: Pages = lambda done, total: None) -> Document:
        """What the file holds. Raises ReaderError."""
        process = self._started()
        request = {"path": str(path.absolute()), "pictures": str(self._pictures or "")}
        try:
            self._send(process, request)
            return self._answer(process, pages)
        except BaseException:
            self.close()  # whatever it is doing now, it is not for us
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            search = os.pathsep.join(
                [str(_PACKAGE), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
            )
            environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": search}
            arguments = [sys.executable, "-P", "-m", "voicebot.knowledge.ingest.reader_main"]
            limits = [str(self._memory_bytes), str(int(self._file_timeout_s) + 1)]
            self._process = subprocess.Popen(
                [*arguments, *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            self._line(self._process, time.monotonic() + START_TIMEOUT_S, "starting")
        return self._process

    def _send(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
        assert process.stdin is not None  # noqa: S101 - opened as a pipe above
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise ReaderError("the reader ended before it began; ingest again") from None

    def _answer(self, process: subprocess.Popen[bytes], pages: Pages) -> Document:
        end = time.monotonic() + self._file_timeout_s
        where = "the file"
        while True:
            deadline = min(end, time.monotonic() + self._step_timeout_s)
            reply = json.loads(self._line(process, deadline, where))
            if "document" in reply:
                return Document.from_json(reply["document"])
            if "error" in reply:
                raise ReaderError(reply["error"])
            if "done" in reply:
                pages(reply["done"], reply["total"])
                where = f"page {reply['done'] + 1}"

    def _line(self, process: subprocess.Popen[bytes], deadline: float, where: str) -> bytes:
        assert process.stdout is not None  # noqa: S101 - opened as a pipe above
        descriptor = process.stdout.fileno()
        while (newline := self._buffer.find(b"\n")) < 0:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or not select.select([descriptor], [], [], remaining_s)[0]:
                raise ReaderError(f"took too long on {where}; gave up")
            data = os.read(descriptor, 1 << 16)
            if not data:
                raise ReaderError(_ending(process.wait(), where))
            self._buffer += data
            if len(self._buffer) > MAX_REPLY_BYTES:
                raise ReaderError("holds too much text; split it")
        line = bytes(self._buffer[:newline])
        del self._buffer[: newline + 1]
        return line


def _ending(status: int, where: str) -> str:
    if -status in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV):
        return f"made the reader crash on {where} ({signal.Signals(-status).name})"
    return f"made the reader end on {where} (status {status})"

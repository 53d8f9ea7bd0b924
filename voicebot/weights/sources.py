"""Where bytes come from: publishers' hubs over HTTP, and package registries' own clients."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

import httpx

from voicebot.weights.files import CHUNK
from voicebot.weights.manifest import Package

HUB_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
"""A hub that is blocked or absent must not hold up the registries behind it."""
PACKAGE_DEADLINE_S = 1800.0

Arrived = Callable[[int], None]
"""Called with the number of bytes of the file that are here by now."""


class SourceError(Exception):
    """This source cannot give the bytes; the next one is tried. ``str()`` is the reason."""


class Registry(Protocol):
    """A package registry, reached through its ordinary client."""

    def download(self, package: Package, folder: Path) -> Path:
        """Put the package's archive (wheel or tgz) into `folder`; raises SourceError."""
        ...


class Hubs:
    """Publishers' hubs. A host that cannot be reached is not asked again in this run."""

    def __init__(self, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(timeout=HUB_TIMEOUT, follow_redirects=True)
        self._unreachable: set[str] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def download(self, url: str, target: Path, size: int, arrived: Arrived) -> None:
        """Fetch `url` into `target`, going on where an earlier attempt stopped.

        A server that announces another size is refused before its bytes are fetched. What
        arrived stays in `target` for the next attempt. Raises SourceError.
        """
        host = urlsplit(url).netloc
        with self._lock:
            if host in self._unreachable:
                raise SourceError(f"{host}: unreachable")
        try:
            self._stream(url, target, size, arrived)
        except httpx.ConnectError as error:
            self._give_up(host)
            raise SourceError(f"{host}: {error}") from None
        except httpx.TimeoutException as error:
            self._give_up(host)
            raise SourceError(f"{host}: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise SourceError(f"{host}: {error or type(error).__name__}") from None

    def _give_up(self, host: str) -> None:
        with self._lock:
            self._unreachable.add(host)

    def _stream(self, url: str, target: Path, size: int, arrived: Arrived) -> None:
        have = target.stat().st_size if target.exists() else 0
        if have >= size:
            target.unlink()
            have = 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._client.stream("GET", url, headers=headers) as response:
            if response.status_code not in (200, 206):
                raise SourceError(f"{url}: HTTP {response.status_code}")
            if response.status_code == 200:
                have = 0
            announced = response.headers.get("Content-Length")
            encoded = "Content-Encoding" in response.headers
            if announced and not encoded and have + int(announced) != size:
                raise SourceError(f"{url}: expected {size} bytes, got {have + int(announced)}")
            arrived(have)
            with target.open("ab" if have else "wb") as file:
                for block in response.iter_bytes():
                    have += len(block)
                    if have > size:
                        raise SourceError(f"{url}: more than the expected {size} bytes")
                    file.write(block)
                    arrived(have)
        if have != size:
            raise SourceError(f"{url}: ended after {have} of {size} bytes")


class ClientRegistry:
    """The registries as this machine's pip and npm are set up to reach them."""

    def download(self, package: Package, folder: Path) -> Path:
        """Download with ``pip download --no-deps`` or ``npm pack``; nothing is installed."""
        command = _pip(package, folder) if package.client == "pip" else _npm(package, folder)
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PACKAGE_DEADLINE_S,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise SourceError(
                f"{package.client} {package.spec}: no answer in {PACKAGE_DEADLINE_S:.0f} s"
            ) from None
        archives = sorted(folder.iterdir())
        if done.returncode or len(archives) != 1:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            errors = [line for line in lines if "error" in line.lower()] or lines or ["no archive"]
            raise SourceError(f"{package.client} {package.spec}: {errors[-1].strip()}")
        return archives[0]


def _pip(package: Package, folder: Path) -> list[str]:
    if importlib.util.find_spec("pip"):
        client = [sys.executable, "-m", "pip"]
    elif found := shutil.which("pip") or shutil.which("pip3"):
        client = [found]
    else:
        raise SourceError(f"pip is needed for {package.spec} and not installed")
    # Wheels only: a source archive would run its own build code.
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    options.append("--disable-pip-version-check")
    if package.python:
        options += ["--python-version", package.python]
    if package.platform:
        options += ["--platform", package.platform]
    return [*client, "download", "-q", *options, "--dest", str(folder), package.spec]


def _npm(package: Package, folder: Path) -> list[str]:
    client = shutil.which("npm")
    if client is None:
        raise SourceError(f"npm is needed for {package.spec} and not installed")
    options = ["--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    return [client, "pack", package.spec, *options]


def copy_member(archive: Path, member: str, size: int, target: Path) -> None:
    """Copy one member, by its exact name, out of a wheel or tgz; raises SourceError.

    Never more than `size` bytes are written, whatever the archive claims.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped, zipped.open(member) as stream:
                _copy(stream, size, target)
        else:
            with tarfile.open(archive) as tarred:
                extracted = tarred.extractfile(member)
                if extracted is None:
                    raise SourceError(f"{archive.name}: {member} is not a plain file")
                _copy(extracted, size, target)
    except KeyError:
        raise SourceError(f"{archive.name}: has no member {member}") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"{archive.name}: {error}") from None


def _copy(stream: IO[bytes], size: int, target: Path) -> None:
    left = size
    with target.open("wb") as file:
        while block := stream.read(CHUNK):
            left -= len(block)
            if left < 0:
                raise SourceError(f"{target.name}: more than the expected {size} bytes")
            file.write(block)

"""All benches in one page: what each printed, its plots, and the machine that it ran on."""

from __future__ import annotations

import base64
import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from voicebot.replay.script import BankError

_TARGET = re.compile(r"^(bench-[a-z-]+):.*?##\s*(.*)$", re.MULTILINE)
_SHOWN = (".png", ".svg")
_LAST_CHARACTERS = 20_000


@dataclass(frozen=True)
class Bench:
    """One ``make bench-…``, and what the Makefile says of it."""

    name: str
    about: str


@dataclass(frozen=True)
class Ran:
    """A bench that was run: its exit code, seconds, what it printed, and its plots as data URIs."""

    bench: Bench
    code: int
    seconds: float
    printed: str
    plots: tuple[str, ...]


def benches(folder: Path) -> list[Bench]:
    """Those of the Makefile in `folder`. Raises BankError where there is none."""
    makefile = folder / "Makefile"
    try:
        found = _TARGET.findall(makefile.read_text("utf-8"))
    except OSError:
        raise BankError(
            f"{folder.resolve()}: no Makefile here; benches run in a checkout of the project"
        ) from None
    return [Bench(name, about) for name, about in found]


def run_bench(bench: Bench, folder: Path, timeout_s: float) -> Ran:
    """``make NAME`` in `folder`; it is stopped after `timeout_s`, and its output kept."""
    started_s, began = time.monotonic(), time.time()
    log = folder / "build" / f"{bench.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        try:
            code = subprocess.run(
                ["make", "--no-print-directory", bench.name],
                cwd=folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = 124
    printed = log.read_text("utf-8", "replace")[-_LAST_CHARACTERS:]
    results = folder / "build" / bench.name
    plots = tuple(
        _data_uri(file)
        for file in sorted(results.rglob("*"))
        if file.suffix in _SHOWN and file.stat().st_mtime >= began
    )
    return Ran(bench, code, time.monotonic() - started_s, printed, plots)


def _data_uri(file: Path) -> str:
    kind = "image/svg+xml" if file.suffix == ".svg" else "image/png"
    return f"data:{kind};base64," + base64.b64encode(file.read_bytes()).decode("ascii")


def machine() -> dict[str, str]:
    """What a figure means only together with."""
    cores = os.cpu_count() or 1
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "logical cores": str(cores),
        "memory": f"{pages / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        "load average at the start": f"{os.getloadavg()[0]:.2f}"
        + (": not quiet, timings are too slow" if os.getloadavg()[0] > cores / 4 else ""),
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or "unknown"


def write_page(ran: Sequence[Ran], described: dict[str, str], path: Path) -> None:
    """One self-contained HTML page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    html = environment.get_template("benches.html").render(ran=ran, machine=described)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")

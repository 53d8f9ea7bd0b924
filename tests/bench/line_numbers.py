"""Numbers of a load test: packet gaps and loss from what was heard, CPU and memory from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.line_media import Heard

_HERTZ = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Gaps:
    """What one direction sounded like: gaps between packets of one stream, ms."""

    gaps_ms: NDArray[np.float64]
    streams: int
    packets: int
    lost: int
    silent: int

    def at(self, percent: float) -> float:
        return float(np.percentile(self.gaps_ms, percent)) if len(self.gaps_ms) else float("nan")

    @property
    def longest_ms(self) -> float:
        return float(self.gaps_ms.max()) if len(self.gaps_ms) else float("nan")


def gaps_of(heard: Heard) -> Gaps:
    """Gaps within each stream (SSRC and port); lost are the sequence numbers never seen."""
    key = heard.ssrc.astype(np.int64) << 16 | heard.lane.astype(np.int64)
    order = np.lexsort((heard.at_ns, key))
    key, at_ns, seq = key[order], heard.at_ns[order], heard.seq[order]
    same = key[1:] == key[:-1]
    gaps_ms = (np.diff(at_ns) / 1e6)[same]
    # A signed step, so that a late packet does not count as 65535 lost ones.
    steps = np.diff(seq.astype(np.int64))[same]
    steps = (steps + 32768) % 65536 - 32768
    return Gaps(
        gaps_ms,
        len(np.unique(key)),
        len(key),
        int(max(0, (steps - 1).sum())),
        int(heard.silent.sum()),
    )


@dataclass(frozen=True)
class ProcessState:
    """A process as /proc shows it.

    `cpu_s` is all its threads' time without `except_thread`'s; `loop_cpu_s` its first thread's,
    where the event loop runs.
    """

    cpu_s: float
    loop_cpu_s: float
    rss_bytes: int
    threads: int
    files: int


def process_state(pid: int, except_thread: int = 0) -> ProcessState:
    """Raises FileNotFoundError if the process has gone."""
    folder = Path(f"/proc/{pid}")
    cpu_s = _cpu_s(folder / "stat")
    if except_thread:
        cpu_s -= _cpu_s(folder / f"task/{except_thread}/stat")
    pages = int((folder / "statm").read_text().split()[1])
    threads = len(list((folder / "task").iterdir()))
    loop_cpu_s = _cpu_s(folder / f"task/{pid}/stat")
    return ProcessState(
        cpu_s, loop_cpu_s, pages * _PAGE_BYTES, threads, len(list((folder / "fd").iterdir()))
    )


def _cpu_s(stat: Path) -> float:
    fields = stat.read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ


def machine() -> dict[str, str | int | float]:
    """What a reader must know to judge the numbers."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown",
    )
    uname = os.uname()
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": cpu,
        "cpus": os.cpu_count() or 0,
        "memory_gib": round(memory_kb / 2**20, 1),
        "kernel": f"{uname.sysname} {uname.release}",
        "load_before": os.getloadavg()[0],
    }

"""How busy the machine is while a bench runs: a timing from a busy one says so."""

from __future__ import annotations

import os

from rich.console import Console

QUIET_BELOW = 0.25


def machine_load(console: Console) -> str:
    """Load average and cores, as a line for the report; warns if others are at work."""
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    line = f"load average {load:.2f} on {cores} cores at the start"
    if load / cores > QUIET_BELOW:
        line += ": NOT QUIET, timings are too slow"
        console.print(f"[bold yellow]warning:[/bold yellow] {line}")
    return line

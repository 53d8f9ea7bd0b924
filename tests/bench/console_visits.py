"""Someone who opens the console's pages one after another, and takes the time."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

EVERY_S = 0.25


@dataclass(frozen=True)
class Answer:
    """One page: how long it took, and its status (0: no connection, as beside a killed process)."""

    page: str
    ms: float
    status: int


async def visit(
    address: str, ledger: Path, stop: asyncio.Event, tell: Callable[[Answer], None]
) -> None:
    """Open the front page and the page of some call in turn, until `stop`."""
    dice, number = random.Random(7), 0
    async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
        while not stop.is_set():
            number += 1
            call = _some_call(ledger, dice) if number % 2 else ""
            path = f"/calls/{call}" if call else "/"
            started_s = time.perf_counter()
            try:
                status = (await client.get(path)).status_code
            except httpx.HTTPError:
                status = 0
            ms = (time.perf_counter() - started_s) * 1000
            tell(Answer("a call" if call else "front page", ms, status))
            await asyncio.sleep(EVERY_S)


def _some_call(ledger: Path, dice: random.Random) -> str:
    """One of the last calls of which something is kept; empty: none yet."""
    if not ledger.exists():
        return ""
    with ledger.open("rb") as lines:
        lines.seek(max(ledger.stat().st_size - 20_000, 0))
        whole = [line for line in lines.read().splitlines()[1:] if line.endswith(b"}")]
    return str(json.loads(dice.choice(whole))["call"]) if whole else ""

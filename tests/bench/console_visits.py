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

from voicebot.console.accounts import csrf_of

EVERY_S = 0.25
VISITOR, VISITOR_PASSWORD = "visitor", "invented for the bench"
SEAT = "二线01"
PAGES = {
    "live calls": "/live",
    "search": "/review",
    "report": "/report",
    "a call": "/calls/",
    "seat": "/seat",
    "users": "/users",
}


@dataclass(frozen=True)
class Answer:
    """One page: how long it took, and its status (0: no connection, as beside a killed process)."""

    page: str
    ms: float
    status: int


async def visit(
    address: str, ledger: Path, stop: asyncio.Event, tell: Callable[[Answer], None]
) -> None:
    """Sign in, then open the pages of PAGES in turn, until `stop`."""
    dice, number = random.Random(7), 0
    async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
        while not stop.is_set():
            await asyncio.sleep(EVERY_S)
            number += 1
            page, path = list(PAGES.items())[number % len(PAGES)]
            path += (call := _some_call(ledger, dice)) if page == "a call" else ""
            if page == "a call" and not call:
                continue
            started_s = time.perf_counter()
            try:
                status = (await client.get(path)).status_code
                if status == 303:  # not signed in
                    await _sign_in(client)
                    continue
            except httpx.HTTPError:
                status = 0
            ms = (time.perf_counter() - started_s) * 1000
            tell(Answer(page, ms, status))


async def _sign_in(client: httpx.AsyncClient) -> None:
    await client.get("/login")
    csrf = csrf_of(client.cookies.get("voicebot_visit") or "")
    form = {"csrf": csrf, "name": VISITOR, "password": VISITOR_PASSWORD}
    await client.post("/login", data=form)


def _some_call(ledger: Path, dice: random.Random) -> str:
    """One of the last calls of which something is kept; empty: none yet."""
    if not ledger.exists():
        return ""
    with ledger.open("rb") as lines:
        lines.seek(max(ledger.stat().st_size - 40_000, 0))
        whole = [line for line in lines.read().splitlines()[1:] if line.endswith(b"}")]
    calls = [line for line in whole if b'"call"' in line]
    return str(json.loads(dice.choice(calls))["call"]) if calls else ""

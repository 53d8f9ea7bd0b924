"""Before the answer: how long a call rings, and what the caller hears meanwhile."""

from __future__ import annotations

import asyncio
import contextlib

from telephony import Call, LineError
from telephony.tones import play_ringback


async def ring(call: Call, answer_after_ms: int, *, early_media: bool) -> None:
    """Let `call` ring; returns early if the caller gives up.

    With `early_media` the ringback that the caller hears is ours (183 Session Progress), else
    that of their exchange (180).
    """
    if answer_after_ms <= 0:
        return
    tone = asyncio.create_task(_ringback(call)) if early_media else None
    try:
        async with asyncio.timeout(answer_after_ms / 1000):
            await call.wait_ended()
    except TimeoutError:
        pass
    finally:
        if tone is not None:
            tone.cancel()
            await asyncio.gather(tone, return_exceptions=True)


async def _ringback(call: Call) -> None:
    with contextlib.suppress(LineError):  # it has just ended, or has media already
        await call.progress()
        await play_ringback(call)

"""An endpoint, a deliverer at work, and waiting for what it does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from telephony.api import CallInfo
from tests.webhooks.receiver import SECRET, Receiver
from voicebot.records import Records
from voicebot.settings import WebhookSettings
from voicebot.webhooks.deliver import Deliverer

Make = Callable[..., Receiver]
INFO = CallInfo("x", "13800138000", "4008000000", codec="pcma")


def endpoint(url: str, name: str = "crm", **more: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"name": name, "url": url, "secret": SECRET, **more})


@contextlib.asynccontextmanager
async def delivering(
    store: Records, endpoints: Sequence[WebhookSettings]
) -> AsyncIterator[Deliverer]:
    deliverer = Deliverer(store.outbox, endpoints)
    async with deliverer.running():
        yield deliverer


async def until(condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)

"""Delivers what is in the outbox. A slow or dead receiver holds up no call and no other one."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import httpx
import structlog

from voicebot.errors import RecordsError
from voicebot.records.outbox import Message, Outbox
from voicebot.settings.webhooks import WebhookSettings
from voicebot.webhooks.backoff import next_attempt
from voicebot.webhooks.signature import signed_headers

IDLE_S = 2.0  # how often the outbox is looked into when nobody knocked: other processes write too
FLUSH_S = 3.0
_AT_ONCE = 8
_log = structlog.get_logger("voicebot.webhooks")


class Deliverer:
    """One a process; calls are taken while it is `running`."""

    def __init__(self, outbox: Outbox, endpoints: Sequence[WebhookSettings]) -> None:
        self._outbox = outbox
        self._endpoints = tuple(endpoints)
        self._knocks = {each.name: asyncio.Event() for each in self._endpoints}
        self._awaited: dict[str, asyncio.Future[bool]] = {}
        self._failing: set[str] = set()
        self._closing = False

    def knock(self) -> None:
        """There is something new in the outbox. From the event loop's thread only."""
        for knock in self._knocks.values():
            knock.set()

    async def attempted(self, message_ids: Sequence[str], timeout_s: float) -> bool:
        """Whether all of these were delivered by a first attempt that ended within `timeout_s`."""
        loop = asyncio.get_running_loop()
        futures = [self._awaited.setdefault(each, loop.create_future()) for each in message_ids]
        try:
            async with asyncio.timeout(timeout_s):
                return all([await future for future in futures])
        except TimeoutError:
            return False
        finally:
            for each in message_ids:
                self._awaited.pop(each, None)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the body runs; what is due at its end is still sent, for `FLUSH_S`.

        What is left then is tried again by the next process.
        """
        work = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._closing = True
            self.knock()
            await asyncio.wait({work}, timeout=FLUSH_S)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=_AT_ONCE * max(1, len(self._endpoints)))
        async with new_client(limits) as client, asyncio.TaskGroup() as group:
            for endpoint in self._endpoints:
                group.create_task(self._serve(client, endpoint))

    async def _serve(self, client: httpx.AsyncClient, endpoint: WebhookSettings) -> None:
        knock = self._knocks[endpoint.name]
        sent, closing = 0, False
        while sent or not closing:
            closing = self._closing  # before the look: what was told until then is found by it
            knock.clear()
            try:
                sent = await self._deliver_due(client, endpoint)
            except RecordsError as error:  # the database is away: the outbox keeps what it has
                _log.error("webhooks_wait_for_the_records", error=str(error))
                sent = 0
            except Exception:  # one message, one endpoint: the others are told all the same
                _log.exception("webhooks_failed", endpoint=endpoint.name)
                sent = 0
            if sent < _AT_ONCE and not self._closing:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(knock.wait(), IDLE_S)

    async def _deliver_due(self, client: httpx.AsyncClient, endpoint: WebhookSettings) -> int:
        claimed = await asyncio.to_thread(
            self._outbox.claim,
            endpoint.name,
            datetime.now(UTC),
            most=_AT_ONCE,
            claim_s=endpoint.timeout_s * 2 + 10,
        )
        await asyncio.gather(*(self._deliver(client, endpoint, each) for each in claimed))
        return len(claimed)

    async def _deliver(
        self, client: httpx.AsyncClient, endpoint: WebhookSettings, message: Message
    ) -> None:
        failure, retry_after_s = await attempt(client, endpoint, message)
        awaited = self._awaited.get(message.id)
        if awaited is not None and not awaited.done():
            awaited.set_result(not failure)
        if not failure:
            await asyncio.to_thread(self._outbox.delivered, message.id)
            if endpoint.name in self._failing:
                self._failing.discard(endpoint.name)
                _log.info("webhook_answers_again", endpoint=endpoint.name)
            return
        due = next_attempt(
            message.attempts + 1,
            message.created_at,
            datetime.now(UTC),
            give_up_after_h=endpoint.give_up_after_h,
            retry_after_s=retry_after_s,
            jitter=random.random(),
        )
        await asyncio.to_thread(self._outbox.failed, message.id, failure, due)
        if endpoint.name not in self._failing or due is None:
            self._failing.add(endpoint.name)
            _log.error(
                "webhook_not_delivered" if due else "webhook_given_up",
                endpoint=endpoint.name,
                message=message.id,
                error=failure,
                do="will be tried again" if due else "voicebot webhooks retry, once it answers",
            )


def new_client(limits: httpx.Limits = httpx.Limits()) -> httpx.AsyncClient:  # noqa: B008
    """What posts messages: to the address in the settings and nowhere else.

    Redirects are not followed. A proxy that the environment names is used for https, where it sees
    nothing; plain http is for this machine only, so it never leaves it.
    """
    return httpx.AsyncClient(follow_redirects=False, limits=limits, mounts={"http://": None})


async def attempt(
    client: httpx.AsyncClient, endpoint: WebhookSettings, message: Message
) -> tuple[str, float]:
    """Post once. Returns what went wrong (empty: it arrived) and the seconds asked to wait."""
    body = message.body.encode()
    headers = signed_headers(endpoint.key(), message.id, int(time.time()), body)
    try:
        async with asyncio.timeout(endpoint.timeout_s):
            # Only the status is read: a receiver's answer may be endless.
            async with client.stream(
                "POST", endpoint.url, content=body, headers=headers, timeout=endpoint.timeout_s
            ) as response:
                status = response.status_code
                asked = response.headers.get("retry-after", "")
    except (TimeoutError, httpx.TimeoutException):
        return f"no answer within {endpoint.timeout_s:g} s", 0.0
    except Exception as error:  # a url or an answer can make the libraries raise anything
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 0.0
    if 200 <= status < 300:
        return "", 0.0
    if 300 <= status < 400:
        return f"status {status}: redirects are not followed; name the final url", 0.0
    return f"status {status}", float(asked) if asked.isdecimal() and len(asked) < 7 else 0.0

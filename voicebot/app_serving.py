"""Answering calls with a bot that is built, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from telephony import Call, Endpoint
from voicebot.app import App
from voicebot.errors import RecordsError
from voicebot.handoff.interrupted import book_interrupted
from voicebot.handoff.keeping import follow_seats
from voicebot.line import make_endpoint
from voicebot.live_pack import PackWatch
from voicebot.records.daily import purge_daily
from voicebot.serving import Serving, watch_queue
from voicebot.session import queue_notice
from voicebot.session.events import Observer, SessionEvent
from voicebot.session.prepared import prepare_idly
from voicebot.session.reception import CallObserver, Reception, Session
from voicebot.session.recording import CallKeeper
from voicebot.webhooks.deliver import Deliverer
from voicebot.webhooks.teller import CallTeller
from voicebot.wrapup.making import FormMaker


async def serve(
    app: App,
    stop: asyncio.Event,
    *,
    hurry: asyncio.Event | None = None,
    on_ready: Callable[[], None] = lambda: None,
    on_draining: Callable[[int], None] = lambda left: None,
    observer: Observer = lambda event: None,
    on_event: CallObserver = lambda call_id, event: None,
) -> None:
    """Answer calls until `stop` is set; calls in progress end by themselves then.

    `hurry`, or the settings' drain time, hangs them up. `on_draining` is told how many calls
    are left. While nobody is on the line, the rest of what the pack says word for word is
    rendered (`speech.prepare_idle`): the cache lasts, so this happens once.

    `on_event` hears what `observer` hears, and of which call it is; for each call the last
    it hears is a `CallEnded`, also when the session failed.

    Raises LineError (for example PortInUseError) if the line cannot be opened.
    """
    if app.records is None:
        raise RecordsError("records: this bot was built without a store; it takes no calls")
    kept, sip = app.settings.records, app.settings.sip

    def observe(call_id: str, event: SessionEvent) -> None:
        on_event(call_id, event)  # first: the terminal may be gone, the console is not
        observer(event)

    if app.settings.handoff.call_back:
        hours, now = app.distributor.hours, app.roster.now()
        await asyncio.to_thread(book_interrupted, app.records, hours, now)
    told = app.settings.webhooks
    deliverer = Deliverer(app.records.outbox, told)
    endpoint = make_endpoint(sip, app.admission)
    reception = Reception(
        app.records,
        kept.directory.resolve() / "audio" if kept.record_audio else None,
        app.pack.info.name,
        sip,
        lambda call, told, keeper: _talk(app, call, told, keeper, endpoint),
        observe,
        partial(CallTeller, told, deliverer),
        partial(_wrap_up, app),
        mask_audio=kept.mask_audio,
    )
    serving = Serving(endpoint, reception.take, sip.drain_timeout_s, on_draining)
    beside: list[Callable[[], Coroutine[Any, Any, None]]] = [
        lambda: watch_queue(app.scheduler.expected_wait_ms, app.admission),
        partial(purge_daily, app.records, kept.retention),
        partial(follow_seats, app.roster, app.records.seats),
    ]

    async def prepare() -> None:
        if app.settings.speech.prepare_idle:
            await prepare_idly(app.texts, app.speaker, app.scheduler, serving.idle)

    beside.append(PackWatch(app.settings.pack, app.take_up_pack, prepare).run)
    async with deliverer.running():
        await serving.run(stop, hurry or asyncio.Event(), on_ready=on_ready, beside=beside)
        await app.records.settled()


def _talk(
    app: App, call: Call, observer: Observer, keeper: CallKeeper, endpoint: Endpoint
) -> Session:
    if not call.info.overflow:
        return app.session(call, observer, endpoint=endpoint, keeper=keeper)
    mouth = app.new_mouth(call)
    text = app.pack.prompts.get(queue_notice.PROMPT)
    return queue_notice.QueueNotice(call, mouth, text, app.pack.info.name, observer)


async def _wrap_up(app: App, call_id: str) -> None:
    if app.records is not None:
        await FormMaker(app.records, app.labels).make(call_id)

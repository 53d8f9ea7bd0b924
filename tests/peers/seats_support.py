"""A bot with a real line, real records and real seats; only its models are stand-ins.

Runs beside the test, or as a process of its own that can be killed::

    python -m tests.peers.seats_support --listen ADDR:PORT --records DIR --seat NAME=URI
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asr_models.domain import Domain
from telephony import Call, DialResult
from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.session.fakes import EchoConversation, LoudnessVad, ScriptedRecognizer, ToneVoice
from voicebot.dialog.events import Handoff, Say, SayKind
from voicebot.handoff import CallFacts, Distributor, OfficeHours, Queue, build_package
from voicebot.handoff.keeping import build_roster
from voicebot.handoff.outcomes import Store
from voicebot.pack import Prompts
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.call_session import CallSession
from voicebot.session.hearing import Hearing
from voicebot.session.human import HumanDesk
from voicebot.session.mouth import Mouth
from voicebot.session.reception import Reception
from voicebot.session.recording import CallKeeper
from voicebot.session.thinker import Thinker
from voicebot.session.waiting import WaitingSound
from voicebot.settings import (
    BudgetSettings,
    HandoffSettings,
    SipSettings,
    TurnSettings,
    WebhookSettings,
)
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.turn_taker import TurnTaker
from voicebot.webhooks.deliver import Deliverer
from voicebot.webhooks.teller import CallTeller

ASKS_FOR_A_HUMAN = "转人工"
PROMPTS = Prompts({"filler": ("查一下",), "handoff": ("转接",), "seat_failed": ("没有接通",)})


class TimedEndpoint(BaresipEndpoint):
    """A line that notes when it begins to dial: before the INVITE leaves."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dialled: list[tuple[str, float]] = []

    async def dial(
        self,
        uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        trunk: str = "",
    ) -> DialResult:
        self.dialled.append((uri, time.monotonic()))
        return await super().dial(uri, headers=headers, timeout_s=timeout_s, trunk=trunk)


@dataclass
class SeatsBot:
    """A running bot; `seen` is what observers heard, with the time of `time.monotonic`."""

    endpoint: TimedEndpoint
    records: Records
    desk: Distributor
    scheduler: InferenceScheduler
    deliverer: Deliverer | None = None
    webhooks: Sequence[WebhookSettings] = ()
    observers: list[Callable[[str, facts.SessionEvent], None]] = field(default_factory=list)
    seen: list[tuple[float, facts.SessionEvent]] = field(default_factory=list)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for _, event in self.seen if isinstance(event, kind)]

    def when(self, kind: type[Any]) -> float:
        """When the first of them was told."""
        return next(at for at, event in self.seen if isinstance(event, kind))

    async def until(self, kind: type[Any], count: int = 1, timeout_s: float = 20.0) -> Any:
        """Wait for the `count`th event of this kind."""
        deadline = time.monotonic() + timeout_s
        while len(found := self.of(kind)) < count:
            names = [type(event).__name__ for _, event in self.seen]
            assert time.monotonic() < deadline, f"no {kind.__name__} {count}; saw {names}"
            await asyncio.sleep(0.02)
        return found[count - 1]

    def observe(self, call_id: str, event: facts.SessionEvent) -> None:
        self.seen.append((time.monotonic(), event))
        for observer in self.observers:
            observer(call_id, event)

    async def take(self, call: Call) -> None:
        """Serve one call as a bot does."""
        telling = None
        if self.deliverer is not None:
            telling = functools.partial(CallTeller, self.webhooks, self.deliverer)
        reception = Reception(
            self.records,
            None,
            "test",
            SipSettings.model_validate({"answer_after_ms": 0}),
            self._session,
            self.observe,
            telling,
        )
        await reception.take(call)

    def _session(self, call: Call, observer: facts.Observer, keeper: CallKeeper) -> CallSession:
        mouth = Mouth(call, Speaker(ToneVoice()), self.scheduler)
        conversation: Any = EchoConversation(
            {ASKS_FOR_A_HUMAN: (Say("好的请稍等", SayKind.HANDOFF), Handoff("low_confidence"))}
        )
        hears: Any = ScriptedRecognizer([ASKS_FOR_A_HUMAN])
        turns = TurnSettings.model_validate({})
        return CallSession(
            call,
            taker=TurnTaker(turns, LoudnessVad()),
            hearing=Hearing(hears, Domain(()), self.scheduler),
            thinker=Thinker(conversation, mouth, voice_estimate_ms=lambda: 100.0),
            conversation=conversation,
            mouth=mouth,
            desk=self._desk(call, mouth, observer, keeper.recorder.call_id, keeper.store_summary),
            prompts=PROMPTS,
            pack_name="test",
            turns=turns,
            budget=BudgetSettings.model_validate({}),
            observer=observer,
        )

    def _desk(
        self, call: Call, mouth: Mouth, observer: facts.Observer, call_id: str, store: Store
    ) -> HumanDesk:
        def sound(call: Call, observer: facts.Observer, now_ms: Callable[[], int]) -> WaitingSound:
            return WaitingSound(call, mouth, PROMPTS, "1", observer, now_ms)

        return HumanDesk(
            self.desk,
            call_id,
            self.endpoint,
            lambda handoff, state: build_package(
                CallFacts(call.info.caller, handoff.reason), (), {}
            ),
            store,
            observer,
            sound,
        )


@contextlib.asynccontextmanager
async def seats_bot(
    port: int,
    folder: Path,
    settings: HandoffSettings,
    webhooks: Sequence[WebhookSettings] = (),
) -> AsyncIterator[SeatsBot]:
    """A bot that takes calls on `port` until the block ends."""
    admission = Admission(Limits(max_lag_ms=1e9))
    config = LineConfig(listen=f"127.0.0.1:{port}", rtp_ports="23000-23198", jitter_buffer_ms=60)
    endpoint = TimedEndpoint(config, admission)
    records, scheduler = Records.open(folder), InferenceScheduler(workers=2)
    roster = build_roster(settings, records)
    hours = OfficeHours(settings.office_hours)
    bot = SeatsBot(
        endpoint, records, Distributor(settings, roster, Queue(roster), hours), scheduler
    )
    Speaker(ToneVoice()).clauses("热身")  # loads the word list, which takes real seconds
    calls: set[asyncio.Task[None]] = set()

    async def take_calls() -> None:
        async for call in endpoint.incoming():
            calls.add(asyncio.create_task(bot.take(call)))

    async with contextlib.AsyncExitStack() as stack:
        if webhooks:
            bot.deliverer, bot.webhooks = Deliverer(records.outbox, webhooks), webhooks
            await stack.enter_async_context(bot.deliverer.running())
        await endpoint.start()
        taking = asyncio.create_task(take_calls())
        try:
            yield bot
        finally:
            await endpoint.stop()
            taking.cancel()
            await asyncio.gather(taking, *calls, return_exceptions=True)
            scheduler.close()
            records.close()


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--seat", action="append", default=[])
    args = parser.parse_args()
    seats = [dict(zip(("name", "uri"), each.split("=", 1), strict=True)) for each in args.seat]
    settings = HandoffSettings.model_validate({"seats": seats})
    async with seats_bot(args.port, args.records, settings):
        print("listening", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())

"""A call with a supervisor beside it: the real session, desk, bridge and control, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models import Recognition
from asr_models.domain import Domain
from telephony import Call, CallInfo, DialResult, Endpoint, TransferOutcome
from telephony.file_line import FileCall, FileEndpoint
from tests.session.fakes import (
    EchoConversation,
    LoudnessVad,
    ScriptedRecognizer,
    ToneVoice,
    audio,
    quiet,
    tone,
)
from tests.session.rig import GREETING_MS, PROMPTS, of
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.handoff import Distributor, OfficeHours, Queue
from voicebot.handoff.call_facts import PROBLEM, SummaryField
from voicebot.handoff.package import SummaryPackage
from voicebot.handoff.roster import Roster
from voicebot.session import events as facts
from voicebot.session.call_session import CallSession
from voicebot.session.control import CallControl, Controls, Stage
from voicebot.session.hearing import Hearing
from voicebot.session.human import HumanDesk
from voicebot.session.listening_on import BackgroundEars
from voicebot.session.meeting import Meeting
from voicebot.session.mouth import Line, Mouth
from voicebot.session.thinker import Thinker
from voicebot.session.waiting import WaitingSound
from voicebot.settings import BudgetSettings, HandoffSettings, TurnSettings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.virtual_time import run_virtual

CALL_ID = "C1"
SEAT_URI, BOSS_URI = "sip:2001@seat", "sip:3001@boss"
BOSS_HZ, SEAT_HZ, CALLER_HZ, BOT_HZ = 900, 700, 300, 500


def hums(tape: npt.NDArray[np.int16], hz: float, floor: float = 100.0) -> list[int]:
    """The 100 ms windows (in ms) in which a tone of `hz` sounds."""
    size = 800
    wave = np.exp(-2j * np.pi * hz * np.arange(size) / 8000)
    windows = tape[: len(tape) // size * size].reshape(-1, size).astype(np.float64)
    return [int(at) * 100 for at in np.flatnonzero(np.abs(windows @ wave) / size > floor)]


def problem(text: str = "硬盘不亮") -> SummaryPackage:
    fields = (SummaryField(PROBLEM, text, 0.9, 0),) if text else ()
    return SummaryPackage("S0000001", "requested", fields)


@dataclass
class HeardByLength:
    """Says how long what it heard was: "4s" for four seconds. Thread-safe."""

    name: str = "by length"

    def recognize(
        self, pcm: npt.NDArray[np.int16], sample_rate: int = 8000, *, prompt: str = ""
    ) -> Recognition:
        tone = "低" if len(hums(pcm, CALLER_HZ)) > len(hums(pcm, SEAT_HZ)) else "高"
        return Recognition(f"{tone}{round(len(pcm) / sample_rate)}秒", 0.8)


Act = Callable[["Rig", CallControl], Awaitable[None]]


@dataclass
class Rig:
    """`dials` are what ringing phones comes to, in order: a call, or an outcome."""

    dials: list[FileCall | TransferOutcome] = field(default_factory=list)
    texts: list[str] = field(default_factory=lambda: ["你好"])
    conversation: EchoConversation = field(default_factory=EchoConversation)
    handoff: dict[str, Any] = field(default_factory=dict)
    seats: tuple[str, ...] = ("二线01",)
    package: SummaryPackage = field(default_factory=problem)
    digits: tuple[tuple[int, str], ...] = ()
    voice: Any = field(default_factory=ToneVoice)
    ring_s: float = 0.0
    rings_until: asyncio.Event | None = None  # besides
    ears: type[BackgroundEars] = BackgroundEars
    before_ring: Callable[[str, str], Awaitable[object]] | None = None
    watch: Callable[[facts.SessionEvent], None] = lambda event: None
    seen: list[facts.SessionEvent] = field(default_factory=list)
    controls: Controls = field(default_factory=Controls)
    roster: Roster = field(init=False)
    endpoint: FileEndpoint = field(default_factory=FileEndpoint)
    line: FileCall | None = None  # the caller's, once it rings
    tape: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 2), np.int16))

    def __post_init__(self) -> None:
        settings = self.settings()
        self.roster = Roster(settings.seats, wrap_up_s=settings.wrap_up_s)

    def seat_states(self) -> list[str]:
        """What each seat is doing now."""
        return [str(seat.state) for seat in self.roster.seats()]

    def settings(self) -> HandoffSettings:
        seats = [{"name": n, "uri": f"sip:200{i + 1}@seat"} for i, n in enumerate(self.seats)]
        return HandoffSettings.model_validate(
            {"seats": seats, "supervisors": [BOSS_URI], "ring_timeout_s": 20, **self.handoff}
        )

    def run(
        self, caller: bytes, scheduler: InferenceScheduler, act: Act, tail_ms: int = 20_000
    ) -> list[Any]:
        """The call, with `act` beside it from the answer on; the session's events."""

        async def call_it() -> None:
            await self.play(caller, scheduler, act, tail_ms)
            leaked = asyncio.all_tasks() - {asyncio.current_task()}
            assert not leaked, leaked

        run_virtual(call_it, busy=lambda: scheduler.in_flight > 0)
        return self.seen

    async def play(
        self, caller: bytes, scheduler: InferenceScheduler, act: Act, tail_ms: int = 20_000
    ) -> None:
        """The call on the loop that runs, be its time virtual or not."""
        call = FileCall(
            caller,
            tail_ms=tail_ms,
            digits=self.digits,
            info=CallInfo("wire-1", "13800138000", "400", codec="pcm"),
        )
        self.line, self.endpoint = call, self._phones()
        running = asyncio.create_task(self.session(call, self.endpoint, scheduler).run())
        try:
            await act(self, await self.control())
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert self.controls.get(CALL_ID) is None
        for dial in self.dials:
            if isinstance(dial, FileCall):
                assert dial.ended is not None, "a leg was left up"
        self.tape = np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)

    async def control(self) -> CallControl:
        """Of the call, once it was answered."""
        while (control := self.controls.get(CALL_ID)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return control

    def _phones(self) -> FileEndpoint:
        results = [
            DialResult(dial)
            if isinstance(dial, TransferOutcome)
            else DialResult(TransferOutcome.ACCEPTED, dial)
            for dial in self.dials
        ]
        return _Ringing(self.ring_s, self.rings_until, dials=results)

    def session(self, call: Call, endpoint: Endpoint, scheduler: InferenceScheduler) -> CallSession:
        """The session of `call`, whose phones are rung by `endpoint`."""
        speaker = Speaker(self.voice)
        settings, turns = self.settings(), TurnSettings.model_validate({})

        def mouth_for(line: Line) -> Mouth:
            return Mouth(line, speaker, scheduler)

        def tell(event: facts.SessionEvent) -> None:
            meeting(event)
            self.watch(event)
            self.seen.append(event)

        def story(handoff: Handoff, state: DialogState) -> SummaryPackage:
            return self.package

        ears = self.ears(
            HeardByLength(), Domain(()), scheduler, lambda: TurnTaker(turns, LoudnessVad())
        )
        meeting = Meeting(settings, mouth_for, ears, tell)
        mouth = mouth_for(call)
        roster = self.roster
        hours = OfficeHours(settings.office_hours)
        distributor = Distributor(settings, roster, Queue(roster), hours)
        distributor.before_ring = self.before_ring
        desk = HumanDesk(
            distributor,
            CALL_ID,
            endpoint,
            story,
            None,
            tell,
            lambda call, told, now_ms: WaitingSound(call, mouth, PROMPTS, "", told, now_ms),
            meeting=meeting,
        )
        conversation: Any = self.conversation
        return CallSession(
            call,
            taker=TurnTaker(turns, LoudnessVad()),
            hearing=Hearing(ScriptedRecognizer(self.texts), Domain(()), scheduler),
            thinker=Thinker(conversation, mouth, voice_estimate_ms=lambda: 100.0),
            conversation=conversation,
            mouth=mouth,
            desk=desk,
            prompts=PROMPTS,
            pack_name="test",
            turns=turns,
            budget=BudgetSettings.model_validate({}),
            observer=tell,
            control=CallControl(CALL_ID, call, settings, meeting, endpoint, self.controls, roster),
        )


class _Ringing(FileEndpoint):
    """Rings `ring_s`, and until `until` is set, before it is answered or refused."""

    def __init__(self, ring_s: float, until: asyncio.Event | None, dials: list[DialResult]) -> None:
        super().__init__(dials=dials)
        self._ring_s, self._until = ring_s, until

    async def dial(self, uri: str, **how: Any) -> DialResult:  # type: ignore[override]
        self.dialled.append((uri, {}))
        await asyncio.sleep(self._ring_s)
        if self._until is not None:
            await self._until.wait()
        result = await super().dial(uri, **how)
        self.dialled.pop()
        return result


GREETED_S = GREETING_MS / 1000


def phone(hz: int, *, says_after_ms: int = 0, says_ms: int = 0, tail_ms: int = 60_000) -> FileCall:
    """A seat's or supervisor's phone: silent, then a tone, then it hangs up after `tail_ms`."""
    return FileCall(audio(quiet(says_after_ms), tone(says_ms, hz=hz)), tail_ms=tail_ms)


def bridged_rig(*more: FileCall | TransferOutcome, seat: FileCall, **how: Any) -> Rig:
    """A caller who asks for a human and gets the seat; then `more` phones are rung."""
    return Rig([seat, *more], texts=["转人工"], conversation=ASKS_FOR_A_HUMAN, **how)


def caller(*parts: np.ndarray[Any, np.dtype[np.int16]]) -> bytes:
    """Hears the greeting, asks for a human, and then `parts`."""
    return audio(quiet(GREETING_MS), tone(800, hz=CALLER_HZ), quiet(1200), *parts)


ASKS_FOR_A_HUMAN = EchoConversation({"转人工": (Handoff("requested"),)})


async def until(control: CallControl, stage: Stage) -> None:
    async with asyncio.timeout(30):
        while control.stage is not stage:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def acted(events: list[Any]) -> list[tuple[str, bool, str]]:
    return [(e.action, e.ok, e.why) for e in of(events, facts.SupervisorActed)]


def tape_of(call: FileCall) -> npt.NDArray[np.int16]:
    """What a phone said (left) and heard (right), from its answer on."""
    return np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)

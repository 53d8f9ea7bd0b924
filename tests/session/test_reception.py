"""At the door: a call rings as long as it shall, one too many hears the notice, none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telephony import CallInfo, Hangup, HangupBy, LineError
from telephony.file_line import FileCall
from tests.session.fakes import ToneVoice
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.mouth import Mouth
from voicebot.session.queue_notice import QueueNotice
from voicebot.session.reception import Reception, Talk
from voicebot.session.recording import CallKeeper
from voicebot.settings import SipSettings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual

INFO = CallInfo("x", "13800138000", "400", codec="pcma", trunk="carrier")
NOTICE = "现在咨询的人比较多，请稍后再拨。"


class DoorCall(FileCall):
    """A recording that notes what was done with it before its answer."""

    def __init__(self, info: CallInfo = INFO, *, gives_up_ms: int | None = None) -> None:
        super().__init__(bytes(16 * 20_000), tail_ms=0, info=info)
        self.done: list[tuple[str, int]] = []
        self.tones_ms = 0
        self._gives_up_ms = gives_up_ms
        self._began_s = asyncio.get_running_loop().time()

    def _note(self, what: str) -> None:
        self.done.append((what, int((asyncio.get_running_loop().time() - self._began_s) * 1000)))

    async def answer(self) -> None:
        self._note("answer")
        await super().answer()

    async def progress(self) -> None:
        self._note("progress")

    def play(self, pcm: bytes) -> None:
        if self._task is None:
            self.tones_ms += len(pcm) // 16
        super().play(pcm)

    async def reject(self, code: int = 486) -> None:
        self._note(f"reject {code}")
        await super().reject(code)

    async def wait_ended(self) -> Any:
        if self._gives_up_ms is not None and self._task is None:
            await asyncio.sleep(self._gives_up_ms / 1000)
            await self.hangup()
        return await super().wait_ended()


@dataclass
class Greeting:
    """A session that answers, says nothing and hangs up."""

    call: FileCall
    observer: facts.Observer

    async def run(self) -> None:
        await self.call.answer()
        self.observer(facts.CallAnswered(0, "13800138000", "400", "pcma", "server", "carrier"))
        await self.call.hangup()
        self.observer(facts.CallEnded(10, HangupBy.LOCAL, "", "bot_ended"))


@dataclass
class Door:
    """A reception on a real store, and what its observer heard."""

    folder: Path
    sip: dict[str, Any] = field(default_factory=dict)
    heard: list[facts.SessionEvent] = field(default_factory=list)

    def take(self, talk: Talk, busy: Any = lambda: False, **call_keys: Any) -> DoorCall:
        records = Records.open(self.folder)
        made: list[DoorCall] = []

        async def ring() -> None:
            made.append(DoorCall(**call_keys))
            reception = Reception(
                records,
                self.folder / "audio",
                "server",
                SipSettings.model_validate(self.sip),
                talk,
                lambda _id, event: self.heard.append(event),
            )
            await reception.take(made[0])

        try:
            run_virtual(ring, busy=busy)
        finally:
            assert records.close() == 0
        return made[0]

    def row(self) -> Any:
        records = Records.open(self.folder, create=False)
        (row,) = records.list_calls()
        view = records.get_call(row.id)
        records.close()
        return view


def at_once(call: DoorCall) -> list[str]:
    """What was done with the call; all of it without waiting."""
    assert all(at_ms < 500 for _, at_ms in call.done), call.done
    return [what for what, _ in call.done]


def greet(call: Any, observer: facts.Observer, keeper: Any) -> Greeting:
    return Greeting(call, observer)


def test_a_call_is_answered_at_once_by_default(tmp_path: Path) -> None:
    door = Door(tmp_path)
    assert at_once(door.take(greet)) == ["answer"]
    view = door.row()
    assert view.call.outcome == "bot_ended"
    assert view.events[0].data["trunk"] == "carrier"


def test_a_call_rings_as_long_as_it_shall(tmp_path: Path) -> None:
    call = Door(tmp_path, {"answer_after_ms": 3000}).take(greet)
    ((what, at_ms),) = call.done
    assert what == "answer" and 2990 <= at_ms <= 3100
    assert call.tones_ms == 0


def test_with_early_media_the_caller_hears_our_ringback(tmp_path: Path) -> None:
    call = Door(tmp_path, {"answer_after_ms": 3000, "early_media": True}).take(greet)
    assert [what for what, _ in call.done] == ["progress", "answer"]
    assert call.tones_ms == 5000, "one period of the tone"
    assert call.queued_ms == 0, "nothing of it is left at the answer"


def test_a_caller_who_gives_up_while_it_rings_is_kept_as_such(tmp_path: Path) -> None:
    def never(*_: Any) -> Any:
        raise LineError("call x ended before it was answered")

    door = Door(tmp_path, {"answer_after_ms": 20_000})
    door.take(never, gives_up_ms=2000)
    assert door.row().call.outcome == "not_answered"
    assert isinstance(door.heard[-1], facts.CallEnded)


def test_a_session_that_fails_harms_no_other(tmp_path: Path) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken on purpose")

    door = Door(tmp_path)
    assert door.take(broken).ended is not None
    assert door.row().call.outcome == "failed"


def full_disk(*_: Any) -> None:
    raise OSError("no space left on device")


def test_a_failed_call_is_hung_up_although_its_end_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(CallKeeper, "__call__", full_disk)
    door = Door(tmp_path)
    assert door.take(broken).ended == Hangup(HangupBy.LOCAL, "hung up")
    (ended,) = door.heard  # who watches the calls still sees this one go
    assert isinstance(ended, facts.CallEnded) and ended.outcome == "failed"


def test_a_call_that_cannot_be_answered_is_let_go_of(tmp_path: Path) -> None:
    class NoAck(Greeting):
        async def run(self) -> None:
            raise LineError("no ACK within 32 s")

    door = Door(tmp_path)
    assert door.take(lambda call, *_: NoAck(call, print)).ended is not None  # type: ignore[arg-type]
    assert door.row().call.outcome == "not_answered"


def test_a_call_that_cannot_be_kept_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no more rows")

    monkeypatch.setattr(Records, "start_call", full)
    assert at_once(Door(tmp_path).take(greet)) == ["reject 503"]


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    Speaker(ToneVoice()).clauses("热身")
    made = InferenceScheduler(workers=2)
    yield made
    made.close()


def test_a_notice_that_nobody_writes_down_still_ends(scheduler: InferenceScheduler) -> None:
    async def ring() -> DoorCall:
        call = DoorCall()
        mouth = Mouth(call, Speaker(ToneVoice()), scheduler)
        with pytest.raises(OSError, match="no space"):
            await QueueNotice(call, mouth, NOTICE, "server", full_disk).run()
        return call

    call = run_virtual(ring, busy=lambda: scheduler.in_flight > 0)
    assert call.ended == Hangup(HangupBy.LOCAL, "hung up")


def test_one_call_too_many_hears_the_notice_and_a_goodbye(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    def notice(call: Any, observer: facts.Observer, keeper: Any) -> QueueNotice:
        mouth = Mouth(call, Speaker(ToneVoice()), scheduler)
        return QueueNotice(call, mouth, NOTICE, "server", observer)

    door = Door(tmp_path, {"answer_after_ms": 3000})
    info = CallInfo("x", "13800138000", "400", codec="pcma", overflow=True)
    call = door.take(notice, busy=lambda: scheduler.in_flight > 0, info=info)
    assert at_once(call) == ["answer"], "it holds a place: no time is lost with ringing"
    assert call.ended is not None and call.ended.by is HangupBy.LOCAL
    sound = np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)[:, 1]
    heard_ms = np.count_nonzero(np.abs(sound) > 100) / 8
    assert heard_ms > 60 * len(NOTICE), "all of it was heard"
    view = door.row()
    assert view.call.outcome == "queue_notice"
    assert [(turn.text, turn.kind) for turn in view.turns] == [(NOTICE, "notice")]

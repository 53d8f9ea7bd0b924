"""Runs the demo call: the bot in this process, caller and seat each in their own."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.wav import read_wav
from voicebot.app import App
from voicebot.app_serving import serve
from voicebot.demo import checks
from voicebot.demo.checks import Check, Latency
from voicebot.demo.script import SEAT_READS_MS, SEAT_RINGS_MS, caller_steps
from voicebot.errors import VoicebotError
from voicebot.records.views import CallView
from voicebot.session import events as facts
from voicebot.session.events import SessionEvent

# The whole call is about two minutes; a demo that hangs must end by itself.
CALL_TIMEOUT_S = 240.0
CALLER = "13800138000"


@dataclass
class Peer:
    """A user agent in its own process; its stdout is JSON events, one a line."""

    name: str
    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)

    async def read(self) -> None:
        if self.process.stdout is None:
            return
        async for line in self.process.stdout:
            try:
                self.events.append(json.loads(line))
            except ValueError:
                continue

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def find(self, name: str) -> dict[str, Any] | None:
        return next((e for e in self.events if e.get("event") == name), None)


@dataclass(frozen=True)
class DemoResult:
    """What came out: verdicts, latency, and where everything lies."""

    checks: tuple[Check, ...]
    latency: Latency
    call_id: str
    recording: Path
    caller_tape: Path
    seat_tape: Path

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


def free_port() -> int:
    """A UDP/TCP port on loopback that nobody has bound just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _start(name: str, module: str, *arguments: str) -> Peer:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    return Peer(name, process)


async def run_demo(
    app: App, fixtures: Path, seat_port: int, work: Path, observer: Callable[[SessionEvent], None]
) -> DemoResult:
    """Ring, talk, hand over, hang up. Raises VoicebotError if a peer cannot start."""
    seen: list[SessionEvent] = []

    def observe(event: SessionEvent) -> None:
        seen.append(event)
        observer(event)

    stop, ready = asyncio.Event(), asyncio.Event()
    bot = asyncio.create_task(serve(app, stop, on_ready=ready.set, observer=observe))
    ready_wait = asyncio.create_task(ready.wait())
    await asyncio.wait({bot, ready_wait}, return_when=asyncio.FIRST_COMPLETED)
    if bot.done():
        ready_wait.cancel()
        await bot
    caller_tape, seat_tape = work / "caller.wav", work / "seat.wav"
    script = work / "script.json"
    script.write_text(json.dumps(caller_steps(fixtures), ensure_ascii=False), encoding="utf-8")
    seat = await _start(
        *("seat", "telephony.loopback.seat", "--listen", f"127.0.0.1:{seat_port}"),
        *("--ring-ms", str(SEAT_RINGS_MS), "--answer", "--play", str(fixtures / "seat_hello.wav")),
        *("--speak-after-ms", str(SEAT_READS_MS)),
        *("--tape", str(seat_tape), "--expose", "X-Summary-Id"),
    )
    caller = await _start(
        *("caller", "telephony.loopback.caller", "--call", f"sip:400@{app.settings.sip.listen}"),
        *("--listen", f"127.0.0.1:{free_port()}", "--script", str(script), "--user", CALLER),
        *("--tape", str(caller_tape)),
    )
    readers = [asyncio.create_task(peer.read()) for peer in (seat, caller)]
    try:
        await asyncio.wait_for(caller.process.wait(), CALL_TIMEOUT_S)
        # The records close when the bot has seen the BYE.
        for _ in range(100):
            if any(isinstance(e, facts.CallEnded) for e in seen):
                break
            await asyncio.sleep(0.1)
        await asyncio.wait_for(seat.process.wait(), 10)
    except TimeoutError:
        pass
    finally:
        for peer in (caller, seat):
            await peer.stop()
            log = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in peer.events)
            (work / f"{peer.name}.jsonl").write_text(log, encoding="utf-8")
        await asyncio.gather(*readers)
        stop.set()
        await bot
    return _judge(app, await _record(app), seen, seat, caller_tape, seat_tape)


def _stereo(path: Path) -> npt.NDArray[np.int16]:
    if not path.exists():
        raise VoicebotError(f"demo: {path} was not written: the user agent did not start its tape")
    return read_wav(path).samples.T


async def _record(app: App) -> CallView:
    """The call as kept, once its end is stored (the writer commits a moment later)."""
    if app.records is None:
        raise VoicebotError("demo: the bot was built without records")
    for _ in range(50):
        calls = app.records.list_calls(limit=1)
        if calls and calls[0].ended_at is not None:
            break
        await asyncio.sleep(0.1)
    if not calls:
        raise VoicebotError("demo: no call reached the records")
    return app.records.get_call(calls[0].id)


def _judge(
    app: App,
    view: CallView,
    seen: list[SessionEvent],
    seat: Peer,
    caller_tape: Path,
    seat_tape: Path,
) -> DemoResult:
    handed = next((e for e in seen if isinstance(e, facts.HandoffStarted)), None)
    ring = seat.find("ringing") or {}
    header = str(ring.get("headers", {}).get("x-summary-id", ""))
    latency = checks.measure(_stereo(caller_tape), handed.at_ms if handed else 10**7)
    found = checks.check_conversation(seen, {entry.id for entry in app.pack.faq})
    if handed is not None and seat_tape.exists():
        before = view.summary is not None and any(
            isinstance(e, facts.HandoffFinished) and e.summary_stored for e in seen
        )
        found += checks.check_seat(handed.summary_id, header, before, _stereo(seat_tape))
    else:
        found.append(checks.Check("seat", False, "no seat was rung"))
    recording = Path(view.call.recording)
    found.append(
        checks.Check(
            "record complete",
            recording.is_file() and view.call.ended_at is not None and bool(view.turns),
            f"{len(view.turns)} turns, {len(view.events)} events, {view.call.outcome}",
        )
    )
    kept = app.settings.records.directory.glob("*")  # not the folder of the peers, who know it
    found.append(checks.check_masked(CALLER, kept))
    found += checks.check_latency(latency)
    return DemoResult(tuple(found), latency, view.call.id, recording, caller_tape, seat_tape)

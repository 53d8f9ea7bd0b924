"""A scripted caller: its own process and SIP user agent, for the demo and for tests.

::

    python -m telephony.loopback.caller --call sip:400@127.0.0.1:5070 \\
        --listen 127.0.0.1:5071 --script call.json --tape call.wav

Prints one JSON object a line: ``{"t_ms": …, "event": …}``, t_ms from the answer on the tape's
clock. Exit codes: 0 the script was played, 1 the call was not answered, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from telephony.api import FRAME_MS, Call, HangupBy
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.energy import SpeechMeter
from telephony.errors import LineError
from telephony.loopback.script import (
    Digits,
    Hang,
    Play,
    PlayOver,
    Step,
    Wait,
    WaitHangup,
    WaitReply,
    load_script,
)
from telephony.tape import Tape
from telephony.wav import read_wav


def emit(t_ms: int, event: str, **more: Any) -> None:
    """One event as one JSON line on stdout, at once."""
    line = json.dumps({"t_ms": t_ms, "event": event, **more}, ensure_ascii=False)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


NextCall = Callable[[], Awaitable[Call | None]]


class ScriptedCaller:
    """Plays a script on an answered call, listening all the while.

    When the far end transfers us, `next_call` gives the new call and the script goes on there.
    """

    def __init__(
        self, call: Call, steps: list[Step], audio: dict[Path, bytes], next_call: NextCall
    ) -> None:
        self._call = call
        self._next_call = next_call
        self._steps = steps
        self._audio = audio
        self._meter = SpeechMeter()
        self._heard = asyncio.Condition()
        self._frames = 0
        self._speaking = False

    @property
    def t_ms(self) -> int:
        """The call's clock: audio heard so far."""
        return self._frames * FRAME_MS

    async def run(self) -> None:
        """Play the script, then hang up; returns when the call has ended."""
        listening = asyncio.create_task(self._listen())
        script = asyncio.create_task(self._play_script())
        try:
            await asyncio.wait({listening, script}, return_when=asyncio.FIRST_COMPLETED)
            if script.done():
                script.result()
            await self._call.hangup()
            ended = await self._call.wait_ended()
            emit(self.t_ms, "ended", by=ended.by.value, reason=ended.reason)
        finally:
            for task in (listening, script):
                task.cancel()
            await asyncio.gather(listening, script, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            async for frame in self._call.frames():
                await self._hear(frame)
            new_call = await self._next_call()
            if new_call is None:
                return
            self._call = new_call
            emit(self.t_ms, "transferred", to=new_call.info.callee)

    async def _hear(self, frame: bytes) -> None:
        self._frames += 1
        self._meter.put(frame)
        speaking = self._meter.running_ms > 0
        if speaking != self._speaking:
            self._speaking = speaking
            emit(self.t_ms, "far_speech_start" if speaking else "far_speech_end")
        async with self._heard:
            self._heard.notify_all()

    async def _play_script(self) -> None:
        for number, step in enumerate(self._steps, 1):
            await self._do(number, step)

    async def _do(self, number: int, step: Step) -> None:
        match step:
            case Play(wav):
                await self._play(number, wav)
            case PlayOver(wav, after_speech_ms, timeout_ms):
                self._meter.reset()
                await self._until(
                    number, lambda: self._meter.running_ms >= after_speech_ms, timeout_ms
                )
                await self._play(number, wav)
            case WaitReply(min_ms, quiet_ms, timeout_ms):
                self._meter.reset()
                await self._until(
                    number,
                    lambda: self._meter.speech_ms >= min_ms and self._meter.quiet_ms >= quiet_ms,
                    timeout_ms,
                )
            case Wait(wait_ms):
                until = self.t_ms + wait_ms
                await self._until(number, lambda: self.t_ms >= until, wait_ms + 5000)
            case Digits(digits):
                emit(self.t_ms, "digits", step=number, digits=digits)
                await self._call.send_digits(digits)
            case WaitHangup(timeout_ms):
                await self._until(number, lambda: self._call.ended is not None, timeout_ms)
            case Hang():
                await self._call.hangup()

    async def _play(self, number: int, wav: Path) -> None:
        emit(self.t_ms, "play", step=number, wav=wav.name)
        self._call.play(self._audio[wav])
        await self._until(number, lambda: self._call.queued_ms == 0, 600_000)
        emit(self.t_ms, "played", step=number, wav=wav.name)

    async def _until(self, number: int, done: Any, timeout_ms: int) -> None:
        """Wait for `done()`, asked after every frame; a timeout is told and the script goes on."""
        try:
            async with asyncio.timeout(timeout_ms / 1000), self._heard:
                await self._heard.wait_for(done)
        except TimeoutError:
            emit(self.t_ms, "timeout", step=number)


async def call_and_play(args: argparse.Namespace) -> int:
    """Place the call and play the script; the process's exit code."""
    steps = load_script(args.script)
    audio = {step.wav: read_wav(step.wav) for step in steps if isinstance(step, Play | PlayOver)}
    endpoint = BaresipEndpoint(
        LineConfig(
            listen=args.listen,
            rtp_ports=args.rtp_ports,
            jitter_buffer_ms=args.jitter_buffer_ms,
            user=args.user,
            expose_headers=(),
            follow_transfers=args.follow_transfers,
        )
    )
    await endpoint.start()
    try:
        emit(0, "dialling", uri=args.call)
        headers = dict(item.split("=", 1) for item in args.header)
        result = await endpoint.dial(args.call, headers=headers, timeout_s=args.timeout)
        if result.call is None:
            emit(
                0,
                "failed",
                outcome=result.outcome.value,
                code=result.sip_code,
                reason=result.reason,
            )
            return 1
        return await _talk(endpoint, result.call, steps, audio, args)
    finally:
        await endpoint.stop()


async def _talk(
    endpoint: BaresipEndpoint,
    call: Call,
    steps: list[Step],
    audio: dict[Path, bytes],
    args: argparse.Namespace,
) -> int:
    """Play the script on the answered call, and on the calls it is transferred to."""
    tape = Tape(args.tape, swapped=True) if args.tape else None
    legs = [call]

    async def next_call() -> Call | None:
        if not args.follow_transfers:
            return None
        try:
            # The old call is closed only once the new one is answered, so it is there by now.
            new_call = await asyncio.wait_for(endpoint.followed(), 0.5)
        except TimeoutError:
            return None
        if tape is not None:
            new_call.attach(tape)
        legs.append(new_call)
        return new_call if await new_call.wait_established(5) else None

    if tape is not None:
        call.attach(tape)
    emit(0, "answered")
    try:
        await ScriptedCaller(call, steps, audio, next_call).run()
    finally:
        if tape is not None:
            tape.close()
    ended = legs[-1].ended
    return 1 if ended is not None and ended.by is HangupBy.ERROR else 0


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="telephony.loopback.caller", description=__doc__)
    parser.add_argument("--call", required=True, help="SIP URI to call")
    parser.add_argument("--listen", default="127.0.0.1:5071", help="own SIP address")
    parser.add_argument("--rtp-ports", default="44100-44998", help="own RTP ports, LOW-HIGH")
    parser.add_argument("--jitter-buffer-ms", type=int, default=0)
    parser.add_argument("--user", default="13800138000", help="calling number")
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--follow-transfers", action="store_true", help="do what a REFER asks")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds to ring")
    parser.add_argument("--script", type=Path, required=True, help="JSON list of steps")
    parser.add_argument("--tape", type=Path, help="stereo wav: left what we said, right heard")
    args = parser.parse_args()
    try:
        return asyncio.run(call_and_play(args))
    except (LineError, ValueError) as error:
        print(f"loopback_caller: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""A seat's phone: its own process and SIP user agent, for the demo and for tests.

::

    python -m telephony.loopback.seat --listen 127.0.0.1:5072 --ring-ms 400 \\
        --answer --play seat.wav --tape seat.wav --expose X-Summary-Id

Rings, then answers and plays its wav once the caller was heard; or refuses (--decline,
--busy, --code N) or rings until it is cancelled (--no-answer). Takes one call (or
--calls, one after another: who is joined by an attended transfer is rung again), prints JSON
events and exits when the last has ended.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from telephony.api import FRAME_MS, Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from telephony.energy import SpeechMeter
from telephony.errors import LineError
from telephony.loopback.caller import emit
from telephony.loopback.refusal import RefusingAgent, RefusingProtocol, Request
from telephony.ports import check_free, split_address
from telephony.tape import Tape
from telephony.wav import read_wav


async def answer_calls(args: argparse.Namespace) -> int:
    """Ring, answer and talk; returns when the call has ended."""
    speech = read_wav(args.play) if args.play else b""
    endpoint = BaresipEndpoint(
        LineConfig(
            listen=args.listen,
            rtp_ports=args.rtp_ports,
            jitter_buffer_ms=args.jitter_buffer_ms,
            user="seat",
            expose_headers=tuple(args.expose),
        )
    )
    await endpoint.start()
    emit(0, "listening", listen=args.listen)
    try:
        calls = endpoint.incoming()
        for _ in range(args.calls):
            await _serve(await anext(calls), args, speech)
    finally:
        await endpoint.stop()
    return 0


async def _serve(call: Call, args: argparse.Namespace, speech: bytes) -> None:
    info = call.info
    emit(0, "ringing", caller=info.caller, callee=info.callee, headers=dict(info.headers))
    await asyncio.sleep(args.ring_ms / 1000)
    tape = Tape(args.tape, swapped=True) if args.tape else None
    try:
        if tape is not None:
            call.attach(tape)
        await call.answer()
        emit(0, "answered")
        t_ms = await _talk(call, speech, args.speak_after_ms)
        ended = await call.wait_ended()
        emit(t_ms, "ended", by=ended.by.value, reason=ended.reason)
    except LineError as error:  # the caller gave up while it rang
        emit(0, "failed", reason=str(error))
    finally:
        if tape is not None:
            tape.close()


async def _talk(call: Call, speech: bytes, speak_after_ms: int) -> int:
    """Speak once the caller was heard and is quiet, or after `speak_after_ms`; ms of the call."""
    meter = SpeechMeter()
    t_ms = 0
    async for frame in call.frames():
        t_ms += FRAME_MS
        meter.put(frame)
        heard = meter.speech_ms >= 200 and meter.quiet_ms >= 300
        if speech and (heard or t_ms >= speak_after_ms):
            emit(t_ms, "play", heard_ms=meter.speech_ms)
            call.play(speech)
            speech = b""
    return t_ms


async def refuse_calls(args: argparse.Namespace, code: int | None) -> int:
    """Ring and refuse, or ring until cancelled; returns after one call."""
    check_free(args.listen)
    done = asyncio.Event()

    def on_event(event: str, request: Request) -> None:
        headers = {name.lower(): request.first(name) for name in args.expose}
        emit(0, event, headers={name: value for name, value in headers.items() if value})
        if event in ("refused", "cancelled"):
            done.set()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RefusingProtocol(RefusingAgent(code, on_event), args.ring_ms),
        local_addr=split_address(args.listen),
    )
    emit(0, "listening", listen=args.listen)
    await done.wait()
    await asyncio.sleep(0.2)  # the ACK is on its way
    transport.close()
    return 0


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="telephony.loopback.seat", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:5072", help="own SIP address")
    parser.add_argument("--rtp-ports", default="45000-45998", help="own RTP ports, LOW-HIGH")
    parser.add_argument("--jitter-buffer-ms", type=int, default=0)
    parser.add_argument("--calls", type=int, default=1, help="calls to take before it exits")
    parser.add_argument("--ring-ms", type=int, default=400)
    parser.add_argument("--speak-after-ms", type=int, default=1500)
    parser.add_argument("--play", type=Path, help="wav to say")
    parser.add_argument("--tape", type=Path, help="stereo wav: left what we said, right heard")
    parser.add_argument("--expose", action="append", default=[], metavar="HEADER")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--answer", dest="code", action="store_const", const=200, default=200)
    how.add_argument("--decline", dest="code", action="store_const", const=603)
    how.add_argument("--busy", dest="code", action="store_const", const=486)
    how.add_argument("--no-answer", dest="code", action="store_const", const=None)
    how.add_argument("--code", dest="code", type=int, help="refuse with this SIP status")
    args = parser.parse_args()
    try:
        work = answer_calls(args) if args.code == 200 else refuse_calls(args, args.code)
        return asyncio.run(work)
    except LineError as error:
        print(f"loopback_seat: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""A recording played as a call: the line of replay and tests. Keeps the line's contract.

Time is only ever `loop.time()` and `asyncio.sleep`, so on a virtual-time loop a call runs as
fast as its listener can think, and the same every time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from telephony.api import (
    FRAME_BYTES,
    FRAME_MS,
    AudioTap,
    Call,
    CallInfo,
    DialResult,
    Hangup,
    HangupBy,
    TransferOutcome,
    TransferResult,
)
from telephony.errors import LineError
from telephony.frames import DigitStream, FrameStream
from telephony.gain import Gain
from telephony.quality import Quality
from telephony.sending import faded
from telephony.tape import StereoMixer
from telephony.taps import Taps

_INFO = CallInfo(call_id="file", caller="file", callee="voicebot", codec="pcm")


class FileCall:
    """`caller_pcm` (s16le 8 kHz) is what the caller says, from the moment of the answer.

    The caller hangs up `tail_ms` after the recording's end. `clock` defaults to the running
    loop's time. `digits` are (ms from answer, digit) pairs. `transfer_result` is what a REFER
    comes to; an accepted one ends the call.
    """

    def __init__(
        self,
        caller_pcm: bytes,
        clock: Callable[[], float] | None = None,
        *,
        tail_ms: int = 3000,
        info: CallInfo = _INFO,
        digits: Iterable[tuple[int, str]] = (),
        transfer_result: TransferResult = TransferResult(TransferOutcome.ACCEPTED),  # noqa: B008
    ) -> None:
        self._pcm = caller_pcm
        self._clock = clock
        self._frames_total = -(-len(caller_pcm) // FRAME_BYTES) + tail_ms // FRAME_MS
        self._info = info
        self._due_digits = sorted(digits)
        self._transfer_result = transfer_result
        self._queue = bytearray()
        self._gain = Gain()
        self._stream = FrameStream()
        self._digits = DigitStream()
        self._taps = Taps(info.call_id)
        self._mixer = StereoMixer()
        self._ended: Hangup | None = None
        self._end = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.sent_digits = ""
        self.transferred_to: tuple[str, dict[str, str]] | None = None

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def ended(self) -> Hangup | None:
        return self._ended

    def take_tape(self) -> bytes:
        """Stereo s16le 8 kHz since the last time: caller left, what truly was sent right."""
        return self._mixer.take()

    async def answer(self) -> None:
        if self._ended is not None:
            raise LineError(f"call {self._info.call_id} ended before it was answered")
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def progress(self) -> None:
        """A recording begins with the answer: nobody hears what is played before."""
        if self._ended is not None:
            raise LineError(f"call {self._info.call_id} ended before it was answered")

    async def reject(self, code: int = 486) -> None:
        self._finish(Hangup(HangupBy.LOCAL, f"{code} Rejected"))

    @property
    def codec(self) -> str:
        return self._info.codec

    @property
    def held(self) -> bool:
        return False

    @property
    def quality(self) -> Quality | None:
        return None  # no network

    def frames(self) -> AsyncIterator[bytes]:
        return self._stream.read()

    def attach(self, tap: AudioTap) -> None:
        self._taps.attach(tap)

    def play(self, pcm: bytes) -> None:
        if self._ended is None:
            self._queue += pcm

    def flush(self) -> int:
        unsent_ms = self.queued_ms
        self._queue.clear()
        return unsent_ms

    def fade_out(self) -> None:
        self._queue[:] = faded(bytes(self._queue[:FRAME_BYTES]))

    def set_gain(self, gain_db: float) -> None:
        self._gain.set(gain_db)

    @property
    def queued_ms(self) -> int:
        return len(self._queue) * FRAME_MS // FRAME_BYTES

    def digits(self) -> AsyncIterator[str]:
        return self._digits.read()

    async def send_digits(self, digits: str) -> None:
        self.sent_digits += digits

    async def transfer(
        self, uri: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 30.0
    ) -> TransferResult:
        if self._ended is not None:
            return TransferResult(TransferOutcome.CALLER_GONE, reason=self._ended.reason)
        self.transferred_to = (uri, dict(headers or {}))
        if self._transfer_result.outcome is TransferOutcome.ACCEPTED:
            self._finish(Hangup(HangupBy.LOCAL, "transferred"))
        return self._transfer_result

    async def attended_transfer(self, consult: Call, *, timeout_s: float = 30.0) -> TransferResult:
        result = await self.transfer(f"sip:{consult.info.callee}@file", timeout_s=timeout_s)
        if result.outcome is TransferOutcome.ACCEPTED:
            await consult.hangup()
        return result

    async def hold(self) -> None:
        self._must_be_up()

    async def resume(self) -> None:
        self._must_be_up()

    def _must_be_up(self) -> None:
        if self._ended is not None:
            raise LineError(f"call {self._info.call_id} has ended: {self._ended.reason}")

    async def hangup(self) -> None:
        self._finish(Hangup(HangupBy.LOCAL, "hung up"))

    async def wait_ended(self) -> Hangup:
        await self._end.wait()
        if self._ended is None:
            raise LineError("the call ended without a reason")
        return self._ended

    async def _run(self) -> None:
        clock = self._clock or asyncio.get_running_loop().time
        start_s = clock()
        for number in range(self._frames_total):
            # Absolute times: a late wake-up shortens the next wait instead of adding up.
            await asyncio.sleep(max(0.0, start_s + (number + 1) * FRAME_MS / 1000 - clock()))
            self._tick(number)
        self._finish(Hangup(HangupBy.REMOTE, "recording ended"))

    def _tick(self, number: int) -> None:
        at = number * FRAME_BYTES
        frame = self._pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        sent = bytes(FRAME_BYTES)
        # As on a real line: what is queued waits for the end of the hold, or of a pause.
        if not self.held and not self._gain.pauses:
            sent = self._gain.apply(bytes(self._queue[:FRAME_BYTES]).ljust(FRAME_BYTES, b"\0"))
            del self._queue[:FRAME_BYTES]
        self._mixer.left(frame)
        self._mixer.right(sent)
        self._taps.tell(sent, frame)
        while self._due_digits and self._due_digits[0][0] < (number + 1) * FRAME_MS:
            self._digits.put(self._due_digits.pop(0)[1])
        self._stream.put(frame)

    def _finish(self, how: Hangup) -> None:
        if self._ended is not None:
            return
        self._ended = how
        self._queue.clear()
        self._stream.close()
        self._digits.close()
        self._end.set()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()


class FileEndpoint:
    """An endpoint whose calls are given: `calls` ring in order as soon as it starts.

    `dials` are the results of `dial`, in order; a `FileCall` in one is answered then. When
    they run out, a dial is unreachable.
    """

    def __init__(self, calls: Iterable[FileCall] = (), dials: Iterable[DialResult] = ()) -> None:
        self._queue: asyncio.Queue[Call | None] = asyncio.Queue()
        self._calls = list(calls)
        self._dials = list(dials)
        self._started = False
        self.dialled: list[tuple[str, dict[str, str]]] = []

    async def start(self) -> None:
        if not self._started:
            self._started = True
            for call in self._calls:
                self._queue.put_nowait(call)

    async def stop(self) -> None:
        for call in self._calls:
            await call.hangup()
        self._queue.put_nowait(None)

    async def incoming(self) -> AsyncIterator[Call]:
        while (call := await self._queue.get()) is not None:
            if call.ended is None:
                yield call
        self._queue.put_nowait(None)

    async def drain(self, timeout_s: float | None = None) -> bool:
        self._queue.put_nowait(None)
        up = [asyncio.ensure_future(call.wait_ended()) for call in self._calls if not call.ended]
        if not up:
            return True
        _, left = await asyncio.wait(up, timeout=timeout_s)
        for waiting in left:
            waiting.cancel()
        return not left

    async def dial(
        self,
        uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        trunk: str = "",
    ) -> DialResult:
        """The next of the given results; unreachable when they have run out."""
        self.dialled.append((uri, dict(headers or {})))
        if not self._dials:
            return DialResult(TransferOutcome.UNREACHABLE, reason="nobody is there")
        result = self._dials.pop(0)
        if isinstance(result.call, FileCall):
            await result.call.answer()
        return result

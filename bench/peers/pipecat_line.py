"""A call of ours as a pipecat transport: frames in, frames out, paced as the line plays them."""

from __future__ import annotations

import asyncio

import numpy as np
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams

from asr_models.resample import Upsampler8To16
from telephony import Call

LINE_RATE, EARS_RATE = 8000, 16000
# So much is given to the line ahead of time: less and it stutters, more and it cannot stop.
AHEAD_MS = 60


class LineInput(BaseInputTransport):
    """The caller's audio, from the call's frames."""

    def __init__(self, call: Call, params: TransportParams) -> None:
        super().__init__(params)
        self._call = call
        self._reading: asyncio.Task[None] | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        up = Upsampler8To16()
        async for frame in self._call.frames():
            pcm = up.process(np.frombuffer(frame, np.int16)).astype("<i2").tobytes()
            await self.push_audio_frame(
                InputAudioRawFrame(audio=pcm, sample_rate=EARS_RATE, num_channels=1)
            )

    async def cleanup(self) -> None:
        await super().cleanup()
        if self._reading is not None:
            self._reading.cancel()


class LineOutput(BaseOutputTransport):
    """The bot's audio, into the call; paced as the line plays it."""

    def __init__(self, call: Call, params: TransportParams) -> None:
        super().__init__(params)
        self._call = call

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, InterruptionFrame):
            self._call.flush()
        await super().process_frame(frame, direction)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        self._call.play(frame.audio)
        await asyncio.sleep(max(0, self._call.queued_ms - AHEAD_MS) / 1000)
        return True

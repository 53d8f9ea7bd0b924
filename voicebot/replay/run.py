"""Play a recording through a real session in virtual time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrError
from asr_models.resample import to_8k
from asr_models.wav import read_wav
from telephony import Call
from telephony.file_line import FileCall
from voicebot.errors import AudioFileError
from voicebot.replay.render import Replayed
from voicebot.session.call_session import CallSession
from voicebot.session.events import Observer, SessionEvent
from voicebot.turns.virtual_time import run_virtual

# Room for the last reply after the caller's last word.
TAIL_MS = 12_000


def load_caller(path: Path, lead_ms: int = 0) -> npt.NDArray[np.int16]:
    """The caller's audio at 8 kHz, int16, shape (n,): mono, or the left channel of a tape.

    A mono line is cut out of its call, so it begins `lead_ms` later: a caller hears the greeting
    first. A tape keeps its own times. Raises AudioFileError, one line, for what is no readable
    WAV.
    """
    try:
        wav = read_wav(path)
        pcm = to_8k(wav.samples[0], wav.sample_rate)
    except (AsrError, OSError) as error:
        raise AudioFileError(f"{path}: {error}") from None
    if len(wav.samples) > 1:
        return pcm
    return np.concatenate([np.zeros(lead_ms * 8, np.int16), pcm])


def replay_call(
    make_session: Callable[[Call, Observer], CallSession],
    busy: Callable[[], bool],
    name: str,
    caller_pcm: npt.NDArray[np.int16],
    observer: Observer | None = None,
) -> Replayed:
    """Run one call in virtual time: waiting costs nothing, computing costs what it costs.

    `make_session` puts the bot behind a call; `busy` tells whether it is computing.
    """
    events: list[SessionEvent] = []

    def observe(event: SessionEvent) -> None:
        events.append(event)
        if observer:
            observer(event)

    async def call_it() -> npt.NDArray[np.int16]:
        call = FileCall(caller_pcm.tobytes(), tail_ms=TAIL_MS)
        await make_session(call, observe).run()
        return np.frombuffer(call.take_tape(), np.int16).reshape(-1, 2)

    started_s = time.perf_counter()
    tape = run_virtual(call_it, busy=busy)
    return Replayed(name, tuple(events), tape, time.perf_counter() - started_s)

"""A deadline for what comes from an iterator that may never come back."""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from voicebot.errors import VoiceError
from voicebot.speech.api import Chunk

_LOOK_EVERY_S = 0.05  # at `stop`, while nothing comes
_LEAVE_S = 5.0

Make = Callable[[threading.Event], Iterator[Chunk]]


@dataclass(frozen=True)
class _End:
    """The iterator has ended, by `error` if there is one."""

    error: Exception | None = None


def in_time(
    name: str,
    make: Make,
    *,
    first_s: float,
    next_s: float,
    stop: threading.Event,
) -> Iterator[Chunk]:
    """What `make(stop)` yields, made in a thread of its own.

    A voice that hangs in native code or in a socket is left behind with its event set, and is
    nobody's worry any more. Ends when `stop` is set. Raises VoiceError when the first chunk takes
    longer than `first_s` or a later one longer than `next_s`, and whatever `make` raises.
    """
    ours = threading.Event()
    made: queue.SimpleQueue[Chunk | _End] = queue.SimpleQueue()
    thread = threading.Thread(target=_pump, args=(make, ours, made), name=f"voice-{name}")
    thread.daemon = True
    _speaking.add(thread)
    thread.start()
    try:
        limit_s = first_s
        while (got := _get(made, time.monotonic() + limit_s, stop)) is not None:
            if isinstance(got, _End):
                if got.error is not None:
                    raise got.error
                return
            yield got
            limit_s = next_s
        if not stop.is_set():
            raise VoiceError(f"voice {name}: nothing came for {limit_s:g} s")
    finally:
        ours.set()


_speaking: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


@atexit.register
def _let_voices_end() -> None:
    """A process that ends while native code still runs in a thread is aborted. Voices that were
    told to stop do so at once; one that hangs is not waited for any longer."""
    until_s = time.monotonic() + _LEAVE_S
    for thread in list(_speaking):
        thread.join(max(0.0, until_s - time.monotonic()))


def _pump(make: Make, stop: threading.Event, made: queue.SimpleQueue[Chunk | _End]) -> None:
    try:
        for chunk in make(stop):
            made.put(chunk)
            if stop.is_set():
                break
    except Exception as error:  # raised again where somebody waits for it
        made.put(_End(error))
    else:
        made.put(_End())


def _get(
    made: queue.SimpleQueue[Chunk | _End], until_s: float, stop: threading.Event
) -> Chunk | _End | None:
    """The next; None when the time is over or `stop` is set."""
    while not stop.is_set():
        left_s = until_s - time.monotonic()
        try:
            return made.get(timeout=min(max(left_s, 0.0), _LOOK_EVERY_S))
        except queue.Empty:
            if left_s <= 0:
                return None
    return None

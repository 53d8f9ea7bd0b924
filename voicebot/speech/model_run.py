"""A model run that ends when its time is up, or when nobody wants its result any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import onnxruntime

_LOOK_S = 0.02  # how often it is looked whether somebody has had enough


class Watch:
    """Gives ``options`` to the runs of one clause, and stops them between two of their nodes."""

    def __init__(self, timeout_s: float | None, stop: threading.Event | None) -> None:
        self.options = onnxruntime.RunOptions()
        self._timeout_s, self._stop = timeout_s, stop

    @property
    def stopped(self) -> bool:
        """Whether the listener has had enough."""
        return self._stop is not None and self._stop.is_set()

    @property
    def ended(self) -> bool:
        """Whether runs were told to end."""
        return bool(self.options.terminate)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While something runs with the options; the time starts anew each time."""
        if self._timeout_s is None and self._stop is None:
            yield
            return
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _watch(self, done: threading.Event) -> None:
        late_at_s = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        while not self.stopped:
            left_s = _LOOK_S if late_at_s is None else late_at_s - time.monotonic()
            if left_s <= 0:
                break
            if done.wait(left_s if self._stop is None else min(left_s, _LOOK_S)):
                return
        self.options.terminate = True

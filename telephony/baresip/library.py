"""The C libraries inside the Python binding, called through ctypes on the stack's own thread.

The binding's extension module exports every public symbol of libre and libbaresip 4.10. Only
documented functions are declared here and in the classes built upon this one.

libre keeps timers, sockets and its lock by thread. The binding runs the stack in a thread with
such a set of its own, so `re_thread_enter` of another thread locks something else: a call from
there races with the stack, and a timer that it starts never fires. Therefore work is handed over
through a message queue (re_mqueue.h) that is made on the stack's thread.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

import baresip._native as extension

from telephony.errors import LineError

Declaration = tuple[str, Any, tuple[Any, ...]]
"""Name, result type and argument types of a C function."""

POINTER, TEXT, WHOLE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_HANDLER = ctypes.CFUNCTYPE(None, WHOLE, POINTER, POINTER)
_WAIT_S = 5.0  # the stack answers within a millisecond, or hangs up a hundred calls
GLANCE_S = 0.02
_log = logging.getLogger("telephony")

T = TypeVar("T")


class Library:
    """The libraries' functions. Raises LineError where one is missing.

    `attach` before the stack makes its first user agent, `detach` before it closes.
    """

    def __init__(self) -> None:
        self._lib: Any = ctypes.CDLL(extension.__file__)
        self._declare(
            (
                ("bevent_register", WHOLE, (_HANDLER, POINTER)),
                ("bevent_unregister", None, (_HANDLER,)),
                ("mqueue_alloc", WHOLE, (POINTER, _HANDLER, POINTER)),
                ("mqueue_push", WHOLE, (POINTER, WHOLE, POINTER)),
                ("mem_deref", POINTER, (POINTER,)),
            )
        )
        self._queue = ctypes.c_void_p()
        self._thread = 0
        self._attaching = False
        self._jobs: dict[int, Callable[[], None]] = {}
        self._number = 0
        self._early: list[Callable[[], object]] = []
        self._on_event = _HANDLER(self._first_event)
        self._on_message = _HANDLER(self._message)

    def _declare(self, functions: Iterable[Declaration]) -> None:
        for name, result, arguments in functions:
            try:
                function = getattr(self._lib, name)
            except AttributeError as error:
                raise LineError(
                    f"baresip-python lacks {error}; install the pinned version"
                ) from None
            function.restype, function.argtypes = result, list(arguments)

    def attach(self) -> None:
        """Wait for the stack's first event: it comes on the stack's thread."""
        if self._lib.bevent_register(self._on_event, None):
            raise LineError("the SIP stack takes no event listener")
        self._attaching = True

    def detach(self) -> None:
        """Let go of the stack. Idempotent."""
        if self._attaching:
            self._attaching = False
            self._lib.bevent_unregister(self._on_event)
        if self._queue:
            self._run(self._release)

    def _release(self) -> None:
        queue, self._queue = self._queue, ctypes.c_void_p()
        self._lib.mem_deref(queue)

    def _first_event(self, _kind: int, _event: int, _argument: int) -> None:
        if self._queue or not self._attaching:
            return
        self._thread = threading.get_ident()
        queue = ctypes.c_void_p()
        if self._lib.mqueue_alloc(ctypes.byref(queue), self._on_message, None):
            _log.critical("the SIP stack has no descriptor left for our message queue")
            return
        self._queue = queue
        self._post(self._stop_listening)  # not from within the event
        early, self._early = self._early, []
        for work in early:
            try:
                work()
            except Exception:
                _log.critical("the SIP stack was not set up", exc_info=True)

    def _stop_listening(self) -> None:
        if self._attaching:
            self._attaching = False
            self._lib.bevent_unregister(self._on_event)

    def _message(self, number: int, _data: int, _argument: int) -> None:
        self._jobs.pop(number)()

    def _post(self, work: Callable[[], T]) -> Future[T]:
        done: Future[T] = Future()

        def job() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._number = (self._number + 1) % 2**31
        self._jobs[self._number] = job
        if self._lib.mqueue_push(self._queue, self._number, None):
            del self._jobs[self._number]
            raise LineError("the SIP stack takes no more work")
        return done

    def _run(self, work: Callable[[], T], wait_s: float = _WAIT_S) -> T:
        """The result of `work`, done on the stack's thread. Raises what it raises, or LineError.

        Whoever asks often and can do without the answer waits `GLANCE_S` only: the event loop
        stands still meanwhile, and with it the audio of every call.
        """
        if threading.get_ident() == self._thread:
            return work()
        if not self._queue:
            raise LineError("the SIP stack does not run")
        try:
            return self._post(work).result(wait_s)
        except TimeoutError:
            raise LineError(f"the SIP stack did not answer within {wait_s:g} s") from None

    def _soon(self, work: Callable[[], object]) -> None:
        """Do it now, or before the first request if the stack has no user agent yet."""
        if self._queue:
            self._run(work)
        else:
            self._early.append(work)


class Element(ctypes.Structure):
    """`struct le` of re_list.h: an element of a linked list."""

    _fields_ = (
        ("previous", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("list", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    )

"""The C libraries inside the Python binding, opened through ctypes.

The binding's extension module exports every public symbol of libre and libbaresip 4.10. Only
documented functions are declared here and in the classes built upon this one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import baresip._native as extension

from telephony.errors import LineError

Declaration = tuple[str, Any, tuple[Any, ...]]
"""Name, result type and argument types of a C function."""

POINTER, TEXT, WHOLE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


class Library:
    """The libraries' functions and their lock. Raises LineError where one is missing."""

    def __init__(self) -> None:
        self._lib: Any = ctypes.CDLL(extension.__file__)
        self._declare((("re_thread_enter", None, ()), ("re_thread_leave", None, ())))

    def _declare(self, functions: Iterable[Declaration]) -> None:
        for name, result, arguments in functions:
            try:
                function = getattr(self._lib, name)
            except AttributeError as error:
                raise LineError(
                    f"baresip-python lacks {error}; install the pinned version"
                ) from None
            function.restype, function.argtypes = result, list(arguments)

    @contextmanager
    def _stack(self) -> Iterator[None]:
        """Hold the stack's lock, as its own thread does while it works."""
        self._lib.re_thread_enter()
        try:
            yield
        finally:
            self._lib.re_thread_leave()


class Element(ctypes.Structure):
    """`struct le` of re_list.h: an element of a linked list."""

    _fields_ = (
        ("previous", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("list", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    )

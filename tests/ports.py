"""Ports for tests: each is given out once, and none is one that the system gives to others.

A port that is asked of the system (bind to 0), let go and bound again may by then be another
socket's, or be given to one between. Those below 32768 the system gives to nobody who does not
ask for them by number. Of them tests use 20000 to 28999 for RTP, each line a range of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

_FIRST, _COUNT = 29_000, 3_768  # to 32767: from 32768 on Linux gives them out by itself
_STEP = 2  # baresip takes the one above its own too, for TLS
# Two runs at once, of which each begins elsewhere, do not reach for the same.
_turns = itertools.count(os.getpid() * 97)


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that is free for UDP and TCP, as is the next; given to no one else here."""
    for turn in itertools.islice(_turns, _COUNT // _STEP):
        port = _FIRST + turn * _STEP % _COUNT
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for number in (port, port + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.enter_context(socket.socket(socket.AF_INET, kind)).bind((host, number))
            return port
    raise OSError(f"no port of {host} from {_FIRST} to {_FIRST + _COUNT} is free")

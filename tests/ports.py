"""Ports for tests: none is given out twice, and none is one that the system gives to others.

A port that is asked of the system (bind to 0), let go and bound again may by then be another
socket's, or be given to one between: a bot loads its models for a minute before it listens. Those
below 32768 the system gives to nobody who does not ask for them by number. Of them tests use 20000
to 28999 for RTP, each line a range of its own; of the rest each process of tests has a block.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import socket

_FIRST, _BLOCK, _BLOCKS = 29_000, 256, 14  # to 32583: from 32768 on Linux gives them out by itself
_STEP = 2  # baresip takes the one above its own too, for TLS
_turns = itertools.count()


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that is free for UDP and TCP, as is the next; given to no one else here."""
    for turn in itertools.islice(_turns, _BLOCK // _STEP):
        port = _first() + turn * _STEP % _BLOCK
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for number in (port, port + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.enter_context(socket.socket(socket.AF_INET, kind)).bind((host, number))
            return port
    raise OSError(f"no port of {host} from {_first()} to {_first() + _BLOCK - 1} is free")


@functools.cache
def _first() -> int:
    """The first port of this process's block: the name of its socket holds it until the end."""
    for block in range(_BLOCKS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0voicebot-tests-ports-{block}")
        except OSError:
            claim.close()
        else:
            claim.detach()
            return _FIRST + block * _BLOCK
    raise OSError(f"{_BLOCKS} processes of tests run: none is left a block of ports")

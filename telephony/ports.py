"""Is the SIP address free? Asked before the stack starts, which would only log the failure."""

from __future__ import annotations

import errno
import socket

from telephony.errors import LineError, PortInUseError


def split_address(listen: str) -> tuple[str, int]:
    """``127.0.0.1:5060`` as ("127.0.0.1", 5060). Raises LineError for anything else."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise LineError(f"SIP listen address {listen!r}: ADDRESS:PORT is expected")
    return host, int(port)


def check_free(listen: str) -> None:
    """Bind UDP and TCP once and let go. Raises PortInUseError, or LineError for a bad address."""
    host, port = split_address(listen)
    for name, kind in (("UDP", socket.SOCK_DGRAM), ("TCP", socket.SOCK_STREAM)):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                # Connections of an earlier run in TIME_WAIT are no other program.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind(probe, host, port, name)


def _bind(probe: socket.socket, host: str, port: int, name: str) -> None:
    try:
        probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"SIP port {host}:{port}/{name} is in use by another program; "
                "stop it or choose another listen address"
            ) from None
        raise LineError(
            f"SIP listen address {host}:{port}/{name} cannot be used: {error.strerror or error}; "
            "an address of this machine and a free port above 1023 are expected"
        ) from None

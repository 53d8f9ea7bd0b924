"""Many datagrams in one system call, with the kernel's own time of arrival. Linux only.

Python has no sendmmsg and no recvmmsg; a load generator without them spends more CPU than the
program it measures. The kernel stamps each packet as it arrives (SO_TIMESTAMPNS, socket(7)), so
a reader that comes late does not make the packets late.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_CONTROL_BYTES = 64
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_MSG_DONTWAIT = 0x40
_RCVBUF_BYTES = 4 << 20
_libc = ctypes.CDLL(None, use_errno=True)

# struct mmsghdr of 64-bit Linux: msghdr (56 bytes), msg_len and padding.
_MMSGHDR = np.dtype(
    [
        ("name", "u8"),
        ("namelen", "u4"),
        ("_1", "u4"),
        ("iov", "u8"),
        ("iovlen", "u8"),
        ("control", "u8"),
        ("controllen", "u8"),
        ("flags", "i4"),
        ("_2", "u4"),
        ("len", "u4"),
        ("_3", "u4"),
    ]
)
_IOVEC = np.dtype([("base", "u8"), ("len", "u8")])


@dataclass(frozen=True)
class Packets:
    """What arrived, n packets: `data` (n, slot) bytes, cut to the slot; `size` (n,) as received;
    `at_ns` (n,) since the epoch."""

    data: NDArray[np.uint8]
    size: NDArray[np.uint32]
    at_ns: NDArray[np.int64]


class BatchSocket:
    """A UDP socket on 127.0.0.1 that receives in batches and sends one batch of equal packets."""

    def __init__(self, port: int = 0, slot_bytes: int = 512, slots: int = 256) -> None:
        self._slots = slots
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = int(self.socket.getsockname()[1])
        for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):  # the first needs CAP_NET_ADMIN
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, option, _RCVBUF_BYTES)
                break
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._data = np.zeros((slots, slot_bytes), np.uint8)
        self._control = np.zeros((slots, _CONTROL_BYTES), np.uint8)
        self._iov = np.zeros(slots, _IOVEC)
        self._iov["base"] = _rows(self._data)
        self._iov["len"] = slot_bytes
        self._heads = np.zeros(slots, _MMSGHDR)
        self._heads["iov"] = _rows(self._iov)
        self._heads["iovlen"] = 1
        self._heads["control"] = _rows(self._control)

    def receive(self) -> list[Packets]:
        """Everything that waits, without blocking."""
        got = []
        while True:
            self._heads["controllen"] = _CONTROL_BYTES
            count = self._call("recvmmsg", self._heads, self._slots, _MSG_DONTWAIT, None)
            if count > 0:
                # cmsghdr (16 bytes), then struct timespec: seconds, nanoseconds.
                stamp = self._control[:count, 16:32].copy().view(np.int64)
                at_ns = stamp[:, 0] * 1_000_000_000 + stamp[:, 1]
                size = self._heads["len"][:count].copy()
                got.append(Packets(self._data[:count].copy(), size, at_ns))
            if count < self._slots:
                return got

    def dropped(self) -> int:
        """Datagrams the kernel threw away because this socket's buffer was full."""
        with open("/proc/net/udp") as table:  # noqa: PTH123
            for line in table:
                fields = line.split()
                if fields[1].endswith(f":{self.port:04X}"):
                    return int(fields[-1])
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def _call(self, name: str, heads: NDArray[np.void], count: int, *rest: object) -> int:
        done = getattr(_libc, name)(
            self.socket.fileno(), ctypes.c_void_p(heads.ctypes.data), count, *rest
        )
        if done < 0:
            code = ctypes.get_errno()
            # A far end that closed its port answers by ICMP, which shows on the next call.
            if code not in (errno.EAGAIN, errno.ECONNREFUSED, errno.EINTR):
                raise OSError(code, os.strerror(code))
            return 0
        return int(done)


class Outgoing:
    """Packets of equal size, one a row of `data`, each with its own target; sent together."""

    def __init__(self, data: NDArray[np.uint8], ports: list[int]) -> None:
        self.data = data
        self._names = np.zeros((len(ports), 16), np.uint8)
        for row, port in enumerate(ports):
            address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), b"\x7f\0\0\1")
            self._names[row] = np.frombuffer(address, np.uint8)
        self._iov = np.zeros(len(ports), _IOVEC)
        self._iov["base"] = _rows(data)
        self._iov["len"] = data.shape[1]
        self._heads = np.zeros(len(ports), _MMSGHDR)
        self._heads["name"], self._heads["namelen"] = _rows(self._names), 16
        self._heads["iov"], self._heads["iovlen"] = _rows(self._iov), 1

    def send(self, through: BatchSocket) -> int:
        """How many packets the kernel took."""
        sent = 0
        while sent < len(self._heads):
            rest = self._heads[sent:]
            taken = through._call("sendmmsg", rest, len(rest), _MSG_DONTWAIT)
            if not taken:
                return sent
            sent += taken
        return sent


def _rows(table: NDArray[np.generic]) -> NDArray[np.uint64]:
    """The address of each row."""
    step = np.uint64(table.strides[0])
    return np.uint64(table.ctypes.data) + np.arange(len(table), dtype=np.uint64) * step

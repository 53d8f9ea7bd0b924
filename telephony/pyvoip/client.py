"""The SIP socket: pyVoIP's `SIPClient` with a reader that lives through anything.

pyVoIP answers whoever it is told to register with, not who asked; swallows requests while it
registers; waits a second before it reads at all. Here one thread reads, drops what is not from a
trunk and hands the rest to the event loop.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
from collections.abc import Callable

from telephony.pyvoip.message import Address, Message
from telephony.pyvoip.stack import SIPClient

_POLL_S = 0.2
_log = logging.getLogger("telephony")


class Client(SIPClient):  # type: ignore[misc]  # pyVoIP has no types
    """Bound to `host`:`port` after `start`; `deliver` and `admits` run on its thread."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        *,
        admits: Callable[[str], bool],
        deliver: Callable[[Message], None],
    ) -> None:
        super().__init__(host, port, user, "", phone=None, myIP=host, myPort=port)
        self._admits = admits
        self._deliver = deliver
        self._thread = threading.Thread(target=self.recv_loop, name="pyVoIP SIP", daemon=True)

    def start(self) -> None:
        """Bind and read. Raises OSError."""
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.s.bind((self.myIP, self.myPort))
        except OSError:
            self.s.close()
            raise
        self.s.settimeout(_POLL_S)
        self.out = self.s
        self.NSD = True
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and closes the socket; waits for both, a fraction of a second."""
        self.NSD = False
        self._thread.join()
        self.s.close()

    def send(self, data: bytes, to: Address) -> None:
        """One datagram; what the kernel refuses is lost as on the way."""
        try:
            self.out.sendto(data, to)
        except OSError as error:
            _log.warning("a SIP message to %s:%d cannot be sent: %s", *to, error)

    def recv_loop(self) -> None:
        while self.NSD:
            try:
                self.recv()
            except TimeoutError:
                continue
            except OSError as error:
                _log.debug("the SIP socket: %s", error)  # a far end's port was closed (ICMP)

    def recv(self) -> None:
        data, source = self.s.recvfrom(65_535)
        if not self._admits(source[0]):
            return
        try:
            self._deliver(Message(data, source))
        except Exception as error:
            _log.debug("%d bytes from %s:%d are no SIP message: %s", len(data), *source, error)

    def gen_tag(self) -> str:
        """A tag nobody guesses; pyVoIP keeps all that it ever gave and picks from 32 bits."""
        return secrets.token_hex(8)

    def gen_call_id(self) -> str:
        """A Call-ID of its own; pyVoIP counts from one again after every start."""
        return f"{secrets.token_hex(16)}@{self.myIP}"

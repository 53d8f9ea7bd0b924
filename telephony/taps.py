"""The taps of one call, kept apart from each other and from the call."""

from __future__ import annotations

import logging

from telephony.api import AudioTap
from telephony.errors import TapeError

_log = logging.getLogger("telephony")


class Taps:
    """Tells every attached tap; one that fails (a full disk) is logged and let go.

    A recording may be lost; the conversation, and those of all other calls, may not.
    """

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._taps: list[AudioTap] = []

    def attach(self, tap: AudioTap) -> None:
        self._taps.append(tap)

    def tell(self, sent: bytes, received: bytes) -> None:
        """What left and what came since the last time; either may be empty."""
        for tap in list(self._taps):
            try:
                if sent:
                    tap.sent(sent)
                if received:
                    tap.received(received)
            except TapeError as error:  # the operator's to repair, not a fault of the program
                self._taps.remove(tap)
                _log.error("call %s: %s", self._call_id, error)
            except Exception:
                self._taps.remove(tap)
                _log.exception("call %s: a tap failed and is detached", self._call_id)

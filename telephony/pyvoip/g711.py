"""G.711 both ways at 16 bits; pyVoIP goes through 8 bits and loses 17 dB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telephony.wav import ALAW, ULAW


class Law:
    """One companding law: codes to s16le and back to the nearest code."""

    def __init__(self, levels: NDArray[np.int16]) -> None:
        self._levels = levels.astype("<i2")
        order = np.argsort(levels, kind="stable")
        sorted_levels = levels[order].astype(np.int32)
        middle = (sorted_levels[1:] + sorted_levels[:-1]) // 2
        linear = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
        self._codes = order[np.searchsorted(middle, linear)].astype(np.uint8)

    def decode(self, codes: bytes) -> bytes:
        """s16le, two bytes a code."""
        return bytes(self._levels[np.frombuffer(codes, np.uint8)].tobytes())

    def encode(self, pcm: bytes) -> bytes:
        """One code for each s16le sample."""
        return bytes(self._codes[np.frombuffer(pcm, "<u2")].tobytes())


LAWS = {"pcma": Law(ALAW), "pcmu": Law(ULAW)}

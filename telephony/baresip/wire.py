"""The stack's audio of one call as `telephony.media.Wire`."""

from __future__ import annotations

from baresip import AudioNotActive, AudioRestarted
from baresip.audio import CallAudio

from telephony.baresip.direct_audio import DirectAudio
from telephony.sending import RingState

_READ_BYTES = 16_000  # one second: more than the stack keeps for us


class BaresipWire:
    """Reads, writes and counts on `call.audio`; silent while the call has no media."""

    def __init__(self, audio: CallAudio) -> None:
        self._audio = DirectAudio(audio._handle)

    def read(self) -> bytes:
        try:
            return bytes(self._audio.read(_READ_BYTES))
        except (AudioNotActive, AudioRestarted):
            return b""

    def state(self) -> RingState | None:
        try:
            stats = self._audio.stats()
        except AudioNotActive:
            return None
        return RingState(stats.tx_buffered, stats.tx_flushed_bytes, stats.tx_silence_frames)

    def write(self, pcm: bytes) -> int:
        try:
            return int(self._audio.write(pcm))
        except (AudioNotActive, AudioRestarted):
            return 0

    def flush(self) -> None:
        try:
            self._audio.flush_tx()
        except (AudioNotActive, AudioRestarted):
            return  # the ring that held it is gone

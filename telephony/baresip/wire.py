"""The stack's audio of one call as `telephony.media.Wire`."""

from __future__ import annotations

from baresip import AudioNotActive, AudioRestarted
from baresip.audio import CallAudio

from telephony.resampling import Doubler, Halver
from telephony.sending import RingState

_READ_BYTES = 32_000  # one second at 16 kHz: more than the stack keeps for us
_WIDE_HZ = 16_000


class BaresipWire:
    """Reads, writes and counts on `call.audio`; silent while the call has no media.

    Our side is always 8 kHz. The stack hands over the codec's own rate (G.722: 16 kHz), and a
    re-INVITE may change it. Its own resampler is not used: it is not applied to what we read,
    and costs 9 dB in what we write.
    """

    def __init__(self, audio: CallAudio) -> None:
        self._audio = audio
        self._wide: tuple[Halver, Doubler] | None = None

    def read(self) -> bytes:
        try:
            info = self._audio.info()
            self._fit(max(info.rx_sample_rate, info.tx_sample_rate))
            pcm = bytes(self._audio.read(_READ_BYTES)) if info.rx_buffered else b""
        except (AudioNotActive, AudioRestarted):
            return b""
        return self._wide[0].push(pcm) if self._wide and pcm else pcm

    def _fit(self, rate_hz: int) -> None:
        if (self._wide is not None) != (rate_hz == _WIDE_HZ):
            self._wide = None if self._wide else (Halver(), Doubler())

    @property
    def _scale(self) -> int:
        """Bytes of the stack's for each of ours."""
        return 2 if self._wide else 1

    def state(self) -> RingState | None:
        try:
            stats = self._audio.stats()
        except AudioNotActive:
            return None
        return RingState(
            stats.tx_buffered // self._scale,
            stats.tx_flushed_bytes // self._scale,
            stats.tx_silence_frames,
        )

    def write(self, pcm: bytes) -> int:
        try:
            # All or nothing: the stack's ring holds far more than is ever given to it.
            wide = self._wide[1].push(pcm) if self._wide else pcm
            return int(self._audio.write(wide)) // self._scale
        except (AudioNotActive, AudioRestarted):
            return 0

    def flush(self) -> None:
        try:
            self._audio.flush_tx()
        except (AudioNotActive, AudioRestarted):
            return  # the ring that held it is gone

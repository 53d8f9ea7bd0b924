"""The turn-taker of a live call: knows what the bot sends, so its echo cannot fool it."""

from __future__ import annotations

from voicebot.turns.echo import EchoEstimator
from voicebot.turns.events import TurnEvent
from voicebot.turns.sent_audio import SentAudio
from voicebot.turns.turn_taker import TurnTaker


class CallTurns:
    """`TurnTaker`, `EchoEstimator` and `SentAudio` put together for one call.

    Tell it all that is played and flushed; feed it each received frame. `taker` has the rest
    (`utterance`, `heard`, `expect`, `now_ms`).
    """

    def __init__(self, taker: TurnTaker) -> None:
        self.taker = taker
        self.echo = EchoEstimator()
        self._sent = SentAudio()

    def played(self, pcm: bytes) -> None:
        """Audio was handed to ``Call.play``."""
        self._sent.play(pcm)

    def flushed(self) -> None:
        """``Call.flush`` was called."""
        self._sent.flush()

    def feed(self, frame: bytes, *, line_queued_ms: int | None = None) -> list[TurnEvent]:
        """Take the next received 20 ms frame; returns what happened, in order.

        Args:
            frame: `FRAME_BYTES` of s16le at 8 kHz. Raises ValueError for another length.
            line_queued_ms: ``Call.queued_ms``, to keep the mirror of the line's queue true.
        """
        sent = self._sent.next_frame(line_queued_ms)
        echo_level_db = self.echo.feed(frame, sent)
        return self.taker.feed(frame, bot_speaking=sent is not None, echo_level_db=echo_level_db)

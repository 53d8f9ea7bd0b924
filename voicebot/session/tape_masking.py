"""What is masked in a call's texts is silent on its tape: the whole turn that held it.

Where in a turn a number was said is known to some 100 ms at best, and not at all where words have
no times; so much of it would stay audible that the turn goes as a whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from telephony.tape import Tape
from voicebot.records.masking import mask
from voicebot.session import events as facts

MARGIN_MS = 300
"""Speech is found a little late and let go a little early."""
KEY_MS = 400
"""A key may be heard as a tone too."""
_HIDDEN = "*"
_SAID_FIELDS = ("text", "raw_text", "rejected", "alternatives")


class TapeMasking:
    """Silences a tape by the facts of its call, which it hears in order.

    A caller's turn goes when it is kept, an utterance of the bot when its end is known: with the
    next one, or with `close`. Raises TapeError.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._bot_from_ms: int | None = None
        self._unrecorded: list[tuple[int, int, bool]] = []

    def __call__(self, event: facts.SessionEvent) -> None:
        match event:
            case facts.CallerSpoke(speech_start_ms=start_ms, speech_end_ms=end_ms):
                if _is_personal(event):
                    self._silence(start_ms - MARGIN_MS, end_ms + MARGIN_MS, sent=False)
            case facts.SeatSpoke(speech_start_ms=start_ms, speech_end_ms=end_ms):
                if _is_personal(event):
                    self._silence(start_ms - MARGIN_MS, end_ms + MARGIN_MS, sent=True)
            case facts.DigitPressed(at_ms=at_ms, digit=digit):
                if digit == _HIDDEN:
                    self._silence(at_ms - KEY_MS, at_ms + KEY_MS, sent=False)
            case facts.BotSpoke(at_ms=at_ms):
                self._bot_stopped(at_ms)
                if _is_personal(event):
                    self._bot_from_ms = at_ms
            case (
                facts.BotInterrupted(at_ms=at_ms)
                | facts.HandoffStarted(at_ms=at_ms)
                | facts.CallEnded(at_ms=at_ms)
            ):
                self._bot_stopped(at_ms + MARGIN_MS)

    def close(self) -> None:
        """The call is over. Idempotent."""
        self._bot_stopped(self._tape.duration_ms)
        for start_ms, end_ms, sent in self._unrecorded:
            self._tape.silence(start_ms, end_ms, sent=sent)
        self._unrecorded.clear()

    def _silence(self, start_ms: int, end_ms: int, *, sent: bool) -> None:
        self._tape.silence(start_ms, end_ms, sent=sent)
        if end_ms > self._tape.duration_ms:
            self._unrecorded.append((start_ms, end_ms, sent))

    def _bot_stopped(self, at_ms: int) -> None:
        start_ms, self._bot_from_ms = self._bot_from_ms, None
        if start_ms is not None:
            self._silence(start_ms - MARGIN_MS, at_ms, sent=True)


def _is_personal(event: facts.SessionEvent) -> bool:
    """Whether a text of it is, or will be, stored with something hidden."""
    return any(_HIDDEN in mask(text) for text in _texts(event))


def _texts(event: facts.SessionEvent) -> Iterator[str]:
    fields: dict[str, Any] = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    for name in _SAID_FIELDS:
        value = fields.get(name, "")
        yield from (value,) if isinstance(value, str) else value

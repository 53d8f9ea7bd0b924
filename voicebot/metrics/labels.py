"""Label values that stay few and say nothing of a caller.

Each label has its vocabulary. A value that is not in it is told as ``other``: so a pack, a seat or
a network can neither fill a time series database nor put words into it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from telephony.api import HangupBy, TransferOutcome
from voicebot.dialog.events import SayKind
from voicebot.session.judged import Rung

OTHER = "other"


class Vocabulary:
    """The values that one label may have."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = frozenset(values)

    def of(self, value: str) -> str:
        """The value as a label: itself in lower case with underscores, or ``other``."""
        word = str(value).lower().replace(" ", "_").replace("-", "_")
        return word if word in self.values else OTHER


def _words(kinds: type[enum.StrEnum]) -> set[str]:
    return {kind.value.replace(" ", "_").replace("-", "_") for kind in kinds}


OUTCOMES = Vocabulary(
    {
        *("answered", "caller_hung_up", "bot_ended", "handed_off", "caller_gone", "failed"),
        *("held_too_long", "not_answered", "queue_notice"),
    }
)
ENDED_BY = Vocabulary(_words(HangupBy))
KINDS = Vocabulary(_words(SayKind))
RUNGS = Vocabulary(_words(Rung))
HANDOFFS = Vocabulary(_words(TransferOutcome))
REASONS = Vocabulary(
    {
        *("requested", "danger", "sensitive", "upset", "unknown_product", "low_confidence"),
        *("limit", "scene", "error", "stalled"),
    }
)
STAGES = Vocabulary(
    {
        *("quick_asr", "asr", "search", "choice", "classify", "phrase", "answer"),
        *("first_clause", "filler"),
    }
)

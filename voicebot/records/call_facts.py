"""What is counted and looked for in calls, drawn from an event when it is written.

Events hold whole waterfalls and citations as JSON; to count them a report would have to read all
of that, and so would whoever looks for a seat's calls. These narrow rows (the table `call_facts`)
are written in the same transaction as their event, and deleted with it: so they are never behind,
whatever is killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicebot.records import kinds

WAIT = "wait"
"""``ms``: from the caller's last sound to the bot's first."""
REASON = "reason"
"""``text``: why a hand-off was begun."""
UNANSWERED = "unanswered"
"""``text``: what the caller said before the bot said that it does not have it."""
SEAT = "seat"
"""``text``: the seat that a hand-off ended with."""
REMARK = "remark"
"""``text``: what the bot said that neither answers nor asks; that a problem is solved is one."""
ALL = (WAIT, REASON, UNANSWERED, SEAT, REMARK)

REFUSED = "refuse"  # the bot's kind of saying: that is not in the documents
REMARKED = "clarify"  # its kind of saying: good that it works again
_AROUND = "。，？！,.?! "


class Sifter:
    """Draws the facts from one call's events, given in their order."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._asked = ""

    def __call__(self, seq: int, kind: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows for `CALL_FACTS` of an event as it is kept; most kinds have none."""
        if kind == kinds.CALLER_SPOKE:
            self._asked = _text(data, "text").strip(_AROUND)
        elif kind == kinds.HANDOFF_STARTED:
            return [self._row(REASON, seq, text=_text(data, "reason"))]
        elif kind == kinds.HANDOFF_FINISHED and (seat := _text(data, "seat")):
            return [self._row(SEAT, seq, text=seat)]
        elif kind == kinds.BOT_SPOKE:
            return self._of_bot(seq, data)
        return []

    def _of_bot(self, seq: int, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = []
        wait, said = data.get("since_caller_ms"), data.get("kind")
        if isinstance(wait, int | float):
            found.append(self._row(WAIT, seq, ms=round(wait)))
        if said == REMARKED:
            found.append(self._row(REMARK, seq, text=_text(data, "text")))
        if said == REFUSED and self._asked:
            found.append(self._row(UNANSWERED, seq, text=self._asked))
            self._asked = ""
        return found

    def _row(self, what: str, seq: int, *, ms: int = 0, text: str = "") -> dict[str, Any]:
        return {"what": what, "call_id": self._call_id, "seq": seq, "ms": ms, "text": text}


def _text(data: Mapping[str, Any], key: str) -> str:
    return str(data.get(key) or "")

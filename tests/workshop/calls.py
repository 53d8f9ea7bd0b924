"""Kept calls, as the session writes them, for the drafts to be made of."""

from __future__ import annotations

from collections.abc import Sequence

from telephony.api import CallInfo
from voicebot.records import Records

REFUSED = ("refuse", 0.4)
ANSWERED = ("answer", 0.9)
UNSURE = ("answer", 0.3)


def keep_call(
    records: Records,
    turns: Sequence[tuple[str, tuple[str, float]]],
    *,
    handoff: str = "",
    seat: Sequence[str] = (),
    pack: str = "my-company",
    heard: float = 0.8,
    caller: str = "13800138000",
) -> str:
    """A call of (what the caller said, (the bot's kind of reply, its confidence)); its id."""
    call = records.start_call(CallInfo("abc@pbx", caller, "400", codec="pcma"), pack=pack)
    at_ms = 1000
    for said, (kind, sure) in turns:
        call.event("caller_spoke", at_ms, text=said, confidence=heard, speech_end_ms=at_ms)
        call.event("searched", at_ms + 10, query=said, hits=(), answerable=sure, raw_query="")
        call.event(
            "bot_spoke", at_ms + 600, text="……", kind=kind, confidence=sure, turn_confidence=sure
        )
        at_ms += 5000
    if handoff:
        call.event("handoff_started", at_ms, reason=handoff, skill="", summary_id="S1")
    for said in seat:
        at_ms += 4000
        call.event("seat_spoke", at_ms, text=said, confidence=0.9)
    call.finish("answered", "remote")
    return call.call_id

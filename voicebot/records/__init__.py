"""Calls, turns, audio: append-only, masked, crash-safe."""

from voicebot.records.recorder import CallRecorder
from voicebot.records.store import Records
from voicebot.records.views import CallRow, CallView, EventView, HandoffView, TurnView

__all__ = [
    "CallRecorder",
    "CallRow",
    "CallView",
    "EventView",
    "HandoffView",
    "Records",
    "TurnView",
]

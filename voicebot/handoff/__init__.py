"""Bringing a human: the story package, seat choice, typed outcomes."""

from voicebot.handoff.call_facts import CallFacts, SpokenTurn, SummaryField
from voicebot.handoff.choose import next_seat
from voicebot.handoff.package import SummaryPackage, build_package
from voicebot.handoff.transfer import Attempt, HandoffEnd, Ringing, hand_off

__all__ = [
    "Attempt",
    "CallFacts",
    "HandoffEnd",
    "Ringing",
    "SpokenTurn",
    "SummaryField",
    "SummaryPackage",
    "build_package",
    "hand_off",
    "next_seat",
]

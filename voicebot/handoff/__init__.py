"""Bringing a human: the story package, seats and their queue, typed outcomes."""

from voicebot.handoff.call_facts import CallFacts, SpokenTurn, SummaryField
from voicebot.handoff.choose import Want, choose
from voicebot.handoff.distribution import Distributor
from voicebot.handoff.office_hours import OfficeHours
from voicebot.handoff.outcomes import (
    Delivered,
    HandoffEnd,
    HandoffEvent,
    NobodyThere,
    Outcome,
    Overflowed,
    Request,
    Ringing,
    Waits,
)
from voicebot.handoff.package import SummaryPackage, build_package
from voicebot.handoff.queue import Queue, Waiting
from voicebot.handoff.roster import Roster, SeatState, SeatView
from voicebot.handoff.transfer import Attempt

__all__ = [
    "Attempt",
    "CallFacts",
    "Delivered",
    "Distributor",
    "HandoffEnd",
    "HandoffEvent",
    "NobodyThere",
    "OfficeHours",
    "Outcome",
    "Overflowed",
    "Queue",
    "Request",
    "Ringing",
    "Roster",
    "SeatState",
    "SeatView",
    "SpokenTurn",
    "SummaryField",
    "SummaryPackage",
    "Waiting",
    "Waits",
    "Want",
    "build_package",
    "choose",
]

"""What is told, as other systems receive it. Personal data is masked as it is in the records.

The envelope and the headers follow the Standard Webhooks specification
(https://www.standardwebhooks.com): ``type``, ``timestamp``, ``data``.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voicebot.records.masking import mask_data


class Data(BaseModel):
    """What every message says: of which call it is."""

    model_config = ConfigDict(frozen=True)

    call_id: str = Field(description="as in `voicebot calls show`")


class CallStartedData(Data):
    """The bot has taken a call."""

    caller: str = Field(description="the calling number, masked: 138******00")
    callee: str = Field(description="the number that was rung")
    pack: str = Field(description="the company's pack")


class HandoffStartedData(Data):
    """A human is about to be rung. Sent before the seat's phone rings."""

    reason: str = Field(
        description="requested, danger, low_confidence, limit, scene, supervisor, …"
    )
    summary_id: str = Field(description="also in the SIP header X-Summary-Id of the seat's call")
    summary: dict[str, Any] = Field(
        description="the story: `lines` to read at a glance, `fields` with the confidence and the "
        "turn each value came from"
    )


class HandoffFinishedData(Data):
    """How that went."""

    outcome: str = Field(
        description="accepted, declined, busy, no_answer, unreachable, failed, caller_gone; "
        "closed, no_seat, queue_full, waited_out, call_back"
    )
    seat: str = Field(description="the seat that took the call; empty if none did")


class CallBackBookedData(Data):
    """The caller was promised a call, where nobody could take theirs."""

    number: str = Field(
        description="the number to ring, masked; `voicebot callbacks number` reads it"
    )
    wish: str = Field(description="when, as it was agreed upon: 明天上午9点, 尽快")
    due_from: datetime = Field(description="not before")
    due_to: datetime = Field(description="not after")
    reason: str = Field(description="of the hand-off that nobody took")
    skill: str = Field(description="the group that was wanted; empty: any")
    product: str = Field(description="the model it is about; empty: unknown")


class CallEndedData(Data):
    """The call is over."""

    outcome: str = Field(description="bot_ended, caller_hung_up, handed_off, failed, …")
    ended_by: str = Field(description="remote, local, error")
    duration_ms: int = Field(ge=0, description="from the answer to the end")


class CallStarted(BaseModel):
    """`call.started`"""

    type: Literal["call.started"] = "call.started"
    timestamp: datetime
    data: CallStartedData


class HandoffStarted(BaseModel):
    """`handoff.started`"""

    type: Literal["handoff.started"] = "handoff.started"
    timestamp: datetime
    data: HandoffStartedData


class HandoffFinished(BaseModel):
    """`handoff.finished`"""

    type: Literal["handoff.finished"] = "handoff.finished"
    timestamp: datetime
    data: HandoffFinishedData


class CallEnded(BaseModel):
    """`call.ended`"""

    type: Literal["call.ended"] = "call.ended"
    timestamp: datetime
    data: CallEndedData


class CallBackBooked(BaseModel):
    """`call_back.booked`"""

    type: Literal["call_back.booked"] = "call_back.booked"
    timestamp: datetime
    data: CallBackBookedData


class Ping(BaseModel):
    """Sent by `voicebot webhooks ping`, to see whether an endpoint answers."""

    type: Literal["ping"] = "ping"
    timestamp: datetime
    data: dict[str, str] = {}


AnyMessage = CallStarted | HandoffStarted | HandoffFinished | CallEnded | CallBackBooked | Ping


def body_of(message: AnyMessage) -> str:
    """The JSON that is stored, signed and sent; masked."""
    plain = message.model_dump(mode="json")
    # Ids and times are ours; what people said and typed is in the data.
    plain["data"] = {
        key: value if key.endswith("_id") else mask_data(value)
        for key, value in plain["data"].items()
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))

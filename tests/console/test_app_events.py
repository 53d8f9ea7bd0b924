"""The reception tells whose event it is, and that a call is over, however it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from telephony import CallInfo
from voicebot.console import LiveCalls
from voicebot.records import Records
from voicebot.session import events as facts
from voicebot.session.reception import Reception
from voicebot.settings import SipSettings


class FakeCall:
    """What the reception itself asks of a call."""

    def __init__(self) -> None:
        self.info = CallInfo("x", "13800138000", "400", codec="pcma")
        self.hung_up = False

    async def hangup(self) -> None:
        self.hung_up = True


@dataclass
class FailingSession:
    """Greets, then breaks."""

    observer: facts.Observer

    async def run(self) -> None:
        self.observer(facts.CallAnswered(0, "13800138000", "400", "pcma", "server"))
        raise RuntimeError("broken on purpose")


async def test_a_call_whose_session_fails_does_not_stay_on_the_page(
    records: Records,
) -> None:
    call, live = FakeCall(), LiveCalls()
    heard: list[tuple[str, facts.SessionEvent]] = []
    seen_live: list[int] = []

    def on_event(call_id: str, event: facts.SessionEvent) -> None:
        heard.append((call_id, event))
        live(call_id, event)
        seen_live.append(len(live))

    reception = Reception(
        records,
        None,
        "server",
        SipSettings.model_validate({}),
        lambda call, observer, keeper: FailingSession(observer),
        on_event,
    )
    await reception.take(cast(Any, call))
    records.close()  # all is written
    (row,) = records.list_calls()
    assert [call_id for call_id, _ in heard] == [row.id, row.id]
    assert isinstance(heard[-1][1], facts.CallEnded)
    assert row.outcome == "failed"
    assert seen_live == [1, 0]
    assert call.hung_up

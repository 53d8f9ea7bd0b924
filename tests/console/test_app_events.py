"""`App.serve` tells whose event it is, and that a call is over, however it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from telephony import CallInfo
from voicebot.app import App
from voicebot.console import LiveCalls
from voicebot.records import Records
from voicebot.session import events as facts
from voicebot.settings import RecordsSettings, Settings


class FakeCall:
    """What `App` itself asks of a call."""

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


def bare_app(records: Records, folder: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app without models; its sessions fail."""
    app = App.__new__(App)
    app.records = records
    app.settings = Settings(records=RecordsSettings(directory=folder, record_audio=False))
    app.pack = cast(Any, SimpleNamespace(info=SimpleNamespace(name="server")))
    monkeypatch.setattr(app, "session", lambda call, observer, **_: FailingSession(observer))
    return app


async def test_a_call_whose_session_fails_does_not_stay_on_the_page(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, call, live = bare_app(records, tmp_path, monkeypatch), FakeCall(), LiveCalls()
    heard: list[tuple[str, facts.SessionEvent]] = []
    seen_live: list[int] = []

    def on_event(call_id: str, event: facts.SessionEvent) -> None:
        heard.append((call_id, event))
        live(call_id, event)
        seen_live.append(len(live))

    await app._take(cast(Any, call), cast(Any, None), lambda event: None, on_event)
    records.close()  # all is written
    (row,) = records.list_calls()
    assert [call_id for call_id, _ in heard] == [row.id, row.id]
    assert isinstance(heard[-1][1], facts.CallEnded)
    assert row.outcome == "failed"
    assert seen_live == [1, 0]
    assert call.hung_up

"""A call's tape: silent from an opt-out on, as long as the call, and never the call's end."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from telephony import CallInfo
from telephony.file_line import FileCall
from tests.session.fakes import tone
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.recording import CallKeeper
from voicebot.turns.virtual_time import run_virtual

INFO = CallInfo("x", "13800138000", "400", codec="pcma")
FIGURES = facts.CallQuality(3000, 150, 2, 1.32, 1, 6.5, 150, 0, 0.0, 0.0, 4.21)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    store = Records.open(tmp_path)
    yield store
    store.close()


def test_after_an_opt_out_the_tape_is_silent_and_goes_on(records: Records, tmp_path: Path) -> None:
    keeper = CallKeeper(records, INFO, "server", tmp_path / "audio")

    async def talk() -> None:
        call = FileCall(tone(4000).tobytes(), tail_ms=0)
        keeper.attach(call)
        call.play(tone(4000, hz=500).tobytes())
        await call.answer()
        await asyncio.sleep(1.5)
        keeper.stop_recording()
        await call.wait_ended()

    run_virtual(talk, busy=lambda: False)
    keeper.close()
    with wave.open(str(tmp_path / "audio" / f"{keeper.recorder.call_id}.wav")) as tape:
        sound = np.frombuffer(tape.readframes(tape.getnframes()), np.int16).reshape(-1, 2)
    assert 3900 <= len(sound) / 8 <= 4100, "times on the tape stay the call's"
    for side in sound.T:
        loud_ms = np.flatnonzero(np.abs(side) > 500) / 8
        assert 1400 <= loud_ms[-1] <= 1600


def test_the_lines_figures_are_kept_with_the_call(records: Records) -> None:
    keeper = CallKeeper(records, INFO, "server", None)
    keeper(FIGURES)
    keeper(facts.CallEnded(3010, "remote", "BYE", "caller_hung_up"))
    keeper.stop_recording()  # there is none: nothing to do
    records.close()
    (row,) = records.list_calls()
    assert row.quality is not None
    assert (row.quality["mos"], row.quality["loss_percent"]) == (4.21, 1.32)
    event, _ = records.get_call(row.id).events
    assert (event.kind, event.at_ms, event.data["late"]) == ("call_quality", 3000, 1)


def test_a_call_without_a_tape_is_better_than_no_call(records: Records, tmp_path: Path) -> None:
    (tmp_path / "audio").write_text("a file where the folder should be", encoding="utf-8")
    keeper = CallKeeper(records, INFO, "server", tmp_path / "audio")
    keeper.close()
    keeper(facts.CallEnded(10, "remote", "BYE", "caller_hung_up"))
    records.close()
    (row,) = records.list_calls()
    assert (row.outcome, row.recording) == ("caller_hung_up", "")

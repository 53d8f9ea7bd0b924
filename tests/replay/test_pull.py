"""Kept calls into a bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_models.wav import write_wav
from telephony.api import CallInfo
from tests.session.fakes import quiet, tone
from voicebot.records import Records
from voicebot.replay.bank import load_bank
from voicebot.replay.pull import pull_call
from voicebot.replay.script import BankError
from voicebot.replay.voicing import read_tape
from voicebot.session import events as facts

INFO = CallInfo("abc@pbx", "13800138000", "4008000000", codec="pcma")


def keep(folder: Path, *events: facts.SessionEvent) -> str:
    """A call with these events in a store; its id."""
    records = Records.open(folder)
    try:
        recorder = records.start_call(INFO, pack="test")
        for event in events:
            data = facts.to_dict(event)
            del data["event"]
            recorder.event(facts.kind_of(event), data.pop("at_ms"), **data)
        recorder.finish("ended", "caller")
        assert recorder.written().result(10)
        return records.list_calls()[0].id
    finally:
        records.close()


SAID = (
    facts.BotSpoke(0, "您好", "greeting", 1.0, None),
    facts.CallerSpoke(2900, "看不到硬盘", 0.9, 2000, 2700),
    facts.BotSpoke(3500, "做RAID了吗", "ask", 0.9, 800, scene="s", slot="raid_done"),
    facts.CallerSpoke(5000, "我的电话是13800138000", 0.9, 4200, 4800, barged_in=True),
    facts.DigitPressed(5200, "1"),
    facts.HandoffStarted(6000, "requested", "", "S1"),
)


def pulled(tmp_path: Path, *events: facts.SessionEvent, recording: Path | None = None) -> Path:
    call_id = keep(tmp_path / "records", *events)
    records = Records.open(tmp_path / "records", create=False)
    try:
        return pull_call(records.get_call(call_id), recording, tmp_path / "bank")
    finally:
        records.close()


def test_a_call_becomes_a_script_without_what_is_personal(tmp_path: Path) -> None:
    tape = tmp_path / "tape.wav"
    caller = np.concatenate([quiet(2000), tone(700), quiet(1500), tone(600, hz=900), quiet(2000)])
    write_wav(tape, np.stack([caller, quiet(6800)]), 8000)
    path = pulled(tmp_path, *SAID, recording=tape)
    assert "13800138000" not in path.read_text("utf-8")
    (script,) = load_bank([tmp_path / "bank"])
    assert script.end == "handoff requested"
    first, second, keys = script.turns
    assert [str(each) for each in first.expect] == ["slot:raid_done"]
    assert first.wav is not None and first.say == "看不到硬盘"
    assert read_tape(first.wav).shape[1] == pytest.approx(8 * 1000, abs=16)
    assert second.wav is None and "*" in second.say and second.over_bot_ms == 700
    assert keys.dtmf == "1"
    assert len(list((tmp_path / "bank").glob("*.wav"))) == 1


def test_long_rows_of_keys_are_numbers_and_are_not_told(tmp_path: Path) -> None:
    keys = [facts.DigitPressed(1000 + n * 100, str(n)) for n in range(8)]
    path = pulled(tmp_path, *keys)
    assert "01234567" not in path.read_text("utf-8")
    (script,) = load_bank([path])
    assert script.turns[0].dtmf == "00000000"


def test_a_call_in_which_the_caller_said_nothing(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="the caller says nothing in it"):
        pulled(tmp_path, facts.BotSpoke(0, "您好", "greeting", 1.0, None))

"""Banks and recordings that are not as they should be: one line that says what to do."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from asr_models.wav import write_wav
from tests.replay.conftest import Play
from tests.session.fakes import quiet, tone
from voicebot.replay.bank import load_bank
from voicebot.replay.results import read_run
from voicebot.replay.script import BankError
from voicebot.replay.voicing import read_tape

GOOD: dict[str, Any] = {"name": "a", "turns": ["你好 => has:好"]}


def bank(folder: Path, *calls: Any) -> Path:
    path = folder / "bank.yaml"
    path.write_text(yaml.safe_dump(list(calls), allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"name": "a"}, "a list 'turns'"),
        ({"name": "../a", "turns": []}, "fit for a file's name"),
        ({**GOOD, "colour": "red"}, "unknown: colour"),
        ({**GOOD, "turns": [{"say": "你好", "dtmf": "1"}]}, "exactly one of"),
        ({**GOOD, "turns": [{}]}, "exactly one of"),
        ({**GOOD, "turns": [7]}, "a text or a table"),
        ({**GOOD, "turns": ["你好 => is:nice"]}, "what is expected"),
        ({**GOOD, "turns": [{"wav": "nowhere.wav"}]}, "there is no file"),
        ({**GOOD, "turns": [{"dtmf": "x"}]}, "keys are 0-9"),
        ({**GOOD, "turns": [{"silence_ms": 5_000_000}]}, "it never ends"),
        ({**GOOD, "turns": [{"silence_ms": "long"}]}, "a number from"),
        ({**GOOD, "longest_s": 1e9}, "a number from 1 to 600"),
        ({**GOOD, "turns": ["再来"] * 201}, "at most 200"),
        ({**GOOD, "line": {"loss": 2}}, "a number from 0 to 1"),
        ({**GOOD, "line": {"noise": "music"}}, "'line' or 'fan'"),
        ({**GOOD, "line": []}, "a table is expected"),
        ({**GOOD, "seat": "asleep"}, "one of accepted"),
        ({**GOOD, "must": "好"}, "a list of texts"),
        ({"name": "a", "recording": "nowhere.wav"}, "there is no file"),
        ("你好", "a call is a table"),
    ],
)
def test_a_call_that_cannot_be_played(tmp_path: Path, call: Any, told: str) -> None:
    with pytest.raises(BankError, match=told) as caught:
        load_bank([bank(tmp_path, call)])
    assert "\n" not in str(caught.value)
    assert "bank.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"- [", "no YAML can be read"),
        (b"\xff\xfe\x00", "no YAML can be read"),
        (b"", "a list of calls"),
        (b"[" * 1200, "no YAML can be read"),
        (b"calls: []", "a list of calls"),
        (b"defaults: 3\ncalls: [{name: a, turns: []}]", "defaults"),
    ],
)
def test_a_file_that_is_no_bank(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "bank.yaml"
    path.write_bytes(text)
    with pytest.raises(BankError, match=told):
        load_bank([path])


def test_a_folder_without_calls_and_two_calls_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(BankError, match=r"no \.yaml and no \.wav"):
        load_bank([tmp_path])
    with pytest.raises(BankError, match="two calls are named 'a'"):
        load_bank([bank(tmp_path, GOOD, GOOD)])


def recording(folder: Path, *channels: np.ndarray[Any, Any], rate: int = 8000) -> Path:
    path = folder / "call.wav"
    write_wav(path, np.stack(channels), rate)
    return path


def test_recordings_that_cannot_be_replayed(tmp_path: Path) -> None:
    silent = recording(tmp_path, quiet(3000), tone(3000))
    with pytest.raises(BankError, match="nobody speaks in it"):
        load_bank([silent])
    whole = recording(tmp_path, tone(3000), quiet(3000)).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:-9000])
    with pytest.raises(BankError, match=r"cut\.wav"):
        load_bank([tmp_path / "cut.wav"])
    (tmp_path / "rate.wav").write_bytes(whole[:24] + struct.pack("<I", 3) + whole[28:])
    with pytest.raises(BankError, match=r"rate\.wav"):
        load_bank([tmp_path / "rate.wav"])
    with pytest.raises(BankError, match="No such file"):
        load_bank([tmp_path / "nowhere.wav"])


def test_four_hours_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = recording(tmp_path, tone(100))
    with path.open("r+b") as file:
        file.truncate(4 * 3600 * 16000)  # a sparse file: no disk is filled
    with pytest.raises(BankError, match=r"4\.0 hours long"):
        read_tape(path)


def test_another_rate_is_converted(tmp_path: Path) -> None:
    path = recording(tmp_path, tone(2000), rate=44_100)
    assert abs(read_tape(path).shape[1] - 16000 * 8000 // 44_100) < 10


def test_what_was_played_is_kept_when_a_later_call_cannot_be(play: Play, tmp_path: Path) -> None:
    class Interrupted(Exception):
        """As Ctrl-C would."""

    def stop(*_: Any) -> Any:
        raise Interrupted

    good = {"name": "good", "turns": ["你好"]}
    bad = {"name": "bad", "turns": ["再见"]}
    with pytest.raises(Interrupted):
        play([good, bad], on_second=stop)
    kept = read_run(tmp_path / "run")
    assert [call.name for call in kept.calls] == ["good"]
    assert not kept.complete


def test_a_baseline_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="no run of"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(BankError, match="no run of"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text('{"format": 0, "calls": []}')
    with pytest.raises(BankError, match="another version"):
        read_run(tmp_path)

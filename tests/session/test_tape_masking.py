"""What a text does not keep is silent on the tape; all else is heard."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from telephony import CallInfo
from telephony.tape import Tape
from tests.session.fakes import tone
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.recording import CallKeeper
from voicebot.session.tape_masking import KEY_MS, MARGIN_MS, TapeMasking

LENGTH_MS = 9000
PLAIN = facts.CallerSpoke(3600, "服务器看不到硬盘", 0.9, 1000, 3000)
NUMBER = facts.CallerSpoke(6600, "我电话是13912345678", 0.9, 4000, 6000)
ENDED = facts.CallEnded(LENGTH_MS, "remote", "BYE", "caller_hung_up")


def silent_ms(path: Path) -> list[list[tuple[int, int]]]:
    """Where each side of a tape full of sound is silent."""
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    found = []
    for side in sound.T:
        quiet = np.abs(side[: len(side) // 8 * 8].reshape(-1, 8)).max(axis=1) == 0
        edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
        spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        found.append([(start, end) for start, end in spans if end - start > 50])
    return found


def masked(folder: Path, events: Sequence[facts.SessionEvent]) -> list[list[tuple[int, int]]]:
    """The silences after these facts, told a little after they happened."""
    tape = Tape(folder / "call.wav")
    masking = TapeMasking(tape)
    left = list(events)
    for at_ms in range(0, LENGTH_MS, 20):
        tape.received(tone(20, hz=450).tobytes())
        tape.sent(tone(20, hz=650).tobytes())
        while left and left[0].at_ms <= at_ms:
            masking(left.pop(0))
    for event in left:
        masking(event)
    masking.close()
    tape.close()
    return silent_ms(folder / "call.wav")


@pytest.mark.parametrize(
    "heard",
    [
        NUMBER,
        replace(NUMBER, text="电话是这个", raw_text="电话是一三九一二三四五六七八"),
        replace(NUMBER, text="电话", alternatives=("电话13912345678",)),
        replace(NUMBER, text="139**34***8"),  # hidden by the dictation already
    ],
)
def test_the_turn_that_holds_a_number_goes_and_others_stay(
    tmp_path: Path, heard: facts.CallerSpoke
) -> None:
    caller, bot = masked(tmp_path, [PLAIN, heard, ENDED])
    assert caller == [(4000 - MARGIN_MS, 6000 + MARGIN_MS)]
    assert bot == []


def test_what_the_bot_reads_back_goes_until_its_next_utterance(tmp_path: Path) -> None:
    said = facts.BotSpoke(2000, "您的电话是139****5678，对吗？", "read_back", 1.0, None)
    other = facts.BotSpoke(5000, "好的，已经记下。", "notice", 1.0, None)
    caller, bot = masked(tmp_path, [said, other, ENDED])
    assert (caller, bot) == ([], [(2000 - MARGIN_MS, 5000)])


@pytest.mark.parametrize(
    "end",
    [
        facts.BotInterrupted(5000, "您的电话是", "", 100),
        facts.HandoffStarted(5000, "requested", "", "S"),
    ],
)
def test_what_the_bot_reads_back_ends_where_it_stops(
    tmp_path: Path, end: facts.SessionEvent
) -> None:
    said = facts.BotSpoke(2000, "您的电话是13912345678", "read_back", 1.0, None)
    assert masked(tmp_path, [said, end, ENDED])[1] == [(2000 - MARGIN_MS, 5000 + MARGIN_MS)]


def test_what_a_seat_reads_back_goes_too(tmp_path: Path) -> None:
    said = facts.SeatSpoke(6600, "二线01", "您电话是13912345678，对吧", 0.8, 4000, 6000)
    assert masked(tmp_path, [said, ENDED]) == [[], [(4000 - MARGIN_MS, 6000 + MARGIN_MS)]]


def test_what_the_bot_reads_back_last_goes_to_the_end(tmp_path: Path) -> None:
    said = facts.BotSpoke(7000, "您的电话是13912345678", "read_back", 1.0, None)
    assert masked(tmp_path, [said])[1] == [(7000 - MARGIN_MS, LENGTH_MS)]


def test_a_hidden_key_is_not_heard_as_a_tone(tmp_path: Path) -> None:
    keys = [facts.DigitPressed(3000, "*"), facts.DigitPressed(6000, "5")]
    assert masked(tmp_path, keys)[0] == [(3000 - KEY_MS, 3000 + KEY_MS)]


@pytest.mark.parametrize("mask_audio", [True, False])
def test_a_kept_call_is_masked_unless_the_settings_say_no(tmp_path: Path, mask_audio: bool) -> None:
    records = Records.open(tmp_path)
    info = CallInfo("x", "13800138000", "400", codec="pcma")
    keeper = CallKeeper(records, info, "server", tmp_path / "audio", mask_audio=mask_audio)
    keeper(facts.CallAnswered(0, "13800138000", "400", "pcma", "server"))
    assert keeper._tape is not None
    keeper._tape.received(tone(LENGTH_MS).tobytes())
    keeper._tape.sent(tone(LENGTH_MS).tobytes())
    keeper(NUMBER)
    keeper(ENDED)
    keeper.close()
    caller, _ = silent_ms(tmp_path / "audio" / f"{keeper.recorder.call_id}.wav")
    assert bool(caller) is mask_audio
    records.close()


def test_a_tape_that_went_away_costs_no_call(tmp_path: Path) -> None:
    records = Records.open(tmp_path)
    info = CallInfo("x", "13800138000", "400", codec="pcma")
    keeper = CallKeeper(records, info, "server", tmp_path / "audio")
    assert keeper._tape is not None
    keeper._tape.received(tone(LENGTH_MS).tobytes())
    keeper._tape.sent(tone(LENGTH_MS).tobytes())
    keeper._tape.path.unlink()
    keeper(NUMBER)
    keeper(ENDED)
    keeper.close()
    records.close()
    (row,) = records.list_calls()
    assert row.outcome == "caller_hung_up"

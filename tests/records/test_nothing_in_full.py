"""What a caller said and rang from is in no file of a store, and in no log, in full."""

from __future__ import annotations

from pathlib import Path

import structlog

from telephony import CallInfo
from voicebot.demo.checks import check_masked
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.recording import CallKeeper

NUMBER = "13912345678"
SAID = f"我电话是{NUMBER}，身份证370102199001011234，张伟收"


def test_neither_files_nor_logs_hold_a_whole_number(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        records = Records.open(tmp_path)
        info = CallInfo("x", NUMBER, "4008000000", codec="pcma")
        keeper = CallKeeper(records, info, "server", tmp_path / "audio")
        keeper(facts.CallAnswered(0, NUMBER, "4008000000", "pcma", "server"))
        keeper(facts.CallerSpoke(2000, SAID, 0.9, 500, 1900, alternatives=(SAID,), raw_text=SAID))
        keeper(facts.Trouble(2100, f"Error: no answer for {NUMBER}", "asked again"))
        keeper(facts.CallEnded(3000, "remote", "BYE", "caller_hung_up"))
        keeper.close()
        records.close()
    for number in (NUMBER, "370102199001011234"):
        found = check_masked(number, tmp_path.glob("*"))
        assert found.passed, found.detail
        assert number not in str(logs)


def test_a_number_left_in_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "bot.log").write_text(f"caller={NUMBER}", encoding="utf-8")
    found = check_masked(NUMBER, tmp_path.glob("*"))
    assert (found.passed, found.detail) == (False, "in bot.log")
    assert not check_masked(NUMBER, []).passed, "nothing searched is nothing shown"

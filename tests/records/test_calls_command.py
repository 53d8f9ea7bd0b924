"""``voicebot calls``: what a tester and an operator see of a kept call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telephony.api import CallInfo
from voicebot.cli import app
from voicebot.errors import RecordsError
from voicebot.handoff import CallFacts, build_package
from voicebot.records import Records


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str]:
    """A folder with one finished call, and the call's id."""
    records = Records.open(tmp_path)
    call = records.start_call(CallInfo("x", "13800138000", "400"), pack="server")
    call.event("bot_spoke", 20, text="您好，云岚科技。", kind="greeting", confidence=1.0)
    call.event("caller_spoke", 2100, text="硬盘[黄灯]亮了", confidence=0.83)
    call.event(
        "bot_spoke",
        3000,
        text="这块硬盘坏了。",
        kind="answer",
        confidence=0.91,
        since_caller_ms=1820,
        citations=[{"id": "m", "source": "用户手册 3.1 硬盘指示灯", "quote": ""}],
        stages=[{"stage": "asr", "start_ms": 160.0, "end_ms": 410.0, "note": "final"}],
    )
    call.event("bot_interrupted", 3500, heard="这块", unheard="硬盘坏了。", stopped_after_ms=1)
    call.event("trouble", 3600, what="voice late", consequence="filler spoken")
    call.event("handoff_started", 4000, reason="requested", skill="", summary_id="S0000001")
    call.event("seat_rang", 5000, seat="二线01", outcome="busy", sip_code=486)
    call.event("handoff_finished", 6000, outcome="accepted", seat="二线02")
    call.event("bridge_ended", 66_000, ended_by="seat", talk_ms=60_000)
    facts = CallFacts("13800138000", "requested")
    call.summary(build_package(facts, (), {}, summary_id="S0000001"))
    call.update(quality={"received": 3300, "loss_percent": 1.25, "jitter_ms": 6.4, "mos": 4.13})
    call.finish("handed_off", "remote")
    assert records.close() == 0
    return tmp_path, call.call_id


def run(*args: str) -> str:
    result = CliRunner().invoke(app, ["calls", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_shows_a_line_a_call(kept: tuple[Path, str]) -> None:
    folder, call_id = kept
    shown = run("list", "--records", str(folder))
    assert call_id[:8] in shown
    assert "138******00" in shown
    assert "handed_off" in shown
    assert "13800138000" not in shown


def test_list_as_json_is_one_object_a_line(kept: tuple[Path, str]) -> None:
    folder, call_id = kept
    lines = run("list", "--records", str(folder), "--json").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [call_id]


def test_show_tells_the_whole_call(kept: tuple[Path, str]) -> None:
    folder, call_id = kept
    shown = run("show", call_id[:6], "--records", str(folder))
    for piece in (
        call_id,
        "硬盘[黄灯]亮了",
        "conf 0.83",
        "1820 ms",
        "来源：用户手册 3.1 硬盘指示灯",
        "cut off before: 硬盘坏了。",
        "voice late; filler spoken",
        "accepted",
        "二线02",
        "talked 1:00.0",
        "1. 二线01: busy (SIP 486)",
        "summary S0000001",
        "客户：138******00",
        "asr 160-410 (final)",
        "MOS 4.1 (estimate, E-model), lost 1.2 % of what the caller sent, jitter 6 ms",
    ):
        assert piece in shown, piece


def test_show_as_json_has_turns_events_and_summary(kept: tuple[Path, str]) -> None:
    folder, call_id = kept
    call = json.loads(run("show", call_id, "--records", str(folder), "--json"))
    assert [turn["who"] for turn in call["turns"]] == ["bot", "caller", "bot"]
    assert call["turns"][2]["since_caller_ms"] == 1820
    assert call["handoff"]["outcome"] == "accepted"
    assert call["summary"]["id"] == "S0000001"
    assert len(call["events"]) == 9
    assert call["call"]["quality"]["mos"] == 4.13


def test_a_wrong_folder_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="--records"):
        run("list", "--records", str(tmp_path / "none"))


def test_an_unknown_call_is_an_error_that_says_what_to_do(kept: tuple[Path, str]) -> None:
    with pytest.raises(RecordsError, match="voicebot calls list"):
        run("show", "ffffffff-0000", "--records", str(kept[0]))


def test_a_callers_rights_from_the_command_line(tmp_path: Path) -> None:
    store = Records.open(tmp_path)
    call = store.start_call(CallInfo("x", "13800138000", "400"))
    call.event("caller_spoke", 1, text="黄灯")
    call.finish("bot_ended", "remote")
    assert store.close() == 0
    where = ["--records", str(tmp_path)]

    def run(*arguments: str, typed: str = "") -> str:
        result = CliRunner().invoke(app, ["calls", *arguments, *where], input=typed)
        return result.output + str(result.exception or "")

    assert "0 calls would lose their recording" in run("purge", "--dry-run")
    out = tmp_path / "calls.jsonl"
    assert "1 calls written" in run("export", str(out), "--since", "2020-01-01")
    assert json.loads(out.read_text("utf-8"))["turns"][0]["text"] == "黄灯"
    assert "File exists" in run("export", str(out))
    assert "0 calls written" in run("export", str(tmp_path / "b"), "--until", "2020-01-01")
    assert "1 calls written" in run("export", str(tmp_path / "c"), "--caller", "13800138000")
    assert run("reveal", call.call_id[:8], "--why", "回电").startswith("13800138000")
    assert "回电" in run("audit")
    assert "Abort" in run("forget", "138-0013-8000", "--why", "请求", typed="n\n")
    assert "1 calls deleted" in run("forget", "138-0013-8000", "--why", "请求", typed="y\n")
    assert "no call begins" in run("show", call.call_id)

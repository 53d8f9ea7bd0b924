"""The parts of the benches that ring bots: scripts, labels, a bot's process, tables, the plot."""

from __future__ import annotations

import asyncio
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from bench.peers.__main__ import VARIANTS as PEER_VARIANTS
from bench.peers.__main__ import Tally, markdown
from tests.bench.bench_calls import highest
from tests.bench.calls.bots import running, settle
from tests.bench.calls.plot import Point, draw
from tests.bench.calls.ring import labels_of, measured, ring
from tests.bench.calls.scripts import FIXTURES, Script, caller_script
from tests.bench.line_load import ROOT
from tests.bench.tapes.made import make
from tests.ports import free_port
from voicebot.replay.tape_analyzer import analyze
from voicebot.replay.tape_speech import webrtc_detector
from voicebot.replay.tape_turns import Label, Meant

BUSY = "import os\nwhile not os.path.exists('{}'): pass"
IDLE = "import signal; signal.pause()"
SPEAKS = "import sys; print('listening on 127.0.0.1', file=sys.stderr, flush=True); "


def test_a_script_is_the_same_for_the_same_seed_and_has_all_that_is_measured() -> None:
    assert caller_script(3) == caller_script(3)
    assert caller_script(3) != caller_script(4)
    meant = list(caller_script(3).meant.values())
    assert meant.count(Meant.TURN) == 5
    assert meant.count(Meant.INTERRUPTION) == 1
    assert meant.count(Meant.BACKCHANNEL) == 2
    for step in caller_script(3).steps:
        for wav in (step.get("play"), step.get("play_over")):
            assert wav is None or Path(wav).is_file()


def test_labels_are_what_the_caller_played_and_when() -> None:
    events: list[dict[str, Any]] = [
        {"t_ms": 0, "event": "answered"},
        {"t_ms": 2000, "event": "play", "step": 2},
        {"t_ms": 4000, "event": "played", "step": 2},
        {"t_ms": 9000, "event": "timeout", "step": 3},
        {"t_ms": 9100, "event": "play", "step": 3},
    ]
    meant = {2: Meant.TURN, 3: Meant.BACKCHANNEL}
    assert labels_of(events, meant) == [Label(2000, 4000, Meant.TURN)]


def test_a_real_call_over_sip_is_rung_taped_and_measured(tmp_path: Path) -> None:
    """The caller speaks; the seat, who has heard it, says hello."""
    port = free_port()
    hello = str(FIXTURES / "seat_hello.wav")
    script = Script(
        (
            {"play": str(FIXTURES / "dry.wav")},
            {"wait_reply": {"min_ms": 500, "quiet_ms": 800, "timeout_ms": 30_000}},
            {"hangup": True},
        ),
        {1: Meant.TURN},
    )

    async def call() -> Any:
        seat = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "telephony.loopback.seat", "--answer", "--play", hello),
            *("--listen", f"127.0.0.1:{port}", "--rtp-ports", "54900-54918"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert seat.stdout is not None
        await asyncio.wait_for(seat.stdout.readline(), 30)  # it listens
        try:
            return await ring(f"sip:seat@127.0.0.1:{port}", script, tmp_path, 90)
        finally:
            if seat.returncode is None:
                seat.terminate()
            await seat.communicate()

    rung = asyncio.run(call())
    report = measured(rung, script, webrtc_detector())
    assert report is not None
    assert len(report.caller) == 1
    (response,) = report.turns.responses
    assert response.bot_start_ms == report.bot[0].start_ms > report.caller[0].end_ms


def test_a_call_that_nobody_answers_is_told_apart(tmp_path: Path) -> None:
    script = Script(({"hangup": True},), {})
    rung = asyncio.run(ring(f"sip:400@127.0.0.1:{free_port()}", script, tmp_path, 91, timeout_s=2))
    assert not rung.answered
    assert measured(rung, script, webrtc_detector()) is None


def test_a_bots_process_is_waited_for_watched_and_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SPEAKS + IDLE]
    with running("fake", command, 5060, tmp_path / "fake.log", {}) as bot:
        assert bot.cpu_s() >= 0
        assert bot.rss_mb() > 1
        pid = bot.pid
    assert not Path(f"/proc/{pid}").exists()
    assert "listening on" in (tmp_path / "fake.log").read_text()


def test_a_bench_waits_until_a_bot_has_stopped_computing(tmp_path: Path) -> None:
    done = tmp_path / "done"
    busy = f"{SPEAKS} exec({BUSY.format(done)!r}); {IDLE}"
    with running("fake", [sys.executable, "-c", busy], 5060, tmp_path / "fake.log", {}) as bot:
        assert not settle([bot], timeout_s=2.5, quiet_s=1)
        done.touch()
        assert settle([bot], timeout_s=120, quiet_s=1)


def test_a_bot_that_dies_before_it_listens_is_told_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "dead.log"
    command = [sys.executable, "-c", "raise SystemExit('no weights')"]
    told = r"dead ended before it listened; see .*dead\.log"
    with pytest.raises(RuntimeError, match=told), running("dead", command, 5060, log, {}):
        pass
    assert "no weights" in log.read_text()


def test_the_highest_load_is_the_last_before_the_limit_is_first_missed() -> None:
    def row(calls: int, p95_ms: int | None, max_ms: int, refused: int = 0) -> dict[str, Any]:
        latency = {"max_ms": max_ms}
        return {
            "calls_at_once": calls,
            "p95_ms": p95_ms,
            "refused": refused,
            "metrics": {"response_latency": latency},
        }

    rows = [row(1, None, 1500), row(2, 1590, 1900), row(4, 1601, 2000), row(8, 1500, 1500)]
    assert highest(rows) == 2
    assert highest([row(1, None, 1700)]) == 0
    assert highest([row(1, 900, 900), row(2, 900, 900, refused=1)]) == 1


def test_the_plot_is_an_svg_with_every_load() -> None:
    points = [
        Point(1, 900, None, 0.0, 6),
        Point(2, 950, 1400, 0.5, 12),
        Point(8, 2100, 5200, 9, 40),
    ]
    root = ET.fromstring(draw(points, 1600, "load 0.1"))  # noqa: S314
    texts = [element.text for element in root.iter() if element.text and element.text.strip()]
    assert {"n=6", "n=12", "n=40", "1600 ms", "load 0.1"} <= set(texts)
    circles = [e for e in root.iter() if e.tag.endswith("circle")]
    assert len(circles) == 2 + 3 + 3


def test_the_peers_table_has_a_line_a_bot_and_load_and_says_what_is_missing() -> None:
    tape, _, _ = make(1001, exchanges=2)
    tally = Tally("voicebot", 1, [analyze(tape)], cpu_s=12.0)
    silent = Tally("pipecat tuned", 4, failed=4)
    facts = {"load": "load average 0.10", "machine": {"cpu": "x"}}
    lines = markdown([tally.row(), silent.row()], facts).splitlines()
    assert lines[0].startswith("load average 0.10")
    assert lines[4].startswith("| voicebot | 1 | 1 |")
    assert "12.0" in lines[4]
    assert lines[5].startswith("| pipecat tuned | 4 | - |")


def test_every_variant_of_the_peer_is_one_that_its_bot_takes() -> None:
    bot = (ROOT / "bench/peers/pipecat_bot.py").read_text("utf-8")
    for variant in PEER_VARIANTS:
        assert f'"{variant}"' in bot

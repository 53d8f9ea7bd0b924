"""Every command of the README does what the README says: each block is run as it stands."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
README_ZH = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
# Long-running: started, seen to listen, stopped. Needs a port of its own to be testable.
SERVE = re.compile(r"^voicebot serve")


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A folder as after the demo: caller audio, a manual, a configuration, one call kept."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "audio_fixtures", folder / "audio_fixtures")
    manual = ROOT / "voicebot/packs/server/documents/yl5280g3-manual.md"
    shutil.copy(manual, folder / "manual.md")
    return folder


def environment(models: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "VOICEBOT_MODELS": str(models)}


def run(
    command: str, folder: Path, models: Path, text: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(models),
        input=text,
        text=True,
        capture_output=True,
        timeout=480,
        check=False,
    )


def test_the_readme_has_commands() -> None:
    assert len(commands(README)) >= 12
    assert not re.search(r"^[A-Z]+_[A-Z_]+$", README, re.M), "a figure was never filled in"
    assert set(commands(README_ZH)) <= set(commands(README)), "both READMEs show the same commands"


@pytest.mark.weights
@pytest.mark.timeout(2400)
def test_every_command_works_in_the_order_shown(newcomer: Path, models: Path) -> None:
    from telephony import CallInfo
    from voicebot.records.store import Records

    records = Records.open(newcomer / "var/demo")
    recorder = records.start_call(CallInfo("x", "13800138000", "400"))
    recorder.finish("answered", "remote")
    records.close()
    for command in commands(README):
        if SERVE.match(command):
            continue
        command = command.replace("show ID", f"show {recorder.call_id[:8]}")
        done = run(command, newcomer, models, text="硬盘指示灯黄灯是什么意思\n")
        assert done.returncode == 0, f"{command}\n{done.stdout[-800:]}\n{done.stderr[-800:]}"
    assert (newcomer / "out.html").stat().st_size > 10_000
    assert (newcomer / "out.wav").read_bytes()[:4] == b"RIFF"


@pytest.mark.weights
@pytest.mark.timeout(900)
def test_serve_listens_and_stops_when_told(newcomer: Path, models: Path) -> None:
    config = re.search(r"```toml\n(.*?)```", README, re.S)
    assert config is not None
    port = free_port()
    listening = f"listening on 127.0.0.1:{port}"
    text = config.group(1).replace("10.0.0.8:5060", f"127.0.0.1:{port}")
    run("voicebot pack new mypack2", newcomer, models)
    (newcomer / "hotline.toml").write_text(text.replace("mypack", "mypack2"), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "voicebot", "serve", "--config", "hotline.toml"],
        cwd=newcomer,
        env=environment(models),
        stderr=subprocess.PIPE,
        text=True,
    ) as bot:
        assert bot.stderr is not None
        deadline = time.monotonic() + 480
        seen = ""
        while listening not in seen and time.monotonic() < deadline:
            line = bot.stderr.readline()
            assert line, f"the bot ended before it listened: {seen[-800:]}"
            seen += line
        assert listening in seen, "serve did not start in time"
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(timeout=30) == 0, seen[-800:] + bot.stderr.read()[-800:]

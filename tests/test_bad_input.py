"""What a user may get wrong: one line (what was expected, what came, what to do) and exit 2."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parent.parent


def voicebot(
    *arguments: str | Path, models: Path, cwd: Path, text: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicebot", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "VOICEBOT_MODELS": str(models), "PYTHONPATH": str(ROOT)},
        input=text,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_a_missing_configuration_key(tmp_path: Path, models: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text('[[handoff.seats]]\nname = "二线01"\n', encoding="utf-8")
    done = voicebot("serve", "--config", config, models=models, cwd=tmp_path)
    assert_refused(done, "handoff.seats.0.uri", "required", str(config))


def test_an_unknown_configuration_key(tmp_path: Path, models: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text("[sip]\nport = 5060\n", encoding="utf-8")
    done = voicebot("serve", "--config", config, models=models, cwd=tmp_path)
    assert_refused(done, "sip.port", "unknown key", "listen")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[sip]\nlisten = "0.0.0.0:25071"\n', ("nobody could ring", "[[sip.trunks]]", "allow")),
        ('[[sip.trunks]]\nname = "pbx"\nallow = ["pbx.example"]\n', ("pbx.example", "10.0.0.0/8")),
        ('[[sip.trunks]]\nname = "pbx"\n', ("sip.trunks.0.allow", "required")),
        ("[sip.limits]\nmax_lag = 5\n", ("sip.limits.max_lag", "unknown key", "max_lag_ms")),
        ('[sip.tls]\ncertificate = "none.pem"\n', ("sip.tls.certificate", "none.pem")),
        ('[records]\nopt_out_digit = "no"\n', ("records.opt_out_digit", "no")),
    ],
)
def test_a_line_that_cannot_be(
    tmp_path: Path, models: Path, text: str, words: tuple[str, ...]
) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text(text, encoding="utf-8")
    done = voicebot("serve", "--config", config, models=models, cwd=tmp_path)
    assert_refused(done, *words)


def test_a_password_that_cannot_be_read(tmp_path: Path, models: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text(
        '[[sip.trunks]]\nname = "pbx"\nallow = ["10.0.0.5"]\n'
        'register = { registrar = "10.0.0.5", user = "4008", password_file = "none.txt" }\n',
        encoding="utf-8",
    )
    done = voicebot("serve", "--config", config, models=models, cwd=tmp_path)
    assert_refused(done, "sip.trunks.0.register.password_file", "none.txt")


def test_a_configuration_file_that_is_not_there(tmp_path: Path, models: Path) -> None:
    done = voicebot("serve", "--config", tmp_path / "none.toml", models=models, cwd=tmp_path)
    assert_refused(done, "none.toml")


@pytest.mark.weights
def test_a_port_in_use(tmp_path: Path, models: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = voicebot("serve", "--sip", address, models=models, cwd=tmp_path)
    assert_refused(done, address, "in use")


@pytest.mark.weights
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_weights_that_are_not_whole(tmp_path: Path, models: Path, damage: str) -> None:
    store = tmp_path / "models"
    store.mkdir()
    for weight in models.iterdir():
        if weight.is_dir() and weight.name != "silero-vad":
            (store / weight.name).symlink_to(weight)
    shutil.copytree(models / "silero-vad", store / "silero-vad")
    victim = store / "silero-vad" / "silero_vad.onnx"
    if damage == "missing":
        shutil.rmtree(victim.parent)
    else:
        data = bytearray(victim.read_bytes())
        if damage == "truncated":
            del data[1_000_000:]
        else:
            data[1_000_000] ^= 0xFF
        victim.write_bytes(bytes(data))
    address = f"127.0.0.1:{free_port()}"
    done = voicebot("serve", "--sip", address, models=store, cwd=tmp_path)
    assert_refused(done, "silero", "voicebot models fetch")


@pytest.mark.weights
def test_a_wav_that_is_no_wav(tmp_path: Path, models: Path) -> None:
    fake = tmp_path / "call.wav"
    fake.write_bytes(b"MZ this is a program, not audio" * 50)
    assert_refused(voicebot("replay", fake, models=models, cwd=tmp_path), "call.wav")
    assert_refused(voicebot("transcribe", fake, "--jsonl", models=models, cwd=tmp_path), "call.wav")


@pytest.mark.weights
def test_an_index_of_another_embedding_model(tmp_path: Path, models: Path) -> None:
    (tmp_path / "a.md").write_text("# 保修\n\n整机保修三年。\n", encoding="utf-8")
    built = voicebot(
        "kb", "ingest", tmp_path / "a.md", "--index", tmp_path / "i", models=models, cwd=tmp_path
    )
    assert built.returncode == 0, built.stderr
    meta = next((tmp_path / "i").rglob("meta.json"))
    text = meta.read_text(encoding="utf-8")
    meta.write_text(text.replace('"fingerprint": "', '"fingerprint": "0'), encoding="utf-8")
    done = voicebot("kb", "search", "--index", tmp_path / "i", "保修", models=models, cwd=tmp_path)
    assert_refused(done, "embedder")


def test_a_pack_that_is_not_there(tmp_path: Path, models: Path) -> None:
    done = voicebot("chat", "--pack", tmp_path / "none", models=models, cwd=tmp_path)
    assert_refused(done, "none")

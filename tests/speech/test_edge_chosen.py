"""Who chooses the online voice, what stands behind it, and `voicebot say` with it."""

from __future__ import annotations

import functools
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asr_models.wav import read_wav
from tests.speech.edge_cases import PARTLY_SAID, TEXT
from tests.speech.edge_server import Behaviour, EdgeServer
from tests.speech.streaming_fakes import ChunkVoice
from voicebot.cli import app
from voicebot.errors import SettingsError, VoiceError
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.settings import Settings, load_settings
from voicebot.speech import build
from voicebot.speech.api import LINE_RATE
from voicebot.speech.build import build_voice, patience_s
from voicebot.speech.chain import VoiceChain
from voicebot.speech.edge import EdgeVoice

EDGE = "zh-CN-YunxiNeural"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(load_settings(environ={}).pack)


@pytest.fixture
def service(server: EdgeServer, monkeypatch: pytest.MonkeyPatch) -> EdgeServer:
    """The service of every voice that is built."""
    monkeypatch.setattr(build, "EdgeVoice", functools.partial(EdgeVoice, endpoint=server.url))
    return server


def settings(models: Path | str = "nowhere", **speech: object) -> Settings:
    return load_settings(environ={}, overrides={"models": models, "speech": speech})


def named(pack: Pack, voice: str) -> Pack:
    return replace(pack, info=replace(pack.info, voice=replace(pack.info.voice, name=voice)))


@pytest.mark.parametrize(
    ("speech", "voice"),
    [
        ({"engine": "edge"}, "zh-CN-XiaoxiaoNeural"),
        ({"engine": "edge", "voice": EDGE}, EDGE),
        ({"voice": EDGE}, EDGE),
    ],
)
def test_the_settings_choose_the_online_voice(
    speech: dict[str, object], voice: str, pack: Pack
) -> None:
    assert build_voice(settings(fallback=[], **speech), pack).name == voice


def test_a_pack_names_the_online_voice_only_to_whom_has_chosen_it(pack: Pack) -> None:
    theirs = named(pack, EDGE)
    assert build_voice(settings(engine="edge", fallback=[]), theirs).name == EDGE
    with pytest.raises(Exception, match="kokoro"):  # a weight that is not there
        build_voice(settings(), theirs)


@pytest.mark.weights
@pytest.mark.peer
def test_kokoro_and_then_espeak_stand_behind_it(
    pack: Pack, models: Path, service: EdgeServer
) -> None:
    patient = {"first_audio_ms": 20_000, "total_ms": 60_000}
    chain = build_voice(settings(models, engine="edge", edge=patient), pack)
    kokoro = pack.info.voice.name
    assert chain.name == f"zh-CN-XiaoxiaoNeural > {kokoro} > espeak"
    assert isinstance(chain, VoiceChain)
    service.behaviour = PARTLY_SAID["closes in mid-sentence"]
    said = list(chain.stream(TEXT, timeout_s=100.0))
    assert {piece.voice for piece in said} == {"zh-CN-XiaoxiaoNeural", kokoro}
    assert "".join(piece.text for piece in said) == TEXT
    assert sum(len(piece.pcm) for piece in said if piece.voice == kokoro) > LINE_RATE


@pytest.mark.peer
def test_the_settings_say_who_stands_behind_it(pack: Pack) -> None:
    chain = build_voice(settings(engine="edge", fallback=["espeak"]), pack)
    assert chain.name == "zh-CN-XiaoxiaoNeural > espeak"
    alone = build_voice(settings(engine="espeak"), pack)
    assert alone.name == "espeak"


@pytest.mark.parametrize("watchdog_ms", [500, 1000])
def test_a_hanging_first_voice_is_followed_before_a_call_gives_up(
    watchdog_ms: int, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ChunkVoice("a", break_after=0, how="hang"), ChunkVoice("b")
    monkeypatch.setattr(build, "EdgeVoice", lambda *args, **options: first)
    monkeypatch.setattr(build, "EspeakVoice", lambda **options: second)
    overrides = {
        "turns": {"watchdog_ms": watchdog_ms},
        "speech": {"engine": "edge", "fallback": ["espeak"]},
    }
    chosen = load_settings(environ={}, overrides=overrides)
    chain = build_voice(chosen, pack)
    assert isinstance(chain, VoiceChain)
    started_s = time.monotonic()
    (said,) = chain.stream("您好。")
    assert said.voice == "b"
    assert time.monotonic() - started_s < patience_s(chosen)


def test_the_online_voice_is_nobodys_fallback() -> None:
    with pytest.raises(SettingsError, match=r"speech\.fallback\.0"):
        settings(fallback=["edge"])


@pytest.mark.parametrize("proxy", ["u:secret@h:1", "socks5://u:secret@h:1", "http://u:secret@:1"])
def test_a_proxy_that_is_none_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(
        SettingsError, match=r"speech\.edge: proxy: http://.* is expected"
    ) as raised:
        settings(edge={"proxy": proxy})
    assert "secret" not in str(raised.value)


def test_its_table_of_settings_reaches_it(pack: Pack, service: EdgeServer) -> None:
    service.behaviour = Behaviour(delay_s=30)
    voice = build_voice(settings(engine="edge", fallback=[], edge={"first_audio_ms": 100}), pack)
    with pytest.raises(VoiceError, match="in time"):
        voice.render("您好")


def test_a_name_of_another_engine_is_one_line(pack: Pack) -> None:
    with pytest.raises(VoiceError, match=r"expected a name like .* got 'zf_xiaobei'"):
        build_voice(settings(engine="edge", voice="zf_xiaobei"), pack)


def say(tmp_path: Path, *lines: str) -> tuple[float, str]:
    """Say something with `--voice`; the seconds in the file, and what was shown."""
    config, out = tmp_path / "hotline.toml", tmp_path / "out.wav"
    config.write_text("\n".join(["[speech]", *lines]), encoding="utf-8")
    arguments = [
        "say",
        "您好，请重启BMC。",
        "-o",
        str(out),
        "--voice",
        EDGE,
        "--config",
        str(config),
    ]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    wav = read_wav(out)
    return len(wav.mono()) / wav.sample_rate, done.stderr


def test_say_speaks_with_it(tmp_path: Path, service: EdgeServer) -> None:
    seconds, shown = say(tmp_path, "fallback = []")
    assert 0.9 < seconds < 2.0
    assert f"voice {EDGE}" in shown
    assert [asked.text for asked in service.asked] == ["您好", "请重启 B M C。"]


@pytest.mark.peer
def test_say_goes_on_with_espeak_where_there_is_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    proxy = f'edge.proxy = "http://127.0.0.1:{port}"'  # nothing listens there
    seconds, shown = say(tmp_path, 'fallback = ["espeak"]', proxy)
    assert seconds > 0.9
    assert f"voice {EDGE} > espeak" in shown


def test_say_without_the_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(VoiceError, match=r"^voice edge: .* pip install 'voicebot\[edge\]'$"):
        say(tmp_path)

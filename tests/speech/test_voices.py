"""Real voices: Kokoro with its weights, espeak-ng as a program; and the fake beside them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.speech.fakes import ToneVoice
from voicebot.errors import VoiceError, WeightsError
from voicebot.pack import Term
from voicebot.speech.api import LINE_RATE, Pcm, Voice
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.kokoro import KokoroVoice
from voicebot.speech.line_audio import TARGET_DBOV, active_level_dbov
from voicebot.speech.reading import Reader
from voicebot.weights import locate

Open = Callable[[], Voice]


@pytest.fixture(scope="session")
def kokoro_folder(models: Path) -> Path:
    return locate("kokoro-v1.0-q8", models)


@pytest.fixture(scope="session")
def kokoro(kokoro_folder: Path) -> KokoroVoice:
    voice = KokoroVoice(kokoro_folder, "zf_xiaobei")
    voice.warm_up()
    return voice


@pytest.fixture(
    params=[
        "tone",
        pytest.param("espeak", marks=pytest.mark.peer),
        pytest.param("kokoro", marks=pytest.mark.weights),
    ]
)
def voice(request: pytest.FixtureRequest) -> Voice:
    if request.param == "kokoro":
        kokoro: KokoroVoice = request.getfixturevalue("kokoro")
        return kokoro
    return ToneVoice() if request.param == "tone" else EspeakVoice()


def test_voices_keep_the_contract(voice: Voice) -> None:
    pcm = voice.render("您好，请讲。")
    assert voice.sample_rate == LINE_RATE
    assert voice.name and voice.fingerprint
    assert pcm.dtype == np.int16 and pcm.ndim == 1 and len(pcm) > 0
    assert len(voice.render("……")) == 0


@pytest.mark.weights
def test_kokoro_speaks_at_the_level_and_without_edges(kokoro: KokoroVoice) -> None:
    pcm = kokoro.render("请问有什么可以帮您？")
    floats = pcm.astype(np.float32) / np.float32(32768)
    assert active_level_dbov(floats, LINE_RATE) == pytest.approx(TARGET_DBOV, abs=0.3)
    assert 1.0 < len(pcm) / LINE_RATE < 3.0
    for edge in (floats[:480], floats[-480:]):  # 60 ms: silence was cut off both ends
        assert np.abs(edge).max() > 3e-4


@pytest.mark.weights
def test_kokoro_says_letters_and_numbers(kokoro: KokoroVoice) -> None:
    plain, spelled = kokoro.render("服务器"), kokoro.render("服务器YL5280G3")
    assert len(spelled) > len(plain) + LINE_RATE


@pytest.mark.weights
def test_kokoro_stops_at_its_deadline(kokoro: KokoroVoice) -> None:
    text = "这是一个很长的句子，" * 5
    started_s = time.thread_time()
    with pytest.raises(VoiceError, match="not done in time"):
        kokoro.render(text, timeout_s=0.02)
    stopped_after_s = time.thread_time() - started_s
    started_s = time.thread_time()
    kokoro.render(text)
    assert stopped_after_s < (time.thread_time() - started_s) / 2


@pytest.mark.weights
def test_kokoro_speaks_more_than_the_model_takes_at_once(kokoro_folder: Path) -> None:
    voice = KokoroVoice(kokoro_folder, "zf_xiaobei", speed=2.0)
    text = "服务器的硬盘指示灯，"
    assert len(voice.render(text * 18)) > 3 * len(voice.render(text * 5))


@pytest.mark.weights
def test_kokoro_gives_every_thread_its_own_clause(kokoro: KokoroVoice) -> None:
    texts = ["好的", "请讲", "再见"]
    alone = {text: kokoro.render(text) for text in texts}
    together: dict[str, Pcm] = {}

    def work(text: str) -> None:
        together[text] = kokoro.render(text)

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text in texts:
        np.testing.assert_array_equal(together[text], alone[text])


@pytest.mark.weights
def test_fingerprint_follows_voice_speed_and_readings(
    kokoro: KokoroVoice, kokoro_folder: Path
) -> None:
    reader = Reader([Term("RAID", "term", reading="瑞德")])
    others = [
        KokoroVoice(kokoro_folder, "zm_yunxi"),
        KokoroVoice(kokoro_folder, "zf_xiaobei", speed=1.1),
        KokoroVoice(kokoro_folder, "zf_xiaobei", reader=reader),
    ]
    prints = {kokoro.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == 4
    assert KokoroVoice(kokoro_folder, "zf_xiaobei").fingerprint == kokoro.fingerprint


@pytest.mark.weights
def test_an_unknown_voice_is_named_with_those_there_are(kokoro_folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"nobody\.bin: no such weight file.*zf_xiaobei"):
        KokoroVoice(kokoro_folder, "nobody")


def test_missing_weights_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="voicebot models fetch"):
        KokoroVoice(tmp_path, "zf_xiaobei")


def test_a_cut_style_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "zf_x.bin").write_bytes(bytes(100))
    (tmp_path / "vocab.json").write_text('{"vocab": {"a": 43}}')
    with pytest.raises(WeightsError, match=r"expected 522240 bytes .* got 100"):
        KokoroVoice(tmp_path, "zf_x")


@pytest.mark.peer
def test_espeak_is_fed_pinyin() -> None:
    assert EspeakVoice().pinyin("重启BMC，长按") == "chong2 qi3 bi4 ai2 mu5 xi1 , chang2 an4"
    assert EspeakVoice().pinyin("2、电源") == "er4 , dian4 yuan2"  # a clause of a menu


def test_a_missing_espeak_says_what_to_install() -> None:
    with pytest.raises(VoiceError, match="install the package"):
        EspeakVoice(program="no-such-espeak")


@pytest.mark.peer
def test_espeak_that_fails_is_a_voice_error(tmp_path: Path) -> None:
    broken = tmp_path / "espeak"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(VoiceError, match="exit status 3"):
        EspeakVoice(program=str(broken)).render("您好")

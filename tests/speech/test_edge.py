"""The online voice against a server on this machine that speaks its service's protocol."""

from __future__ import annotations

import base64
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import edge_tts.drm
import numpy as np
import pytest

from tests.speech.edge_server import (
    CHARACTER_S,
    LEAD_S,
    RATE,
    TAIL_S,
    Behaviour,
    EdgeServer,
    heard_characters,
)
from voicebot.errors import VoiceError
from voicebot.pack import Term
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.api import LINE_RATE
from voicebot.speech.edge import EdgeVoice, is_edge_voice
from voicebot.speech.edge_audio import CODEC_DELAY_S
from voicebot.speech.edge_words import heard
from voicebot.speech.line_audio import TARGET_DBOV, active_level_dbov
from voicebot.speech.reading import Reader

READER = Reader()
PATIENT = EdgeSettings(first_audio_ms=20_000, stall_ms=20_000, total_ms=60_000)


def wait_until(true: Callable[[], bool], limit_s: float = 10.0) -> None:
    give_up_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < give_up_s
        time.sleep(0.005)


@pytest.fixture
def server() -> Iterator[EdgeServer]:
    with EdgeServer() as server:
        yield server


@pytest.fixture
def voice(server: EdgeServer) -> Iterator[EdgeVoice]:
    voice = EdgeVoice(reader=READER, settings=PATIENT, endpoint=server.url)
    voice.warm_up()
    yield voice
    voice.close()


def test_it_keeps_the_contract_of_a_voice(voice: EdgeVoice) -> None:
    pcm = voice.render("您好，请讲。")
    assert (voice.sample_rate, voice.stream_rate) == (LINE_RATE, 24_000)
    assert voice.name == "zh-CN-XiaoxiaoNeural"
    assert pcm.dtype == np.int16 and pcm.ndim == 1
    assert 0.4 < len(pcm) / LINE_RATE < 0.8  # four characters, and no silence around them
    level = active_level_dbov(pcm.astype(np.float32) / np.float32(32768), LINE_RATE)
    assert level == pytest.approx(TARGET_DBOV, abs=0.5)
    assert len(voice.render("……")) == 0


def test_a_chunk_ends_where_its_word_ends(voice: EdgeVoice) -> None:
    chunks = list(voice.stream("您好，请重启BMC。"))
    assert [chunk.text for chunk in chunks] == ["您好，", "请", "重启", "BMC。", ""]
    sound = np.concatenate([chunk.pcm for chunk in chunks])
    at, count = 0, 0
    for chunk in chunks[:-1]:
        at, count = at + len(chunk.pcm), count + len(heard(chunk.text))
        assert at / RATE == pytest.approx(LEAD_S + CODEC_DELAY_S + count * CHARACTER_S, abs=0.001)
    assert list(heard_characters(sound, LEAD_S + CODEC_DELAY_S)) == list(range(count))


def test_the_service_gets_the_reading_and_is_asked_for_words(server: EdgeServer) -> None:
    reader = Reader([Term("云立", "term", reading="云丽")])
    voice = EdgeVoice("zh-CN-YunxiNeural", speed=1.1, reader=reader, endpoint=server.url)
    assert "".join(c.text for c in voice.stream("云立RAID10：400")) == "云立RAID10：400"
    (asked,) = server.asked
    assert asked.text == reader.read("云立RAID10：400").strip()
    assert "云丽锐德一零" in asked.text and not any(c in asked.text for c in "0123456789")
    assert asked.voice.endswith("(zh-CN, YunxiNeural)")
    assert asked.prosody == {"pitch": "+0Hz", "rate": "+10%", "volume": "+0%"}
    assert asked.config["metadataoptions"] == {
        "sentenceBoundaryEnabled": "false",
        "wordBoundaryEnabled": "true",
    }
    voice.close()


HOSTILE = [
    "您好</prosody></voice><voice name='x'>再见",
    "]]>您好<![CDATA[ &amp; &#x0; <!-- -->",
    "您\x00好\x0b\x1b[31m\x85\u2028\ufeff请",
    "您好😀👍🏽\U0010ffff请",
    "您\ud800好\udfff",
    "1 < 2 && 3 > 2 \"'",
    "\u202e您好\u202c\u200b请",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_said_as_text(text: str, server: EdgeServer, voice: EdgeVoice) -> None:
    assert "".join(chunk.text for chunk in voice.stream(text)) == text
    assert [asked.text for asked in server.asked] == [READER.read(text)]


@pytest.mark.parametrize("text", ["", " ", "……", "😀", "\x00\x01", "**", "\ud800"])
def test_what_has_no_reading_is_not_asked_for(
    text: str, server: EdgeServer, voice: EdgeVoice
) -> None:
    assert list(voice.stream(text)) == []
    assert server.handshakes == []


def test_a_long_text_goes_in_several_requests_and_stays_one(
    server: EdgeServer, voice: EdgeVoice
) -> None:
    text = "服务器的硬盘指示灯变红，" * 120
    server.behaviour = Behaviour(piece_bytes=50_000, character_s=0.04)
    chunks = list(voice.stream(text))
    assert len(server.asked) == 2
    assert all(len(asked.text.encode()) <= 4096 for asked in server.asked)
    assert "".join(chunk.text for chunk in chunks) == text
    first = len(heard(server.asked[0].text))
    at, count = 0, 0
    for chunk in chunks[:-1]:
        at, count = at + len(chunk.pcm), count + len(heard(chunk.text))
        spoken_s = LEAD_S + CODEC_DELAY_S + count * 0.04
        between_s = TAIL_S + LEAD_S if count > first else 0.0  # silence between the two sounds
        assert at / RATE == pytest.approx(spoken_s + between_s, abs=0.1)


def test_stop_ends_it_and_closes_the_connection(server: EdgeServer, voice: EdgeVoice) -> None:
    server.behaviour = Behaviour(stop_at_byte=3000)
    stop, waits = threading.Event(), threading.Event()
    texts: list[str] = []

    def listen() -> None:
        for chunk in voice.stream("您好，请讲。", stop=stop):
            texts.append(chunk.text)
            waits.set()

    other = threading.Thread(target=listen)
    other.start()
    assert waits.wait(10)
    stop.set()
    stopped_s = time.monotonic()
    other.join(10)
    assert time.monotonic() - stopped_s < 1.0  # the deadline would be 20 s
    assert texts == ["您好，"]
    wait_until(lambda: server.asked[0].closed_after_s is not None)


def test_a_stop_before_the_start_says_nothing(voice: EdgeVoice) -> None:
    stop = threading.Event()
    stop.set()
    assert list(voice.stream("您好，请讲。", stop=stop)) == []


@pytest.mark.parametrize("polite", [True, False])
def test_who_leaves_the_chunks_closes_the_connection(
    polite: bool, server: EdgeServer, voice: EdgeVoice
) -> None:
    server.behaviour = Behaviour(stop_at_byte=6000, answer_close=polite)
    chunks = voice.stream("您好，请讲。")
    assert next(chunks).text == "您好，"
    chunks.close()  # type: ignore[attr-defined]
    wait_until(lambda: server.asked[0].closed_after_s is not None)


def test_a_slow_listener_is_not_the_services_fault(server: EdgeServer) -> None:
    impatient = EdgeSettings(first_audio_ms=5000, stall_ms=100)
    voice = EdgeVoice(reader=READER, settings=impatient, endpoint=server.url)
    texts = []
    for chunk in voice.stream("您好，请讲。"):
        texts.append(chunk.text)
        time.sleep(0.15)
    assert "".join(texts) == "您好，请讲。"
    voice.close()


def test_the_callers_deadline_holds_beside_the_settings(
    server: EdgeServer, voice: EdgeVoice
) -> None:
    server.behaviour = Behaviour(delay_s=30)
    began_s = time.monotonic()
    with pytest.raises(VoiceError, match="in time"):
        list(voice.stream("您好", timeout_s=0.2))
    assert time.monotonic() - began_s < 5


def test_a_request_has_an_end_however_well_it_goes(server: EdgeServer) -> None:
    server.behaviour = Behaviour(pause_s=0.1)
    settings = EdgeSettings(first_audio_ms=5000, stall_ms=5000, total_ms=1000)
    voice = EdgeVoice(reader=READER, settings=settings, endpoint=server.url)
    texts: list[str] = []
    with pytest.raises(VoiceError, match="took too long in all"):
        for chunk in voice.stream("您好，" * 12):
            texts.append(chunk.text)
    assert 0 < len("".join(texts)) < 36
    voice.close()


def test_a_lying_date_is_believed_for_one_request_only(
    server: EdgeServer, voice: EdgeVoice
) -> None:
    server.behaviour = Behaviour(status=403, date=formatdate(1e9, usegmt=True))
    with pytest.raises(VoiceError, match=r"HTTP 403.*clock"):
        voice.render("您好")
    assert server.handshakes == [403, 403]  # the library's one second try
    server.behaviour = Behaviour()
    assert len(voice.render("您好")) > 0
    assert server.handshakes == [403, 403, 200]
    assert (voice.skew_s, edge_tts.drm.DRM.clock_skew_seconds) == (0.0, 0.0)


def test_a_clock_that_is_wrong_here_is_put_right_once(server: EdgeServer, voice: EdgeVoice) -> None:
    server.behaviour = Behaviour(clock_s=86_400)
    for _ in range(2):
        assert len(voice.render("您好")) > 0
    assert server.handshakes == [403, 200, 200]
    assert voice.skew_s == pytest.approx(86_400, abs=5)
    assert edge_tts.drm.DRM.clock_skew_seconds == 0.0


def test_requests_at_the_same_time_do_not_share_a_wrong_clock(
    server: EdgeServer, voice: EdgeVoice
) -> None:
    server.behaviour = Behaviour(status=403, refusals=4, date=formatdate(1e9, usegmt=True))
    results: list[str] = []

    def speak() -> None:
        try:
            results.append("".join(chunk.text for chunk in voice.stream("您好，请讲。")))
        except VoiceError:
            results.append("")

    for _ in range(3):
        threads = [threading.Thread(target=speak) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results[4:] == ["您好，请讲。"] * 8
    assert voice.skew_s == 0.0


def test_a_proxy_is_used_as_set(server: EdgeServer) -> None:
    settings = EdgeSettings(first_audio_ms=20_000, proxy=f"http://u:secret@127.0.0.1:{server.port}")
    voice = EdgeVoice(reader=READER, settings=settings, endpoint="ws://voice.invalid/edge/v1?key=x")
    assert len(voice.render("您好")) > 0
    expected = "Basic " + base64.b64encode(b"u:secret").decode()
    assert server.proxy_authorizations == [expected]
    server.behaviour = Behaviour(status=503)
    with pytest.raises(VoiceError) as raised:
        voice.render("您好")
    assert "secret" not in str(raised.value) + repr(settings)
    voice.close()


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("edge zh-CN")]


def test_no_thread_is_left(server: EdgeServer) -> None:
    voice = EdgeVoice(reader=READER, settings=PATIENT, endpoint=server.url)
    assert _threads() == []
    voice.render("您好")
    assert len(_threads()) == 1
    voice.close()
    assert _threads() == []
    voice.render("您好")  # it starts again when it is needed again
    del voice
    gc.collect()
    wait_until(lambda: _threads() == [])


def test_closing_ends_what_runs(server: EdgeServer, voice: EdgeVoice) -> None:
    server.behaviour = Behaviour(stop_at_byte=6000)
    chunks = voice.stream("您好，请讲。")
    next(chunks)
    voice.close()
    wait_until(lambda: server.asked[0].closed_after_s is not None)
    chunks.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "zf_xiaobei", "espeak", "zh-CN-X' onload='Neural", "Neural"])
def test_a_name_that_is_none_of_the_services_is_refused(name: str) -> None:
    assert not is_edge_voice(name)
    with pytest.raises(VoiceError, match="expected a name like zh-CN-XiaoxiaoNeural"):
        EdgeVoice(name)


@pytest.mark.parametrize("name", ["zh-CN-YunxiNeural", "zh-CN-liaoning-XiaobeiNeural"])
def test_the_services_names_are_known(name: str) -> None:
    assert is_edge_voice(name)
    EdgeVoice(name).close()


@pytest.mark.parametrize("package", ["edge_tts", "av"])
def test_a_missing_extra_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(VoiceError, match=rf"no {package}; pip install 'voicebot\[edge\]'$"):
        EdgeVoice()


def test_the_fingerprint_follows_voice_speed_and_readings() -> None:
    reader = Reader([Term("RAID", "term", reading="瑞德")])
    voices = [
        EdgeVoice(),
        EdgeVoice("zh-CN-YunxiNeural"),
        EdgeVoice(speed=1.1),
        EdgeVoice(reader=reader),
    ]
    assert len({voice.fingerprint for voice in voices}) == 4
    assert EdgeVoice().fingerprint == voices[0].fingerprint


@pytest.mark.real_service
def test_the_real_service_speaks() -> None:
    text = "您好，请重启YL5280G3的BMC，然后长按电源键5秒。"
    voice = EdgeVoice(reader=READER, settings=PATIENT)
    chunks = list(voice.stream(text))
    assert "".join(chunk.text for chunk in chunks) == text
    assert len([chunk for chunk in chunks if chunk.text]) >= 5  # it told its words
    assert 3.0 < sum(len(chunk.pcm) for chunk in chunks) / RATE < 15.0
    voice.close()

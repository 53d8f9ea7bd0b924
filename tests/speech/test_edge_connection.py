"""The online voice's connection: its deadlines, its end, its clock, its thread."""

from __future__ import annotations

import base64
import gc
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import edge_tts.drm
import pytest

from tests.speech.edge_server import Behaviour, EdgeServer
from voicebot.errors import VoiceError
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.edge import EdgeVoice
from voicebot.speech.reading import Reader


def wait_until(true: Callable[[], bool], limit_s: float = 10.0) -> None:
    give_up_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < give_up_s
        time.sleep(0.005)


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


def test_a_slow_listener_is_not_the_services_fault(server: EdgeServer, reader: Reader) -> None:
    impatient = EdgeSettings(first_audio_ms=5000, stall_ms=100)
    voice = EdgeVoice(reader=reader, settings=impatient, endpoint=server.url)
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


def test_a_stall_is_shorter_than_a_start(server: EdgeServer, reader: Reader) -> None:
    server.behaviour = Behaviour(stop_at_byte=2500)
    settings = EdgeSettings(first_audio_ms=50_000, stall_ms=200, total_ms=60_000)
    voice = EdgeVoice(reader=reader, settings=settings, endpoint=server.url)
    began_s = time.monotonic()
    with pytest.raises(VoiceError, match="in time"):
        list(voice.stream("您好，请讲。"))
    assert time.monotonic() - began_s < 20
    voice.close()


def test_a_request_has_an_end_however_well_it_goes(server: EdgeServer, reader: Reader) -> None:
    server.behaviour = Behaviour(pause_s=0.1)
    settings = EdgeSettings(first_audio_ms=5000, stall_ms=5000, total_ms=1000)
    voice = EdgeVoice(reader=reader, settings=settings, endpoint=server.url)
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


def test_a_proxy_is_used_as_set(server: EdgeServer, reader: Reader) -> None:
    settings = EdgeSettings(first_audio_ms=20_000, proxy=f"http://u:secret@127.0.0.1:{server.port}")
    voice = EdgeVoice(reader=reader, settings=settings, endpoint="ws://voice.invalid/edge/v1?key=x")
    assert len(voice.render("您好")) > 0
    expected = "Basic " + base64.b64encode(b"u:secret").decode()
    assert server.proxy_authorizations == [expected]
    server.behaviour = Behaviour(status=503)
    with pytest.raises(VoiceError) as raised:
        voice.render("您好")
    assert "secret" not in str(raised.value) + repr(settings)
    voice.close()


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "edge zh-CN-XiaoyiNeural"]


def test_no_thread_is_left(server: EdgeServer, reader: Reader) -> None:
    voice = EdgeVoice("zh-CN-XiaoyiNeural", reader=reader, endpoint=server.url)
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

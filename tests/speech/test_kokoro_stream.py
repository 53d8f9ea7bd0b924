"""Kokoro speaks as it goes: what `StreamingVoice` promises, on the real weights."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import VoiceError, WeightsError
from voicebot.speech.kokoro import KOKORO_RATE, KokoroVoice
from voicebot.speech.line_audio import line_ready
from voicebot.weights import locate

LONG = "请您先看一下服务器前面板的硬盘指示灯，再告诉我是什么颜色。"


@pytest.fixture(scope="module")
def fast(models: Path) -> KokoroVoice:
    voice = KokoroVoice(locate("kokoro-v1.0-q8", models), "zf_xiaobei")
    voice.warm_up()
    return voice


@pytest.mark.weights
def test_a_stream_joins_to_what_is_rendered(fast: KokoroVoice) -> None:
    chunks = list(fast.stream(LONG))
    assert fast.stream_rate == KOKORO_RATE
    assert "".join(chunk.text for chunk in chunks) == LONG
    assert all(chunk.pcm.dtype == np.int16 and chunk.pcm.ndim == 1 for chunk in chunks)
    whole = np.concatenate([chunk.pcm for chunk in chunks]).astype(np.float32) / 32767
    shaped = line_ready(whole, KOKORO_RATE).astype(np.float64)
    rendered = fast.render(LONG).astype(np.float64)
    assert len(shaped) == len(rendered)
    assert np.abs(shaped - rendered).max() < 40  # rounded to int16 once more


@pytest.mark.weights
def test_what_cannot_be_said_is_one_empty_chunk(fast: KokoroVoice) -> None:
    (chunk,) = fast.stream("……")
    assert len(chunk.pcm) == 0 and chunk.text == "……"


@pytest.mark.weights
def test_stop_ends_it_between_two_parts(fast: KokoroVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicebot.speech.kokoro_text._MAX_PHONEMES", 12)
    text = "您好，请问硬盘灯是什么颜色？"
    whole = [chunk.text for chunk in fast.stream(text)]
    assert len(whole) > 2
    assert whole == [""] * (len(whole) - 1) + [text]
    stop = threading.Event()
    chunks = []
    for chunk in fast.stream(text, stop=stop):
        chunks.append(chunk)
        stop.set()
    assert len(chunks) == 1
    assert chunks[0].text == ""


@pytest.mark.weights
def test_stop_ends_a_run_that_is_under_way(fast: KokoroVoice) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.03, stop.set)
    started_s = time.thread_time()
    timer.start()
    assert list(fast.stream(LONG, stop=stop)) == []
    stopped_after_s = time.thread_time() - started_s
    timer.join()
    started_s = time.thread_time()
    next(iter(fast.stream(LONG)))
    assert stopped_after_s < (time.thread_time() - started_s) / 2


@pytest.mark.weights
def test_a_piece_that_is_late_is_an_error(fast: KokoroVoice) -> None:
    with pytest.raises(VoiceError, match="not done in time"):
        list(fast.stream(LONG, timeout_s=0.01))


@pytest.mark.weights
def test_nothing_watches_while_nothing_is_made(fast: KokoroVoice) -> None:
    before = threading.active_count()
    pieces = fast.stream("您好", timeout_s=60.0, stop=threading.Event())
    assert next(pieces).text == "您好"
    assert threading.active_count() == before


@pytest.mark.weights
def test_the_published_model_still_speaks(models: Path) -> None:
    voice = KokoroVoice(locate("kokoro-v1.0-int8", models), "zf_xiaobei")
    (chunk,) = voice.stream("好的")
    assert chunk.text == "好的" and len(chunk.pcm) > KOKORO_RATE // 2


@pytest.mark.weights
def test_the_models_sound_apart(fast: KokoroVoice, models: Path) -> None:
    published = KokoroVoice(locate("kokoro-v1.0-int8", models), "zf_xiaobei")
    assert published.fingerprint != fast.fingerprint


@pytest.mark.weights
def test_a_conversion_that_lacks_a_part_is_no_voice(models: Path, tmp_path: Path) -> None:
    whole = locate("kokoro-v1.0-q8", models)
    for name in ("vocab.json", "voices", "text.onnx", "decoder.onnx"):
        (tmp_path / name).symlink_to(whole / name)
    with pytest.raises(WeightsError, match=r"generator\.onnx: no such weight file"):
        KokoroVoice(tmp_path, "zf_xiaobei")
    (tmp_path / "generator.onnx").write_bytes(bytes(1000))
    with pytest.raises(WeightsError, match=r"generator\.onnx: expected a Kokoro ONNX model"):
        KokoroVoice(tmp_path, "zf_xiaobei")

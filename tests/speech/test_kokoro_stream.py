"""Kokoro speaks as it goes: what `StreamingVoice` promises, on the real weights."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import VoiceError, WeightsError
from voicebot.speech.api import LINE_RATE
from voicebot.speech.kokoro import KOKORO_RATE, KokoroVoice
from voicebot.speech.line_audio import line_ready
from voicebot.weights import locate

pytestmark = pytest.mark.weights

LONG = "请您先看一下服务器前面板的硬盘指示灯，再告诉我是什么颜色。"


@pytest.fixture(scope="module")
def fast(models: Path) -> KokoroVoice:
    voice = KokoroVoice(locate("kokoro-v1.0-fast", models), "zf_xiaobei")
    voice.warm_up()
    return voice


def test_a_clause_comes_in_pieces_that_join_to_it(fast: KokoroVoice) -> None:
    chunks = list(fast.stream(LONG))
    assert fast.stream_rate == KOKORO_RATE
    assert len(chunks) >= 3
    assert "".join(chunk.text for chunk in chunks) == LONG
    assert all(chunk.pcm.dtype == np.int16 and chunk.pcm.ndim == 1 for chunk in chunks)
    assert 0.4 < len(chunks[0].pcm) / KOKORO_RATE < 1.0
    whole = np.concatenate([chunk.pcm for chunk in chunks]).astype(np.float32) / 32768
    shaped = line_ready(whole, KOKORO_RATE).astype(np.float64)
    rendered = fast.render(LONG).astype(np.float64)
    assert len(shaped) == len(rendered)
    assert np.abs(shaped - rendered).max() < 40  # rounded to int16 once more


def test_no_piece_starts_with_a_click(fast: KokoroVoice) -> None:
    chunks = [chunk.pcm.astype(np.int64) for chunk in fast.stream(LONG)]
    loudest = max(int(np.abs(np.diff(chunk)).max()) for chunk in chunks)
    joins = [abs(int(b[0] - a[-1])) for a, b in itertools.pairwise(chunks)]
    assert max(joins) < loudest / 2


def test_silence_at_the_ends_is_never_made(fast: KokoroVoice) -> None:
    made = sum(len(chunk.pcm) for chunk in fast.stream("您好")) / KOKORO_RATE
    heard = len(fast.render("您好")) / LINE_RATE
    assert heard < made < heard + 0.35


def test_what_cannot_be_said_is_one_empty_chunk(fast: KokoroVoice) -> None:
    (chunk,) = fast.stream("……")
    assert len(chunk.pcm) == 0 and chunk.text == "……"


def test_stop_ends_it_between_two_pieces(fast: KokoroVoice) -> None:
    stop = threading.Event()
    chunks = []
    for chunk in fast.stream(LONG, stop=stop):
        chunks.append(chunk)
        stop.set()
    assert len(chunks) == 1
    assert chunks[0].text == ""


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
    assert stopped_after_s < time.thread_time() - started_s


def test_a_piece_that_is_late_is_an_error(fast: KokoroVoice) -> None:
    with pytest.raises(VoiceError, match="not done in time"):
        list(fast.stream(LONG, timeout_s=0.01))


def test_the_listener_s_own_time_is_not_counted(fast: KokoroVoice) -> None:
    pieces = fast.stream(LONG, timeout_s=20.0, stop=threading.Event())
    before = threading.active_count()
    next(pieces)
    assert threading.active_count() == before  # nothing watches while nothing is made
    assert "".join(chunk.text for chunk in pieces) == LONG


def test_the_published_model_still_speaks(models: Path) -> None:
    voice = KokoroVoice(locate("kokoro-v1.0-int8", models), "zf_xiaobei")
    (chunk,) = voice.stream("好的")
    assert chunk.text == "好的" and len(chunk.pcm) > KOKORO_RATE // 2


def test_the_models_sound_apart(fast: KokoroVoice, models: Path) -> None:
    published = KokoroVoice(locate("kokoro-v1.0-int8", models), "zf_xiaobei")
    assert published.fingerprint != fast.fingerprint


def test_a_conversion_that_lacks_a_part_is_no_voice(models: Path, tmp_path: Path) -> None:
    whole = locate("kokoro-v1.0-fast", models)
    for name in ("vocab.json", "voices", "text.onnx", "decoder.onnx"):
        (tmp_path / name).symlink_to(whole / name)
    with pytest.raises(WeightsError, match=r"generator\.onnx: no such weight file"):
        KokoroVoice(tmp_path, "zf_xiaobei")
    (tmp_path / "generator.onnx").write_bytes(bytes(1000))
    with pytest.raises(WeightsError, match=r"generator\.onnx: expected a Kokoro ONNX model"):
        KokoroVoice(tmp_path, "zf_xiaobei")

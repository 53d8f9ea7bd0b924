"""Our detector finds what FunASR's own FSMN-VAD finds, however the audio arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.funasr_vad import FsmnVad, SpeechEdge
from tests.bench.non_speech import non_speech
from tests.funasr.conftest import Pcm, at_16k

STEP = 3200  # 200 ms at 16 kHz
Line = Callable[[str], Pcm]
Own = Callable[[Path], Any]


@pytest.fixture(scope="module")
def call(line: Line) -> Pcm:
    """Three sentences with pauses of two seconds, and line noise under all of it."""
    noise = np.random.default_rng(3).normal(0, 8, 200_000).astype(np.int16)
    parts = [noise[:16_000]]
    for name in ("disk_missing", "yes", "warranty"):
        parts += [line(name), noise[:16_000]]
    return np.concatenate(parts)


def own_segments(model: Any, pcm: Pcm, end_silence_ms: int) -> list[list[int]]:
    """The events of FunASR's own `generate`, 200 ms a call, the last one final."""
    audio = at_16k(pcm)
    cache: dict[str, Any] = {}
    steps = -(-len(audio) // STEP)
    events: list[list[int]] = []
    for step in range(steps):
        found = model.generate(
            input=audio[step * STEP : (step + 1) * STEP],
            cache=cache,
            is_final=step == steps - 1,
            chunk_size=200,
            max_end_silence_time=end_silence_ms,
        )
        events += found[0]["value"]
    return events


def as_events(edges: list[SpeechEdge]) -> list[int]:
    return [edge.at_ms for edge in edges]


@pytest.mark.parametrize("end_silence_ms", [800, 400])
@pytest.mark.parametrize("frame", [160, 333, 5000])
def test_edges_are_funasrs_own(
    vad_folder: Path, own: Own, call: Pcm, frame: int, end_silence_ms: int
) -> None:
    events = own_segments(own(vad_folder), call, end_silence_ms)
    detector = FsmnVad(vad_folder, end_silence_ms=end_silence_ms).stream()
    edges = []
    for at in range(0, len(call), frame):
        edges += detector.accept(call[at : at + frame])
    edges += detector.flush()
    assert as_events(edges) == [time for event in events for time in event if time >= 0]
    assert len(edges) >= 6
    assert [edge.kind for edge in edges] == ["start", "end"] * (len(edges) // 2)


def test_segments_of_a_finished_recording(vad: FsmnVad, call: Pcm) -> None:
    segments = vad.segments(call)
    assert len(segments) == 3
    assert all(start < end for start, end in segments)
    spoken = [3657, 992, 3217]
    for (start, end), milliseconds in zip(segments, spoken, strict=True):
        assert abs(end - start - milliseconds) < 500
    assert vad.segments(np.repeat(call, 2), 16_000)


def test_a_flush_does_not_end_the_stream(vad: FsmnVad, call: Pcm) -> None:
    asked, left_alone = vad.stream(), vad.stream()
    one: list[SpeechEdge] = []
    other: list[SpeechEdge] = []
    for at in range(0, len(call), 160):
        one += asked.accept(call[at : at + 160])
        other += left_alone.accept(call[at : at + 160])
        if at % 8000 == 0:
            asked.flush()
    assert one == other
    assert asked.flush() == left_alone.flush()


def test_speech_that_goes_on_ends_with_a_flush(vad: FsmnVad, line: Line) -> None:
    """Also where the audio so far is whole steps: FunASR itself looks at no empty one."""
    spoken = line("disk_missing")[: 1600 * 6]
    detector = vad.stream()
    (start,) = detector.accept(spoken)
    assert start.kind == "start"
    (end,) = detector.flush()
    assert end.kind == "end"
    assert 1000 < end.at_ms <= 1200
    assert vad.stream().flush() == []
    assert vad.segments(spoken[:199]) == []
    assert vad.segments(np.zeros(201, np.int16)) == []


def test_two_streams_do_not_hear_each_other(vad: FsmnVad, call: Pcm, line: Line) -> None:
    alone = vad.stream()
    expected = [*alone.accept(call), *alone.flush()]
    first, second = vad.stream(), vad.stream()
    heard: list[SpeechEdge] = []
    spoken = np.tile(line("warranty"), 5)
    for at in range(0, len(call), 1600):
        heard += first.accept(call[at : at + 1600])
        second.accept(spoken[at : at + 1600])
    assert [*heard, *first.flush()] == expected


def test_what_is_no_speech_has_no_segments(vad: FsmnVad) -> None:
    found = {name: vad.segments(pcm[:24_000]) for name, pcm in non_speech().items()}
    assert {name for name, segments in found.items() if segments} == set()


def test_other_models_and_samples_are_refused(vad: FsmnVad, tiny: Path) -> None:
    with pytest.raises(AsrModelError, match=r"expected an FSMN-VAD in .*, got ParaformerStreaming"):
        FsmnVad(tiny)
    with pytest.raises(AudioFormatError, match="8000 or 16000 Hz, got 11025 Hz"):
        vad.stream(11_025)
    with pytest.raises(AudioFormatError, match="int16 samples"):
        vad.segments(np.zeros(10, np.float32))  # type: ignore[arg-type]

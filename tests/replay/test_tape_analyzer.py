"""The analyzer on audio: synthetic calls of which everything is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr_models.silero import SileroVad
from tests.bench.tapes.clips import clip
from tests.bench.tapes.made import make
from tests.bench.tapes.score import Score, score
from voicebot.errors import AudioFileError
from voicebot.replay.tape_analyzer import analyze, pooled
from voicebot.replay.tape_echo import without_echo
from voicebot.replay.tape_speech import SpeechDetector, silero_detector
from voicebot.weights import locate

LIMIT_MS = 20
SEEDS = range(1001, 1007)  # the bench's two hundred begin at 1
ECHOING = 1009


@pytest.fixture(scope="session")
def silero(models: Path) -> SpeechDetector:
    return silero_detector(SileroVad(locate("silero-vad", models) / "silero_vad.onnx"))


@pytest.mark.weights
def test_times_on_synthetic_calls_are_right_within_20_ms_and_no_event_is_lost(
    silero: SpeechDetector,
) -> None:
    whole, reports = Score(), []
    for seed in SEEDS:
        tape, truth, _ = make(seed)
        reports.append(analyze(tape, 8000, second=silero))
        whole.add(score(reports[-1], truth))
    assert (whole.lost, whole.invented) == ([], [])
    assert len(whole.latency) >= 30
    assert max(map(abs, whole.latency + whole.stop)) <= LIMIT_MS
    assert whole.noises_discarded == whole.noises > 0
    assert pooled(reports).response_latency.n == len(whole.latency)


def test_webrtcvad_needs_no_weights_and_finds_the_same_turns() -> None:
    tape, truth, _ = make(1001, exchanges=3)
    report = analyze(tape)
    assert len(report.turns.responses) == len(truth.latencies)
    assert report.greeting_ms == pytest.approx(truth.bot[0].start_ms, abs=LIMIT_MS)


def test_a_tape_at_16_khz_gives_the_same_times() -> None:
    tape, _, _ = make(1001, exchanges=2)
    doubled = np.stack([_doubled(tape[:, side]) for side in (0, 1)], axis=1)
    at_8k, at_16k = analyze(tape), analyze(doubled, 16000)
    for one, other in zip(at_8k.turns.responses, at_16k.turns.responses, strict=True):
        assert one.latency_ms == pytest.approx(other.latency_ms, abs=LIMIT_MS)


@pytest.mark.weights
def test_what_only_one_detector_hears_is_discarded_and_shown(silero: SpeechDetector) -> None:
    random = np.random.default_rng(7)
    caller = np.zeros(8000 * 4)
    caller[8000:10400] = random.standard_normal(2400) * 3000  # 300 ms of rushing
    tape = np.stack([caller, np.zeros_like(caller)], axis=1).astype(np.int16)
    report = analyze(tape, second=silero)
    assert report.caller == ()
    (discarded,) = report.caller_discarded
    assert discarded.heard_by == "energy"
    assert discarded.sound.start_ms == pytest.approx(1000, abs=LIMIT_MS)
    assert report.metrics().discarded == 1
    assert report.metrics().discarded_ms == pytest.approx(300, abs=2 * LIMIT_MS)


def test_the_bots_echo_is_taken_out_of_the_callers_channel() -> None:
    random = np.random.default_rng(5)
    bot = np.concatenate([clip("ask_light"), np.zeros(8000), clip("power"), np.zeros(8000)]) * 2000
    leak = np.convolve(bot, [0.0] * 700 + [0.1, 0.05, -0.03])[: len(bot)]
    caller = leak + random.standard_normal(len(bot)) * 10
    rest, db = without_echo(caller.astype(np.int16), bot.astype(np.int16))
    assert db == pytest.approx(-19, abs=3)
    assert float(np.std(rest)) < 1.3 * 10
    assert float(np.std(caller)) > 5 * 10


def test_two_voices_that_do_not_leak_are_left_as_they_are() -> None:
    caller = (clip("ask_light") * 2000).astype(np.int16)
    bot = (clip("disk_missing") * 2000).astype(np.int16)
    size = min(len(caller), len(bot))
    rest, db = without_echo(caller[:size], bot[:size])
    assert db == 0
    assert np.array_equal(rest, caller[:size])


def test_silence_and_nothing_at_all_are_calls_without_sound() -> None:
    for frames in (0, 1, 7, 80_000):
        report = analyze(np.zeros((frames, 2), np.int16))
        assert (report.caller, report.bot, report.greeting_ms) == ((), (), None)
        assert report.metrics().turns == 0


@pytest.mark.parametrize(
    ("tape", "rate", "told"),
    [
        (np.zeros(100, np.int16), 8000, "(n, 2)"),
        (np.zeros((100, 1), np.int16), 8000, "(n, 2)"),
        (np.zeros((100, 2), np.float32), 8000, "float32"),
        (np.zeros((100, 2), np.int16), 11_025, "got 11025"),
    ],
)
def test_what_is_no_tape_is_told_in_one_line(
    tape: np.ndarray[tuple[int, ...], np.dtype[np.int16]], rate: int, told: str
) -> None:
    with pytest.raises(AudioFileError) as caught:
        analyze(tape, rate)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def _doubled(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    import soxr

    return np.asarray(soxr.resample(samples, 8000, 16000), np.int16)


def test_a_long_tape_is_read_in_pieces_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, _, line = make(ECHOING, exchanges=3)
    assert line.echo_db
    whole = analyze(tape)
    assert whole.echo_db[0] == pytest.approx(line.echo_db, abs=4)
    monkeypatch.setattr("voicebot.replay.tape_speech.CHUNK", 8000 * 7)
    in_pieces = analyze(tape)
    assert (in_pieces.caller, in_pieces.bot) == (whole.caller, whole.bot)
    monkeypatch.setattr("voicebot.replay.tape_echo.LEARNED", 8000 * 20)
    learned_at_first = analyze(tape)
    assert learned_at_first.echo_db[0] == pytest.approx(whole.echo_db[0], abs=1)
    for sound, same in zip(learned_at_first.caller, whole.caller, strict=True):
        assert sound.start_ms == pytest.approx(same.start_ms, abs=LIMIT_MS)
        assert sound.end_ms == pytest.approx(same.end_ms, abs=LIMIT_MS)

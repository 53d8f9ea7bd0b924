"""The simulated telephone line and the recordings that go over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from asr_models.adapt.__main__ import main
from asr_models.adapt.corpus import (
    Clip,
    decoder_target,
    load_corpus,
    prepare,
    read_manifest,
    split,
)
from asr_models.adapt.lessons import IGNORED, Odds, Teacher
from asr_models.adapt.phone_line import LineOdds, PhoneLine, band_limited, coloured_noise
from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.g711 import alaw_decode, alaw_encode
from asr_models.wav import read_wav

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
TEXTS = {
    "disk_missing.wav": "我这台服务器装系统的时候，看不到硬盘。",
    "human.wav": "转人工",
    "raid_no.wav": "没有做，还没配过RAID",
}
PLAIN = LineOdds(narrow=0, noisy=0, lossy=0, ulaw=0, paced=0)


def tone(hz: float, seconds: float = 1.0) -> npt.NDArray[np.int16]:
    time_s = np.arange(int(8000 * seconds)) / 8000
    return np.round(8000 * np.sin(2 * np.pi * hz * time_s)).astype(np.int16)


def line(odds: LineOdds, seed: int = 1) -> PhoneLine:
    return PhoneLine(np.random.default_rng(seed), odds)


def write_manifest(folder: Path, lines: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{FIXTURES / name}\t{text}\t{name[:4]}\n" for name, text in lines.items())
    (folder / "manifest.tsv").write_text("file\ttext\tspeaker\n" + rows, encoding="utf-8")
    return folder


def test_a_line_follows_from_its_seed() -> None:
    speech = read_wav(FIXTURES / "disk_missing.wav").mono()
    one, same, other = (line(LineOdds(), seed)(speech) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or np.any(one != other)


def test_a_plain_line_changes_level_and_code_only() -> None:
    heard = line(PLAIN)(tone(1000))
    np.testing.assert_array_equal(heard, alaw_decode(alaw_encode(heard)))
    likeness = np.corrcoef(heard, tone(1000))[0, 1]
    assert likeness > 0.999


def test_a_narrow_line_carries_300_to_3400_hz() -> None:
    power = {
        hz: np.mean(band_limited(tone(hz).astype(float), (300, 3400)) ** 2)
        for hz in (100, 1000, 3800)
    }
    assert power[100] < power[1000] / 100 and power[3800] < power[1000] / 100
    assert power[1000] == pytest.approx(np.mean(tone(1000).astype(float) ** 2), rel=0.01)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_noise_has_unit_power_and_its_colour(slope: float) -> None:
    noise = coloured_noise(np.random.default_rng(1), 80_000, slope)
    assert np.mean(noise**2) == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(noise)) ** 2
    low, high = power[4_000:6_000].mean(), power[16_000:24_000].mean()  # 400-600, 1600-2400 Hz
    assert 10 * np.log10(low / high) == pytest.approx(20 * slope * np.log10(4), abs=1.0)


def test_the_noise_is_at_the_ratio_asked_for() -> None:
    quiet = LineOdds(narrow=0, noisy=0, lossy=0, ulaw=0, paced=0)
    noisy = LineOdds(narrow=0, noisy=1, snr_db=(10, 10), lossy=0, ulaw=0, paced=0)
    clean, heard = (line(odds)(tone(1000, 4)).astype(float) for odds in (quiet, noisy))
    clean *= np.dot(clean, heard) / np.dot(clean, clean)
    ratio = np.mean(clean**2) / np.mean((heard - clean) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(10, abs=1.0)


def test_lost_packets_repeat_the_one_before_softer() -> None:
    lossy = LineOdds(narrow=0, noisy=0, lossy=1, loss=(0.2, 0.2), ulaw=0, paced=0)
    kept, heard = (line(odds)(tone(500, 2)).reshape(-1, 160) for odds in (PLAIN, lossy))
    lost = np.flatnonzero(np.any(kept != heard, axis=1))
    assert 8 <= len(lost) <= 35  # of 100 packets
    after_a_kept_one = [index for index in lost if index - 1 not in lost and index]
    assert after_a_kept_one
    for index in after_a_kept_one:
        np.testing.assert_allclose(heard[index], 0.6 * heard[index - 1], atol=0.5)


def test_tempo_changes_the_length() -> None:
    paced = LineOdds(narrow=0, noisy=0, lossy=0, ulaw=0, paced=1, tempo=(1.25, 1.25))
    assert len(line(paced)(tone(500))) == pytest.approx(6400, abs=2)


def test_targets_are_what_the_recognizer_would_write() -> None:
    assert decoder_target("他寫的《周禮義》，宋濂作“序”。") == "他写的周礼义,宋濂作序"
    assert decoder_target("没有做，还没配过RAID 5。") == "没有做,还没配过RAID 5"
    assert decoder_target("……") == ""


def test_recordings_are_prepared_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path / "in", TEXTS)
    (folder / "broken.wav").write_bytes(b"RIFF?")
    with (folder / "manifest.tsv").open("a") as file:
        file.write("broken.wav\t坏的\tx\n")
    results = list(prepare(read_manifest(folder), tmp_path / "out"))
    clips = [result for result in results if isinstance(result, Clip)]
    assert [clip.name for clip in clips] == list(TEXTS)
    assert [type(result) for result in results[3:]] == [AudioFormatError]
    corpus = load_corpus(tmp_path / "out")
    assert corpus.clips == tuple(clips)
    for clip in clips:
        np.testing.assert_array_equal(corpus.pcm(clip), read_wav(FIXTURES / clip.name).mono())


def test_what_is_not_prepared_is_named(tmp_path: Path) -> None:
    with pytest.raises(AsrModelError, match="holds no prepared recordings"):
        load_corpus(tmp_path)
    with pytest.raises(AsrModelError, match=r"manifest\.tsv cannot be read"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.tsv").write_text("wav\twords\na.wav\tb\n")
    with pytest.raises(AsrModelError, match="columns 'file' and 'text'"):
        read_manifest(tmp_path)
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "o")]) == 1
    (tmp_path / "manifest.tsv").write_text("file\ttext\na.wav\t好\nb.wav\n")
    with pytest.raises(AsrModelError, match=r"manifest\.tsv:3: expected file and text"):
        read_manifest(tmp_path)


def clips_of(speakers: dict[str, int]) -> list[Clip]:
    names = [(who, f"{who}-{i}") for who, count in speakers.items() for i in range(count)]
    return [Clip(name, "好", who, 0, 8000) for who, name in names]


def test_speakers_are_on_one_side_and_large_ones_are_parted() -> None:
    clips = clips_of({f"s{i}": 5 for i in range(200)} | {"large": 300})
    train, validation = split(clips, 0.1)
    assert len(train) + len(validation) == len(clips)
    assert 0.05 < len(validation) / len(clips) < 0.15
    both = {clip.speaker for clip in train} & {clip.speaker for clip in validation}
    assert both == {"large"}
    assert split([*clips, *clips_of({"new": 5})], 0.1)[1][: len(validation)] == validation


def test_a_lesson_ends_with_its_text_and_the_end(models: Path, tmp_path: Path) -> None:
    list(prepare(read_manifest(write_manifest(tmp_path / "in", TEXTS)), tmp_path / "out"))
    corpus = load_corpus(tmp_path / "out")
    base = models / "whisper-base"
    always = Odds(prompted=1.0, silent=0.0)
    teacher = Teacher(base, corpus, seed=1, odds=always)
    lesson = teacher.lesson(corpus.clips, 0, epoch=0)
    written = lesson.targets[lesson.targets != IGNORED]
    assert teacher.text(written[:-1]) == "我这台服务器装系统的时候,看不到硬盘"
    assert written[-1] == teacher.end
    assert list(lesson.ids[-len(written) + 1 :]) == list(written[:-1])
    bare = Teacher(base, corpus, seed=1, odds=Odds(prompted=0.0, silent=0.0))
    assert len(bare.lesson(corpus.clips, 0, 0).ids) < len(lesson.ids)
    silent = Teacher(base, corpus, seed=1, odds=Odds(prompted=0.0, silent=1.0))
    nothing = silent.lesson(corpus.clips, 0, 0).targets
    assert list(nothing[nothing != IGNORED]) == [teacher.end]


def test_batches_hold_every_clip_once_and_go_on_where_they_stopped(
    models: Path, tmp_path: Path
) -> None:
    list(prepare(read_manifest(write_manifest(tmp_path / "in", TEXTS)), tmp_path / "out"))
    corpus = load_corpus(tmp_path / "out")
    teacher = Teacher(models / "whisper-base", corpus, seed=1, odds=Odds(silent=0.0))
    whole = list(teacher.batches(corpus.clips, epoch=0, size=2))
    rest = list(teacher.batches(corpus.clips, epoch=0, size=2, skip=1))
    assert [len(batch.mel) for batch in whole] in ([2, 1], [1, 2])
    np.testing.assert_array_equal(rest[0].mel, whole[1].mel)
    assert whole[0].mel.shape[1:] == (80, 1000)
    ends = sum(int((batch.targets == teacher.end).sum()) for batch in whole)
    assert ends == len(corpus.clips)

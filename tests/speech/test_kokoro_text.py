"""What Kokoro's models are fed, on a voice that is made up: no weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from voicebot.speech.kokoro_text import KokoroText
from voicebot.speech.phonemes import Phonemes
from voicebot.speech.pronunciation import PHRASES
from voicebot.speech.reading import Reader

ROWS, SIZE, SOUND = 510, 256, 128


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice whose styles tell their row, and a vocabulary of every phoneme that is said here."""
    folder = tmp_path_factory.mktemp("voice")
    phonemes = sorted(set(Phonemes().of("请重启服务器，谢谢。")))
    vocab = {phoneme: number for number, phoneme in enumerate(phonemes, 1)}
    (folder / "vocab.json").write_text(json.dumps({"vocab": vocab}), "utf-8")
    (folder / "voices").mkdir()
    styles = np.repeat(np.arange(ROWS, dtype="<f4"), SIZE)
    (folder / "voices" / "made_up.bin").write_bytes(styles.tobytes())
    return folder


def text(voice: Path, speed: float = 1.0) -> KokoroText:
    return KokoroText(voice, "made_up", speed, Reader())


def test_a_clause_has_its_own_sound_and_the_rhythm_of_a_longer_one(voice: Path) -> None:
    (feed,) = text(voice).feeds("请重启服务器")
    phonemes = feed["tokens"].shape[1] - 2
    assert feed["style"].shape == (1, SIZE) and feed["style"].dtype == np.float32
    assert set(feed["style"][0, :SOUND]) == {phonemes - 1}
    assert set(feed["style"][0, SOUND:]) == {phonemes - 1 + 50}


def test_the_longest_has_no_longer_one(voice: Path) -> None:
    *_, longest = sorted(
        text(voice).feeds("请重启服务器，谢谢。" * 40), key=lambda feed: feed["tokens"].shape[1]
    )
    assert longest["tokens"].shape[1] > 480
    assert set(longest["style"][0, SOUND:]) == {ROWS - 1}


def test_the_styles_of_the_file_are_left_as_they_are(voice: Path) -> None:
    front = text(voice)
    first, second = (next(front.feeds("请重启服务器")) for _ in range(2))
    assert np.array_equal(first["style"], second["style"])


def test_speed_is_in_proportion_to_what_is_asked(voice: Path) -> None:
    (normal,), (slow,) = (list(text(voice, speed).feeds("谢谢")) for speed in (1.0, 0.5))
    assert slow["speed"] == pytest.approx(normal["speed"] / 2)


def test_what_is_read_otherwise_is_prepared_anew(
    voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = text(voice).identity
    monkeypatch.setitem(PHRASES, "谢谢", "xie4 xie5")
    assert text(voice).identity != before

"""Prepared speech on disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from voicebot.speech.api import Pcm
from voicebot.speech.cache import SpeechCache, cache_key

HELLO = np.arange(1000, dtype=np.int16)
QUARTER_MB = np.zeros(128 * 1024 - 8, np.int16)  # with what a file holds besides samples


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_one_process_puts_another_finds(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put("voice-1", "您好", HELLO)
    found = SpeechCache(tmp_path).get("voice-1", "您好")
    assert found is not None
    np.testing.assert_array_equal(found, HELLO)


@pytest.mark.parametrize(("fingerprint", "text"), [("voice-2", "您好"), ("voice-1", "您好。")])
def test_another_voice_or_text_is_another_entry(
    tmp_path: Path, fingerprint: str, text: str
) -> None:
    cache = SpeechCache(tmp_path)
    cache.put("voice-1", "您好", HELLO)
    assert cache.get(fingerprint, text) is None


def test_a_cached_clause_cannot_be_written_to(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    cache.put("voice-1", "您好", HELLO)
    found = cache.get("voice-1", "您好")
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1
    assert HELLO.flags.writeable


def test_memory_serves_when_the_disk_is_gone(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    cache.put("voice-1", "您好", HELLO)
    for path in files(tmp_path):
        path.unlink()
    assert cache.get("voice-1", "您好") is not None
    assert SpeechCache(tmp_path).get("voice-1", "您好") is None


def test_the_folder_stays_within_its_bound_and_the_latest_used_stays(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_mb=1)
    for number in range(4):
        cache.put("v", str(number), QUARTER_MB)
    for age_s, path in enumerate(files(tmp_path)):
        os.utime(path, (1000 + age_s, 1000 + age_s))
    assert SpeechCache(tmp_path, max_mb=1).get("v", "0") is not None  # used: now the newest
    cache.put("v", "4", QUARTER_MB)
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1024 * 1024
    fresh = SpeechCache(tmp_path, max_mb=1)
    assert fresh.get("v", "0") is not None
    assert fresh.get("v", "4") is not None


def test_a_damaged_file_is_a_miss(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put("v", "您好", HELLO)
    files(tmp_path)[0].write_bytes(b"odd")
    assert SpeechCache(tmp_path).get("v", "您好") is None


def test_a_disk_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    cache = SpeechCache(blocked)
    cache.put("v", "您好", HELLO)
    assert cache.get("v", "您好") is not None
    assert SpeechCache(blocked).get("v", "您好") is None


def test_readers_and_writers_at_once_see_whole_clauses(tmp_path: Path) -> None:
    wrong: list[Pcm] = []

    def work() -> None:
        for _ in range(50):
            cache = SpeechCache(tmp_path)
            cache.put("v", "您好", HELLO)
            found = SpeechCache(tmp_path).get("v", "您好")
            if found is None or len(found) != len(HELLO):
                wrong.append(HELLO if found is None else found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(files(tmp_path)) == 1


def test_fingerprint_and_text_cannot_be_confused() -> None:
    assert cache_key("ab", "c") != cache_key("a", "bc")

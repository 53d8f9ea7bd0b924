"""Prepared speech on a disk that is full, damaged, hostile, or shared with other processes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.speech.fakes import ToneVoice
from voicebot.speech.cache import SpeechCache, cache_key
from voicebot.speech.needed import KEPT_S
from voicebot.speech.speaker import Speaker

HELLO = np.arange(1000, dtype=np.int16)
QUARTER_MB = np.zeros(128 * 1024 - 8, np.int16)
PATIENCE_S = 60.0


def place(folder: Path, text: str, fingerprint: str = "v") -> Path:
    key = cache_key(fingerprint, text)
    return folder / key[:2] / f"{key}.clause"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.clause"))


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])  # an even number of bytes: still samples


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100] ^= 0x40
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_link_to_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def a_giant(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    "harm",
    [torn, flipped, emptied, a_pipe, a_folder, a_link_to_a_device, a_link_to_itself, a_giant],
)
def test_what_is_not_whole_is_rendered_again(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    voice = ToneVoice()
    Speaker(voice, SpeechCache(tmp_path)).prepare(["好的。"])
    harm(place(tmp_path, "好的。", voice.fingerprint))
    cache = SpeechCache(tmp_path)
    speaker = Speaker(voice, cache)
    (clause,) = speaker.clauses("好的。")
    assert speaker.cached(clause) is None
    assert len(speaker.render(clause)) > 0
    assert speaker.cached(clause) is not None
    assert cache.sweep() >= 0
    assert voice.rendered == ["好的。", "好的。"]


def test_a_file_that_may_not_be_read_is_a_miss(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put("v", "好的。", HELLO)
    place(tmp_path, "好的。").chmod(0)
    if os.geteuid() == 0:  # who may read everything needs another reason
        place(tmp_path, "好的。").unlink()
        place(tmp_path, "好的。").symlink_to(tmp_path / "elsewhere")
    assert SpeechCache(tmp_path).get("v", "好的。") is None


def test_a_full_disk_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    """The limit on a file's size stands for a full disk: both fail in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    cache = SpeechCache(tmp_path)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        cache.put("v", "好的。", HELLO)
        cache.needs("pack", [("v", str(number)) for number in range(100)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)
    assert cache.get("v", "好的。") is not None  # from memory
    assert SpeechCache(tmp_path).get("v", "好的。") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("where", ["no folder", "/proc", "/dev/null", "a link in a circle"])
def test_a_folder_that_is_none(tmp_path: Path, where: str) -> None:
    folder = Path(where) if where.startswith("/") else tmp_path / "place"
    if where == "no folder":
        folder.write_text("a file")
    if where == "a link in a circle":
        folder.symlink_to(folder)
    voice = ToneVoice()
    speaker = Speaker(voice, SpeechCache(folder))
    speaker.needs("pack", ["好的。"])
    assert speaker.prepare(["好的。"]) == 1
    (clause,) = speaker.clauses("好的。")
    assert speaker.cached(clause) is not None
    assert speaker.cache_bytes() == 0


def test_files_of_others_are_never_deleted(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    (folder / "ab").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "thesis.clause").write_bytes(bytes(3 << 20))
    (folder / "ab" / "notes.txt").write_bytes(bytes(3 << 20))
    (folder / "cd").symlink_to(elsewhere)
    assert SpeechCache(folder, max_mb=1).sweep() == 0
    assert (elsewhere / "thesis.clause").exists()
    assert (folder / "ab" / "notes.txt").exists()


def test_what_a_pack_needs_outlives_what_was_said_by_chance(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_mb=1)
    cache.needs("pack", [("v", "needed")])
    cache.put("v", "needed", QUARTER_MB)
    os.utime(place(tmp_path, "needed"), (1000, 1000))  # by far the longest unused
    for number in range(8):
        cache.put("v", f"live {number}", QUARTER_MB)
    fresh = SpeechCache(tmp_path, max_mb=1)
    assert fresh.get("v", "needed") is not None
    assert fresh.get("v", "live 0") is None
    assert fresh.get("v", "live 7") is not None


def test_the_bound_holds_for_what_is_needed_too(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_mb=1)
    texts = [f"needed {number}" for number in range(8)]
    cache.needs("pack", [("v", text) for text in texts])
    for text in texts:
        cache.put("v", text, QUARTER_MB)
    assert cache.sweep() <= 1024 * 1024
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 1024 * 1024


def test_a_pack_that_nobody_starts_any_more_needs_nothing(tmp_path: Path) -> None:
    SpeechCache(tmp_path).needs("pack", [("v", "needed")])
    now_s = time.time()
    late = SpeechCache(tmp_path, max_mb=1, clock=lambda: now_s + KEPT_S + 60)
    late.put("v", "needed", QUARTER_MB)
    os.utime(place(tmp_path, "needed"), (1000, 1000))
    for number in range(8):
        late.put("v", f"live {number}", QUARTER_MB)
    assert SpeechCache(tmp_path).get("v", "needed") is None


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for each in started:
        each.kill()
        each.communicate()


def start(folder: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.speech.preparing_process", folder, log, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_do_not_render_the_same_clause_twice(
    tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    log, folder = tmp_path / "log", tmp_path / "cache"
    sentences = [f"这是第{digit}句话。" for digit in "一二三四五六七八"]
    processes += [start(folder, log, 0.05) for _ in range(2)]
    done: list[str] = []
    threads = [
        threading.Thread(
            target=lambda p: done.append(p.communicate("\n".join(sentences), timeout=60)[0]),
            args=[process],
        )
        for process in processes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    rendered = log.read_text("utf-8").splitlines()
    assert sorted(rendered) == sorted(sentences)
    assert sum(int(line.split()[1]) for line in done) == len(sentences)
    assert len(entries(folder)) == len(sentences)
    assert list(folder.rglob("*.claim")) == []


def test_a_process_that_dies_while_rendering_holds_nobody_up(
    tmp_path: Path, processes: list[subprocess.Popen[str]]
) -> None:
    log, folder = tmp_path / "log", tmp_path / "cache"
    dying = start(folder, log, 600.0)
    processes.append(dying)
    assert dying.stdin is not None
    dying.stdin.write("好的。")
    dying.stdin.close()
    give_up_s = time.monotonic() + PATIENCE_S
    while not log.exists() and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert log.read_text("utf-8") == "好的。\n"
    dying.kill()
    dying.wait(PATIENCE_S)
    dying.stdin = None  # `communicate` would flush it
    voice = ToneVoice()
    began_s = time.monotonic()
    assert Speaker(voice, SpeechCache(folder)).prepare(["好的。"]) == 1
    assert time.monotonic() - began_s < 30


def test_a_claim_that_is_held_for_ever_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    first, second = SpeechCache(tmp_path), SpeechCache(tmp_path)
    with first.claim("v", "好的。", wait_s=1.0):
        began_s = time.monotonic()
        with second.claim("v", "好的。", wait_s=0.2):
            waited_s = time.monotonic() - began_s
    assert 0.15 < waited_s < 20

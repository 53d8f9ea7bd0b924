"""The tape opens whatever happened, and its channels are in step."""

from __future__ import annotations

import asyncio
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_support import ROOT, loud_ms, read_stereo, samples, voice

from telephony.errors import TapeError
from telephony.tape import StereoMixer, Tape


def test_caller_left_bot_right_and_the_shorter_side_is_filled(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "call.wav")
    tape.received(voice(1.5, seed=1))
    tape.sent(voice(1.0, seed=2))
    assert tape.duration_ms == 1000
    tape.close()
    tape.close()
    left, right = read_stereo(tmp_path / "call.wav")
    assert (left == samples(voice(1.5, seed=1))).all()
    assert (right[:8000] == samples(voice(1.0, seed=2))).all()
    assert not right[8000:].any()


def test_swapped_puts_what_we_sent_on_the_left(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "call.wav", swapped=True)
    tape.sent(voice(0.5))
    tape.received(bytes(8000))
    tape.close()
    left, right = read_stereo(tmp_path / "call.wav")
    assert len(loud_ms(np.ascontiguousarray(left))) == 50
    assert not right.any()


def test_the_file_opens_at_any_moment_and_misses_a_second_at_most(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    tape = Tape(path)
    for number in range(175):
        tape.received(b"\1\0" * 160)
        tape.sent(b"\2\0" * 160)
        with wave.open(str(path)) as file:
            frames = file.getnframes()
            assert len(file.readframes(frames)) == frames * 4
            assert (number + 1) * 160 - frames <= 8000
    tape.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from telephony.errors import TapeError
from telephony.tape import Tape
tape = Tape(Path(sys.argv[1]))
for _ in range(170):
    tape.received(b"\\1\\0" * 160)
    tape.sent(b"\\2\\0" * 160)
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_killed_recorder_leaves_a_tape_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, path, cwd=ROOT)
    assert await process.wait() == -9
    left, right = read_stereo(path)
    assert len(left) == 3 * 8000  # 3.4 s were recorded
    assert set(left) == {1.0}
    assert set(right) == {2.0}


def test_a_pause_is_silence_on_both_sides_and_times_stay_true(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "call.wav")
    for seconds, paused in ((1, False), (2, True), (1, False)):
        (tape.pause if paused else tape.resume)()
        assert tape.paused is paused
        for _ in range(50 * seconds):
            tape.received(b"\1\0" * 160)
            tape.sent(b"\2\0" * 160)
    tape.close()
    left, right = read_stereo(tmp_path / "call.wav")
    assert len(left) == 4 * 8000
    for side in (left, right):
        assert side[:8000].all()
        assert not side[8000:24000].any()
        assert side[24000:].all()


@pytest.mark.parametrize("swapped", [False, True])
def test_a_stretch_of_one_side_is_silenced_in_the_file_and_in_hand(
    tmp_path: Path, swapped: bool
) -> None:
    tape = Tape(tmp_path / "call.wav", swapped=swapped)
    mine, theirs = voice(1.5, seed=1), voice(1.5, seed=2)
    tape.received(theirs)
    tape.sent(mine)  # a second of both is in the file, the rest in hand
    tape.received(theirs)
    tape.silence(400, 1700, sent=False)
    tape.silence(100, 200, sent=True)
    tape.silence(-50, 0, sent=True)
    tape.silence(90_000, 91_000, sent=True)  # not recorded
    tape.sent(mine)
    tape.close()
    left, right = read_stereo(tmp_path / "call.wav")
    received, sent = (right, left) if swapped else (left, right)
    there, here = samples(theirs + theirs).copy(), samples(mine + mine).copy()
    there[400 * 8 : 1700 * 8] = 0
    here[100 * 8 : 200 * 8] = 0
    assert (received == there).all()
    assert (sent == here).all()


def test_a_tape_that_cannot_be_silenced_says_so(tmp_path: Path) -> None:
    tape = Tape(tmp_path / "call.wav")
    tape.received(voice(1.5))
    tape.sent(voice(1.5))
    (tmp_path / "call.wav").unlink()
    with pytest.raises(TapeError, match="100 to 200 ms cannot be silenced"):
        tape.silence(100, 200, sent=True)
    tape.close()


def test_a_tape_that_cannot_be_made_says_why_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path, reason in (
        (tmp_path / "missing" / "call.wav", "No such file or directory"),
        (tmp_path / "file" / "call.wav", "Not a directory"),
        (tmp_path, "Is a directory"),
        (Path("/dev/full"), "No space left on device"),
    ):
        with pytest.raises(TapeError) as caught:
            Tape(path)
        assert str(caught.value) == (
            f"{path}: the recording cannot be made: {reason}; recordings need a folder that "
            "exists, can be written to and has room"
        )
        assert isinstance(caught.value, OSError)


FULL = """
import logging, resource, sys
from pathlib import Path
from telephony.errors import TapeError
from telephony.tape import Tape
from telephony.taps import Taps

class Counter:
    frames = 0
    def received(self, pcm):
        self.frames += 1
    def sent(self, pcm):
        pass

logging.basicConfig(format="%(message)s")
# The kernel's own refusal of a write, 2.5 s into the recording.
resource.setrlimit(resource.RLIMIT_FSIZE, (44 + 80_000, resource.RLIM_INFINITY))
tape, counter, taps = Tape(Path(sys.argv[1])), Counter(), Taps("c1")
taps.attach(tape)
taps.attach(counter)
for _ in range(300):
    taps.tell(bytes(320), b"\\1\\0" * 160)
tape.close()
print(counter.frames)
"""


async def test_a_full_disk_ends_the_tape_with_one_line_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FULL, path),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert out.decode().split()[0] == "300", err.decode()  # the other tap heard all of the call
    assert err.decode().splitlines() == [
        f"call c1: {path}: the recording ends after 2 s: File too large; make room or repair the "
        "disk"
    ]
    left, _ = read_stereo(path)
    assert len(left) == 2 * 8000
    assert left.all()


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=9).map(lambda b: b * 2))))
def test_the_mixer_loses_and_invents_nothing(pieces: list[tuple[bool, bytes]]) -> None:
    mixer = StereoMixer()
    sides, out = {True: b"", False: b""}, b""
    for right, pcm in pieces:
        (mixer.right if right else mixer.left)(pcm)
        sides[right] += pcm
        out += mixer.take()
    out += mixer.take_rest()
    longest = max(len(sides[True]), len(sides[False]))
    stereo = np.frombuffer(out, dtype="<i2").reshape(-1, 2)
    assert stereo[:, 0].tobytes() == sides[False].ljust(longest, b"\0")
    assert stereo[:, 1].tobytes() == sides[True].ljust(longest, b"\0")

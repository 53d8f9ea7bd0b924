"""Where a clause is cut, and that nothing of it is lost or doubled."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.kokoro_windows import HALF_FRAME, Window, audible, joined, windows

SILENT, LOUD = -9.0, 7.0


def energy(*runs: tuple[int, float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.concatenate([np.full(count, level, np.float32) for count, level in runs])


def test_silence_at_both_ends_is_cut_to_60_ms() -> None:
    assert audible(energy((40, SILENT), (80, LOUD), (60, SILENT))) == (34, 126)
    assert audible(energy((2, SILENT), (80, LOUD))) == (0, 82)


def test_a_silent_curve_has_nothing_audible() -> None:
    assert audible(energy((40, SILENT))) == (0, 0)


def test_a_short_clause_is_one_window() -> None:
    assert windows(energy((70, LOUD))) == [Window(0, 70, 0, 70)]


def test_cuts_are_where_it_is_quiet() -> None:
    curve = energy((50, LOUD), (3, 1.0), (200, LOUD))
    first = windows(curve)[0]
    assert 50 <= first.stop < 53


def test_the_first_window_is_the_shortest() -> None:
    first, *later = windows(energy((600, LOUD)))
    assert len(later) >= 3
    assert first.stop - first.start < min(w.stop - w.start for w in later)


@given(st.lists(st.floats(-10, 10, width=32), min_size=2, max_size=700))
def test_windows_join_to_what_they_were_cut_from(levels: list[float]) -> None:
    curve = np.array(levels, np.float32)
    plan = windows(curve)
    assert plan[0].start == 0 and plan[-1].stop == len(curve)
    assert all(a.stop == b.start for a, b in itertools.pairwise(plan))
    sound = np.sin(np.arange(len(curve) * HALF_FRAME, dtype=np.float32) / 50)
    pieces = [(w, sound[w.left * HALF_FRAME : w.right * HALF_FRAME]) for w in plan]
    out = list(joined(pieces))
    assert [len(piece) for piece in out] == [(w.stop - w.start) * HALF_FRAME for w in plan]
    np.testing.assert_allclose(np.concatenate(out), sound, atol=1e-5)


def test_windows_that_differ_are_faded_over_without_a_step() -> None:
    plan = windows(energy((300, LOUD)))
    pieces = [
        (w, np.full((w.right - w.left) * HALF_FRAME, float(number), np.float32))
        for number, w in enumerate(plan)
    ]
    steps = np.abs(np.diff(np.concatenate(list(joined(pieces)))))
    assert len(plan) > 1
    assert steps.max() < 0.01

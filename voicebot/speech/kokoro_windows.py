"""In which pieces a clause is made: where its silence ends, where to cut, how pieces are joined.

All positions are half frames of 12.5 ms, the steps of Kokoro's energy curve.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.line_audio import Samples

HALF_FRAME = 300  # samples at 24 kHz

_AUDIBLE = -2.0  # speech is at 0 to 9, soft consonants from -2, silence at -9
_KEPT = 5  # half frames of silence that stay at both ends: 62 ms
_CONTEXT = 8  # what the generator sees to either side of a window: its reach is 7
_FIRST, _LATER = 56, 128  # .7 s, so that sound is early; 1.6 s, since that costs less
_SLACK = 12  # how far a cut may move to where it is quiet
_FADE = 240  # samples, 10 ms


@dataclass(frozen=True)
class Window:
    """The half frames `start` to `stop` are wanted; the generator is fed `left` to `right`."""

    start: int
    stop: int
    left: int
    right: int


def audible(energy: npt.NDArray[np.float32]) -> tuple[int, int]:
    """Where speech starts and stops in an energy curve, shape (n,): even positions.

    (0, 0) if there is none.
    """
    loud = np.flatnonzero(energy > _AUDIBLE)
    if not len(loud):
        return 0, 0
    start = max(0, int(loud[0]) - _KEPT)
    stop = min(len(energy), int(loud[-1]) + 1 + _KEPT)
    return start - start % 2, stop + stop % 2


def windows(energy: npt.NDArray[np.float32]) -> list[Window]:
    """Cut a clause, shape (n,), into windows; cuts are at its quietest places in reach."""
    length, cuts, wanted = len(energy), [0], _FIRST
    while length - cuts[-1] > wanted + wanted // 2:
        around = cuts[-1] + wanted
        nearby = energy[around - _SLACK : around + _SLACK]
        cuts.append(around - _SLACK + int(np.argmin(nearby)))
        wanted = _LATER
    cuts.append(length)
    return [
        Window(start, stop, max(0, start - _CONTEXT), min(length, stop + _CONTEXT))
        for start, stop in itertools.pairwise(cuts)
    ]


def joined(pieces: Iterable[tuple[Window, Samples]]) -> Iterator[Samples]:
    """The sound of consecutive windows, one after the other, each faded over into the next.

    A piece is all the generator made, from `left` to `right`; what comes out adds up to the
    half frames `start` to `stop` of all windows.
    """
    rise = np.linspace(0, 1, _FADE, dtype=np.float32)
    held: Samples | None = None
    for window, samples in pieces:
        begin = (window.start - window.left) * HALF_FRAME
        end = (window.stop - window.left) * HALF_FRAME
        sound = samples[begin:end].copy()
        if held is not None:
            sound[:_FADE] = sound[:_FADE] * rise + held * (1 - rise)
        held = samples[end : end + _FADE]
        yield sound

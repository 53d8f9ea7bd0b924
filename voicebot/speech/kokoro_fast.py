"""The converted Kokoro: text, decoder and generator apart, so that silence is never made and
the first sound of a clause is there before its last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.speech.kokoro_text import Feed
from voicebot.speech.kokoro_windows import Window, audible, joined, windows
from voicebot.speech.line_audio import Samples

Run = Callable[[str, Feed], list[npt.NDArray[Any]]]
"""Runs the model of this name; raises when the clause is to end."""

FAST_MODELS = ("text", "decoder", "generator")
_STYLE = 128  # of the style, what is for the sound; the rest is for the rhythm
_HOPS = 60  # of the source, a half frame


def speak_windows(feed: Feed, run: Run) -> Iterator[tuple[Samples, bool]]:
    """The sound of ``tokens``, ``style`` and ``speed``, window by window, without its silence.

    Yields floats at 24 kHz and whether they are the last. The instance normalisation in the
    generator sees a window where it saw a clause: docs/voice.md has what that changes.
    """
    text, pitch, energy = run("text", feed)
    start, stop = audible(energy[0])
    if start == stop:
        return
    style = np.ascontiguousarray(feed["style"][:, :_STYLE])
    curve = energy[:, start:stop]
    aligned: Feed = {
        "text": text[:, :, start // 2 : stop // 2],
        "pitch": pitch[:, start:stop],
        "energy": curve,
        "style": style,
    }
    features, source = run("decoder", aligned)

    def piece(window: Window) -> Samples:
        hops = slice(_HOPS * window.left, _HOPS * window.right + 1)
        part = features[:, :, window.left : window.right]
        (audio,) = run(
            "generator", {"features": part, "source": source[:, :, hops], "style": style}
        )
        return np.asarray(audio, np.float32)

    plan = windows(curve[0])
    sounds = joined((window, piece(window)) for window in plan)
    for number, sound in enumerate(sounds, 1):
        yield sound, number == len(plan)

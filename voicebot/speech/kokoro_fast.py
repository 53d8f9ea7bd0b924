"""The converted Kokoro: text, decoder and generator apart, so that silence is never made.

A clause is generated as one. In windows it would be heard earlier, but the generator normalises
over all it is given: a window alone sounds different, and is understood worse (docs/voice.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.speech.kokoro_text import Feed
from voicebot.speech.line_audio import Samples

Run = Callable[[str, Feed], list[npt.NDArray[Any]]]
"""Runs the model of this name; raises when the clause is to end."""

FAST_MODELS = ("text", "decoder", "generator")
_STYLE = 128  # of the style, what is for the sound; the rest is for the rhythm
_AUDIBLE = -2.0  # of the energy curve: speech is at 0 to 9, soft consonants from -2, silence at -9
# Half frames of 12.5 ms of silence that stay at both ends. The generator's normalisation counts
# them: with 62 ms a clause was understood worse than with 262 ms (docs/voice.md).
_KEPT = 21


def speak_clause(feed: Feed, run: Run) -> Samples:
    """The sound of ``tokens``, ``style`` and ``speed``: floats at 24 kHz, shape (n,).

    Without its leading and trailing silence but for 262 ms; n is 0 if it is nothing else.
    """
    text, pitch, energy = run("text", feed)
    start, stop = audible(energy[0])
    if start == stop:
        return np.zeros(0, np.float32)
    style = np.ascontiguousarray(feed["style"][:, :_STYLE])
    aligned: Feed = {
        "text": text[:, :, start // 2 : stop // 2],
        "pitch": pitch[:, start:stop],
        "energy": energy[:, start:stop],
        "style": style,
    }
    features, source = run("decoder", aligned)
    (audio,) = run("generator", {"features": features, "source": source, "style": style})
    return np.asarray(audio, np.float32)


def identity() -> str:
    """What the same models sound different by."""
    return repr((_AUDIBLE, _KEPT))


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

"""The converted Kokoro: text, decoder and generator, one after the other.

A clause is generated as one, with all its silence. In windows it would be heard earlier, and
without its silence sooner made, but the generator normalises over all it is given: the rest sounds
different, and is understood worse (docs/voice.md).
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


def speak_clause(feed: Feed, run: Run) -> Samples:
    """The sound of ``tokens``, ``style`` and ``speed``: floats at 24 kHz, shape (n,)."""
    text, pitch, energy = run("text", feed)
    style = np.ascontiguousarray(feed["style"][:, :_STYLE])
    aligned: Feed = {"text": text, "pitch": pitch, "energy": energy, "style": style}
    features, source = run("decoder", aligned)
    (audio,) = run("generator", {"features": features, "source": source, "style": style})
    return np.asarray(audio, np.float32)

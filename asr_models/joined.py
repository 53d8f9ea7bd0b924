"""One recognition from those of the stretches of a longer sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asr_models.api import Recognition
from asr_models.script import strip_punctuation

_ENDS = "，。？！、；："


def join_texts(texts: Sequence[str]) -> str:
    """The texts that are not empty, with a comma where one ends without a mark."""
    joined = ""
    for text in texts:
        comma = "，" if text and joined and joined[-1] not in _ENDS else ""
        joined += comma + text
    return joined


def join_recognitions(
    parts: Sequence[tuple[int, Recognition]], *, audio_ms: int, cpu_s: float
) -> Recognition:
    """Join stretches, each with the ms at which it begins; at least one.

    `confidence` is the mean, weighed by characters. `alternatives` are given where there is one
    stretch. Where all were refused, `rejected` is the first one's. `cpu_s` is the whole's.
    """
    heard = [part for _, part in parts if part.text]
    if not heard:
        rejected = parts[0][1].rejected
        return Recognition("", 0.0, audio_ms=audio_ms, cpu_s=cpu_s, rejected=rejected)
    weights = [len(strip_punctuation(part.text)) for part in heard]
    weighed = zip(heard, weights, strict=True)
    spans = [
        replace(span, start_ms=span.start_ms + begin_ms, end_ms=span.end_ms + begin_ms)
        for begin_ms, part in parts
        for span in part.spans
    ]
    return Recognition(
        join_texts([part.text for part in heard]),
        sum(part.confidence * weight for part, weight in weighed) / sum(weights),
        heard[0].alternatives if len(parts) == 1 else (),
        audio_ms,
        cpu_s,
        spans=tuple(spans),
    )

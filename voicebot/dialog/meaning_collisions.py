"""Triggers that mean more like another scene: leave one out, judged by the embedder.

The likeness is the one that retrieval ranks by first (cosine of the embedder's vectors). All
triggers are embedded once and compared in blocks, so that a thousand scenes need one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from voicebot.dialog.collisions import Progress, problem_at
from voicebot.pack import Pack
from voicebot.pack_yaml import Problem

LEAD = 0.02  # of cosine: as much nearer to another scene than to the rest of its own
_BATCH = 128
_BLOCK = 512
Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]


def meaning_collisions(
    pack: Pack, embed: Embed, progress: Progress = lambda done, total: None
) -> Iterator[Problem]:
    """A warning for each trigger that another scene's trigger is nearer to, by `LEAD`."""
    groups = [tuple(dict.fromkeys((scene.name, *scene.triggers))) for scene in pack.scenes]
    texts = [text for group in groups for text in group]
    if len(groups) < 2:
        return
    parts = []
    for start in range(0, len(texts), _BATCH):
        progress(start, len(texts))
        parts.append(embed(texts[start : start + _BATCH]))
    vectors = np.concatenate(parts)
    starts = np.cumsum([0, *map(len, groups)])
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    for start in range(0, len(texts), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(texts)))
        alike = vectors[block] @ vectors.T
        alike[np.arange(len(block)), block] = -1.0
        best = np.maximum.reduceat(alike, starts[:-1], axis=1)
        own = best[np.arange(len(block)), owner[block]].copy()
        best[np.arange(len(block)), owner[block]] = -1.0
        for row in np.flatnonzero(best.max(axis=1) > own + LEAD):
            number = int(block[row])
            mine, other = int(owner[number]), int(best[row].argmax())
            span = alike[row, starts[other] : starts[other + 1]]
            near = texts[int(starts[other]) + int(span.argmax())]
            scene, text = pack.scenes[mine], texts[number]
            nth = scene.triggers.index(text) if text in scene.triggers else -1
            told = f"{text!r} means more like {pack.scenes[other].id} ({near!r}) than the rest of"
            yield problem_at(
                scene, nth, f"{told} this scene; word it apart, or add others like it", warn=True
            )

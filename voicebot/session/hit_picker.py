"""Lets a language model choose among close hits and a scene. It only chooses; it words nothing."""

from __future__ import annotations

from dataclasses import replace

from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.api import Cancelled, never
from voicebot.language.pick import MAX_PASSAGES, Picker

WORTH_ASKING = 0.2  # a scene less likely than this is no option


class HitPicker:
    """Re-orders an unsure search result by a few-shot choice (`voicebot.language.pick`).

    The likeliest scene is one of the options, beside the best passages.
    """

    def __init__(self, picker: Picker) -> None:
        self._picker = picker

    def refine(
        self,
        result: SearchResult,
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> SearchResult:
        """The result with the chosen hit first, or the chosen scene likely; or both less likely.

        Raises what the engine raises.
        """
        scene = result.scene if result.scene_probability >= WORTH_ASKING else None
        hits = result.hits[: MAX_PASSAGES - bool(scene)]
        titles = [_title(hit) for hit in hits] + ([_name(scene)] if scene else [])
        if not titles:
            return result
        pick = self._picker.pick(result.query, titles, deadline_ms, cancelled)
        other = 1.0 - pick.probability
        if pick.index is None:
            return _doubted(result, other, other)
        if pick.index == len(hits):
            return replace(_doubted(result, other, 1.0), scene_probability=pick.probability)
        chosen = hits[pick.index]
        others = tuple(hit for hit in result.hits if hit is not chosen)
        doubted = _doubted(result, 1.0, other)
        return replace(doubted, hits=(chosen, *others), answerable=pick.probability)


def _doubted(result: SearchResult, answerable: float, scene: float) -> SearchResult:
    """The result with chances of no more than these."""
    return replace(
        result,
        answerable=min(result.answerable, answerable),
        scene_probability=min(result.scene_probability, scene),
    )


def _name(scene: Hit) -> str:
    return f"排查{scene.text or scene.title}"


def _title(hit: Hit) -> str:
    return hit.title if hit.kind is HitKind.FAQ and hit.title else hit.text

"""Lets a language model choose among close hits. It only ever chooses; it never words a reply."""

from __future__ import annotations

from dataclasses import replace

from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.api import Cancelled, never
from voicebot.language.pick import MAX_PASSAGES, Picker


class HitPicker:
    """Re-orders an unsure search result by a few-shot choice (`voicebot.language.pick`)."""

    def __init__(self, picker: Picker) -> None:
        self._picker = picker

    def refine(
        self,
        result: SearchResult,
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> SearchResult:
        """The result with the chosen hit first; or less answerable, if none was chosen.

        Raises what the engine raises.
        """
        hits = result.hits[:MAX_PASSAGES]
        if not hits:
            return result
        titles = [_title(hit) for hit in hits]
        pick = self._picker.pick(result.query, titles, deadline_ms, cancelled)
        if pick.index is None:
            return replace(result, answerable=min(result.answerable, 1.0 - pick.probability))
        chosen = hits[pick.index]
        others = tuple(hit for hit in result.hits if hit is not chosen)
        return replace(result, hits=(chosen, *others), answerable=pick.probability)


def _title(hit: Hit) -> str:
    return hit.title if hit.kind is HitKind.FAQ and hit.title else hit.text

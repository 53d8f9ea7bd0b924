"""Lets a language model choose among close hits. It only ever chooses; it never words a reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.language.pick import MAX_PASSAGES, Picker
from voicebot.settings import Settings
from voicebot.weights import locate


class HitPicker:
    """Re-orders an unsure search result by a few-shot choice (`voicebot.language.pick`)."""

    def __init__(self, picker: Picker) -> None:
        self._picker = picker

    @property
    def estimate_ms(self) -> float:
        """What a choice is likely to take (95th percentile of the recent ones)."""
        return self._picker.estimate_ms

    def refine(self, result: SearchResult) -> SearchResult:
        """The result with the chosen hit first; or less answerable, if none was chosen."""
        hits = result.hits[:MAX_PASSAGES]
        if not hits:
            return result
        pick = self._picker.pick(result.query, [_title(hit) for hit in hits])
        if pick.index is None:
            return replace(result, answerable=min(result.answerable, 1.0 - pick.probability))
        chosen = hits[pick.index]
        others = tuple(hit for hit in result.hits if hit is not chosen)
        return replace(result, hits=(chosen, *others), answerable=pick.probability)


def _title(hit: Hit) -> str:
    return hit.title if hit.kind is HitKind.FAQ and hit.title else hit.text


def build_picker(settings: Settings, step: Callable[[str, str], None]) -> HitPicker | None:
    """The language model that chooses among close hits, if the settings want one."""
    if settings.language.engine == "none":
        return None
    step("loading the language model", settings.language.model)
    folder = locate(settings.language.model, settings.models)
    picker = Picker(Ct2Engine(folder, settings.language.threads))
    picker.warm()
    return HitPicker(picker)

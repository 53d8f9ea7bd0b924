"""What a language model does in calls: choose among close hits; each use asked by the ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from voicebot.knowledge.api import SearchResult
from voicebot.language.api import Engine
from voicebot.language.build import build_engine
from voicebot.language.pick import Picker
from voicebot.session.hit_picker import HitPicker
from voicebot.session.ladder import Ladder
from voicebot.settings import Settings
from voicebot.turns.budget import Budget
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler

CHOICE_STAGE = "choice"
UNSURE = (0.3, 0.7)
"""Between these chances that the first hit answers, a model is asked; outside nobody needs it."""


@dataclass(frozen=True)
class Language:
    """The uses that are on; None for those that are not."""

    ladder: Ladder
    picker: HitPicker | None = None

    async def choose(self, result: SearchResult, budget: Budget | None) -> SearchResult | None:
        """The result as a model orders it; None where it is not asked, or not in time."""
        low, high = UNSURE
        if self.picker is None or not low <= result.answerable <= high:
            return None
        return await self.ladder.ask(CHOICE_STAGE, partial(self.picker.refine, result), budget)


def load_engine(settings: Settings, step: Callable[[str, str], None]) -> Engine | None:
    """The language model that the settings want, if they want one."""
    if settings.language.engine == "none":
        return None
    step("loading the language model", settings.language.model)
    return build_engine(settings.language, settings.models)


def language_of(
    engine: Engine | None, scheduler: InferenceScheduler, estimates: StageEstimates
) -> Language | None:
    """What that model does in calls."""
    if engine is None:
        return None
    picker = Picker(engine)
    picker.warm()
    ladder = Ladder(scheduler, estimates, remote=engine.remote)
    return Language(ladder, HitPicker(picker))

"""What a language model does in calls: choose, classify, word; each use asked by the ladder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from voicebot.knowledge.api import Hit, SearchResult
from voicebot.language.api import Engine
from voicebot.language.build import build_engine
from voicebot.language.classify import Classifier, Meaning
from voicebot.language.phrase import Phraser, Phrasing
from voicebot.language.pick import Picker
from voicebot.language.probe import FORMS, Probed, Report, probe
from voicebot.language.prompt_files import prompt_texts
from voicebot.pack import PromptText
from voicebot.session.hit_picker import HitPicker
from voicebot.session.ladder import Ladder
from voicebot.settings import Settings
from voicebot.turns.budget import Budget
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler

STAGES = {"choose": "choice", "classify": "classify", "phrase": "phrase"}
COLD_ESTIMATES_MS = {"choice": 1300.0, "classify": 1300.0, "phrase": 8000.0}
UNSURE = (0.3, 0.7)
"""Between these chances that the first hit answers, a model is asked; outside nobody needs it."""
Step = Callable[[str, str], None]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Language:
    """The uses that are on; None for those that are not."""

    ladder: Ladder
    picker: Picker | None = None
    classifier: Classifier | None = None
    phraser: Phraser | None = None

    async def choose(self, result: SearchResult, budget: Budget | None) -> SearchResult | None:
        """The result as a model orders it; None where it is not asked, or not in time."""
        low, high = UNSURE
        chances = (result.answerable, result.scene_probability)
        sure = max(chances) > high or not any(low <= chance for chance in chances)
        if self.picker is None or sure:
            return None
        return await self.ladder.ask(
            "choice", partial(HitPicker(self.picker).refine, result), budget
        )

    async def classify(self, said: str, bot_said: str, budget: Budget | None) -> Meaning | None:
        """What an unclear turn means; None where nobody is asked, or not in time."""
        if self.classifier is None:
            return None
        job = partial(self.classifier.classify, said, bot_said)
        return await self.ladder.ask("classify", job, budget)

    async def phrase(
        self, question: str, hit: Hit, scene: str, budget: Budget | None
    ) -> Phrasing | None:
        """The cited passage's answer in other words; None where the extract stays."""
        if self.phraser is None:
            return None
        job = partial(self.phraser.phrase, question, [hit.text], scene)
        return await self.ladder.ask("phrase", job, budget)


@dataclass(frozen=True)
class Loaded:
    """A model, what it may be used for here, and how it was found out."""

    engine: Engine
    parts: Probed
    report: Report

    def language(self, scheduler: InferenceScheduler, estimates: StageEstimates) -> Language:
        """Its part in calls."""
        parts, report = self.parts, self.report
        return Language(
            Ladder(scheduler, estimates, remote=self.engine.remote),
            parts.picker if report.able("choose") else None,
            parts.classifier if report.able("classify") else None,
            parts.phraser if report.able("phrase") else None,
        )

    def estimates_ms(self) -> dict[str, float]:
        """What each stage took at the probe, for a start."""
        taken = {stage: self.report.slowest_ms(use) for use, stage in STAGES.items()}
        return {stage: ms for stage, ms in taken.items() if ms > 0}


def load_language(
    settings: Settings,
    own: Sequence[PromptText],
    step: Step,
    *,
    uses: Sequence[str] | None = None,
    forms: bool = False,
    limit_ms: float | None = None,
) -> Loaded | None:
    """The language model that the settings want, probed; None if they want none.

    `own` are the pack's prompts. Raises WeightsError or LanguageError if it cannot be loaded; a
    server that does not answer is loaded, and has no uses. An answer must take no longer than
    `limit_ms` (default: the budget's patience).
    """
    wanted = settings.language
    if wanted.engine == "none":
        return None
    step("loading the language model", wanted.model)
    engine = build_engine(wanted, settings.models)
    texts = prompt_texts(own)
    chosen = wanted.uses if uses is None else uses
    rest = engine.count, wanted.prompt_tokens
    parts = Probed(
        engine,
        Picker(engine, texts["choose"], *rest) if "choose" in chosen else None,
        Classifier(engine, texts["classify"], *rest) if "classify" in chosen else None,
        Phraser(engine, texts["phrase"], *rest) if "phrase" in chosen else None,
        forms,
    )
    limit_ms = limit_ms or settings.budget.patience_ms
    report = probe(parts, limit_ms, lambda use: step("probing the model", use))
    for use in (*chosen, *([FORMS] if forms else [])):
        log.info("language model probed", model=engine.name, use=use, result=report.line(use))
    return Loaded(engine, parts, report)

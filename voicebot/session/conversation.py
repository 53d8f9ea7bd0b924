"""The talk without the telephone: one code path for phone, chat and replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from voicebot.dialog.events import Action, Event, Found, Heard, Say, SayKind, Search
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState, Phase
from voicebot.dialog.turn_confidence import Calibration, Inputs, calibration
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.session.judged import inputs
from voicebot.session.language import Language
from voicebot.turns.budget import Budget
from voicebot.turns.scheduler import InferenceScheduler, Priority

MAX_SEARCHES_A_TURN = 3
HITS = 5
BY_MODEL = "language model"


class Searcher(Protocol):
    """The part of knowledge that a conversation needs."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult: ...


@dataclass(frozen=True)
class ByModel:
    """What a language model did to a thought.

    `prompts` are the versions it was asked with; `plainly` is what it took the caller's words for
    (empty: nothing else); `worded` maps extracts to what is said instead of them (empty: they
    stay); `claims` is what
    it would have said without support.
    """

    prompts: tuple[str, ...] = ()
    plainly: str = ""
    worded: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.plainly) or any(self.worded.values())


@dataclass(frozen=True)
class Thought:
    """What the bot would do about an event. Nothing has happened until it is committed.

    `inputs` is all that `confidence` rests on; None where nobody had spoken.
    """

    state: DialogState
    actions: tuple[Action, ...]
    searches: tuple[SearchResult, ...] = ()
    chosen_by: str = "search"
    model: ByModel = ByModel()
    confidence: float = 1.0
    inputs: Inputs | None = None

    @property
    def by_model(self) -> bool:
        """Whether a language model had a part in it."""
        return self.chosen_by == BY_MODEL or bool(self.model)


class Conversation:
    """Turns dialog events into actions, looking things up on the way.

    Pure towards the call: it returns the next state instead of keeping one, so that a thought
    about a half-finished sentence can be thrown away.

    `most_risk`: an answer that is wrong more likely than this is not given; the dialog then goes on
    as if nothing had been found.
    """

    def __init__(
        self,
        dialog: Dialog,
        knowledge: Searcher,
        scheduler: InferenceScheduler,
        language: Language | None = None,
        *,
        most_risk: float = 1.0,
        judge: Calibration | None = None,
    ) -> None:
        self._dialog = dialog
        self._knowledge = knowledge
        self._scheduler = scheduler
        self._language = language
        self._most_risk = most_risk
        self._judge = judge or calibration()

    def start(self) -> Thought:
        """The greeting."""
        state, actions = self._dialog.start()
        return Thought(state, actions)

    async def consider(
        self,
        state: DialogState,
        event: Event,
        budget: Budget | None = None,
        rehearsed: Thought | None = None,
    ) -> Thought:
        """Work out the reply to `event`; searches run in the inference scheduler.

        What `rehearsed` (a thought about nearly the same event) has looked up is not looked up
        again.
        """
        thought = await self._step(state, event, budget, rehearsed)
        if not isinstance(event, Heard):
            return thought
        if self._language is not None:
            thought = await self._understood(state, event, thought, budget, rehearsed)
            thought = await self._worded(event, thought, budget, rehearsed)
        judged = self._judged(event, thought)
        if 1.0 - judged.confidence <= self._most_risk or not _answers(judged):
            return judged
        if budget:
            budget.skip("answer", f"risk {1.0 - judged.confidence:.2f} over {self._most_risk:.2f}")
        doubted = tuple(replace(each, answerable=0.0) for each in thought.searches)
        refused = await self._step(state, event, budget, replace(thought, searches=doubted))
        return replace(refused, confidence=judged.confidence, inputs=judged.inputs)

    async def _step(
        self, state: DialogState, event: Event, budget: Budget | None, rehearsed: Thought | None
    ) -> Thought:
        earlier = rehearsed.searches if rehearsed else ()
        known = {(each.query, each.product): each for each in earlier}
        searches: list[SearchResult] = []
        chosen_by = "search"
        state, actions = self._dialog.step(state, event)
        for _ in range(MAX_SEARCHES_A_TURN):
            search = next((a for a in actions if isinstance(a, Search)), None)
            if search is None:
                break
            asked = (search.query, search.product)
            if rehearsed is not None and asked in known:
                result, chosen_by = known[asked], rehearsed.chosen_by
            else:
                result, chosen_by = await self._look_up(search, budget)
            result = replace(result, raw=search.raw, product=search.product)
            searches.append(result)
            before = tuple(a for a in actions if not isinstance(a, Search))
            state, after = self._dialog.step(state, Found(result))
            actions = before + after
        return Thought(state, actions, tuple(searches), chosen_by)

    async def _look_up(self, search: Search, budget: Budget | None) -> tuple[SearchResult, str]:
        start_ms = budget.elapsed_ms() if budget else 0.0
        # Positional: who searches without a product line need not know of any.
        asked = (search.query, HITS, search.product) if search.product else (search.query,)
        result = await self._scheduler.run(
            Priority.FINAL_ASR, self._knowledge.search, *asked, stage="search"
        )
        if budget:
            budget.note("search", start_ms)
        refined = await self._language.choose(result, budget) if self._language else None
        return (result, "search") if refined is None else (refined, BY_MODEL)

    # --- a language model's part ---------------------------------------------------------------
    async def _understood(
        self,
        state: DialogState,
        heard: Heard,
        thought: Thought,
        budget: Budget | None,
        rehearsed: Thought | None,
    ) -> Thought:
        """If the turn helped nobody: what did the caller mean? The dialog hears that instead."""
        language = self._language
        helped = thought.state.failures <= state.failures
        if language is None or language.classifier is None or helped or not heard.text.strip():
            return thought
        version = language.classifier.version
        if rehearsed is not None and version in rehearsed.model.prompts:
            plainly = rehearsed.model.plainly
        else:
            meaning = await language.classify(heard.text, state.said, budget)
            if meaning is None:
                return thought
            plainly = meaning.plainly
        asked = replace(thought.model, prompts=(*thought.model.prompts, version))
        if not plainly:
            return replace(thought, model=asked)
        meant = await self._step(state, replace(heard, text=plainly), budget, None)
        searched = thought.searches + meant.searches
        return replace(meant, model=replace(asked, plainly=plainly), searches=searched)

    async def _worded(
        self, heard: Heard, thought: Thought, budget: Budget | None, rehearsed: Thought | None
    ) -> Thought:
        """An extract of a document in other words, as far as the document bears them out."""
        language, found = self._language, _extract(thought)
        if language is None or language.phraser is None or found is None:
            return thought
        say, hit = found
        version = language.phraser.version
        if rehearsed is not None and say.text in rehearsed.model.worded:
            text, claims = rehearsed.model.worded[say.text], rehearsed.model.claims
        else:
            scene = self._scene_name(thought.state)
            phrasing = await language.phrase(heard.text, hit, scene, budget)
            if phrasing is None:
                return thought
            text, claims = phrasing.text, phrasing.claims
            if claims and budget:
                budget.skip("phrase", f"not in the passage: {', '.join(claims)}")
        model = replace(
            thought.model,
            prompts=(*thought.model.prompts, version),
            worded={say.text: text},
            claims=claims,
        )
        if not text:
            return replace(thought, model=model)
        state, actions = _reworded(thought, say.text, text)
        return replace(thought, state=state, actions=actions, model=model)

    def _scene_name(self, state: DialogState) -> str:
        return self._dialog.scene_name(state.scene.scene) if state.scene else ""

    def _judged(self, heard: Heard, thought: Thought) -> Thought:
        first = next((a for a in thought.actions if isinstance(a, Say)), None)
        claims = bool(thought.model.claims)
        found = inputs(heard, thought.state, thought.searches, first, ungrounded=claims)
        return replace(thought, confidence=self._judge.confidence(found), inputs=found)


def _answers(thought: Thought) -> bool:
    """Whether it states something that was looked up, and the talk goes on."""
    cited = any(isinstance(a, Say) and a.citations for a in thought.actions)
    return cited and thought.state.phase is Phase.TALKING


def _extract(thought: Thought) -> tuple[Say, Hit] | None:
    """The first answer that cites a document, and the passage that it cites."""
    hits = {hit.id: hit for result in thought.searches for hit in result.hits}
    for action in thought.actions:
        if isinstance(action, Say) and action.kind is SayKind.ANSWER and action.citations:
            hit = hits.get(action.citations[0].id)
            if hit is not None and hit.kind is HitKind.PASSAGE and not action.branch:
                return action, hit
    return None


def _reworded(thought: Thought, extract: str, text: str) -> tuple[DialogState, tuple[Action, ...]]:
    """The thought with `text` in place of `extract`, in what is said and what is remembered."""
    state = thought.state
    actions = tuple(
        replace(each, text=text) if isinstance(each, Say) and each.text == extract else each
        for each in thought.actions
    )
    said = text if state.said == extract else state.said
    last_turn = state.last_turn.replace(extract, text, 1)
    return replace(state, said=said, last_turn=last_turn), actions

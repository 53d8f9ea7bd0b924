"""What becomes of a search: a scene, an answer with its source, a question back, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voicebot.dialog.confidence import LOW_HEARING, combined
from voicebot.dialog.events import Citation, SayKind
from voicebot.dialog.intents import asks_information
from voicebot.dialog.scene_choice import ask_which, asked_before
from voicebot.dialog.scene_match import SceneCandidate, SceneMatch, too_close
from voicebot.dialog.scene_turns import SPOKEN_SENTENCES, SceneTurns
from voicebot.dialog.state import Awaiting, Pending, Purpose
from voicebot.dialog.textforms import pieces
from voicebot.dialog.turn import Turn
from voicebot.knowledge.api import Hit, HitKind, SearchResult

SCENE_SURE = 0.5  # at and above, the scene starts
SCENE_MAYBE = 0.3  # at and above, the caller is asked whether it is this one
SCENE_SWITCH = 0.8  # a running scene is left only for one as sure as this
SHORT_LEAD_CHARS = 24
FAILURES_TO_HANDOFF = 3  # refusals and misunderstandings in a row


class Extracted(Protocol):
    """What is spoken of a passage, what is left for 'go on', and the sentence that backs it."""

    @property
    def spoken(self) -> str: ...
    @property
    def rest(self) -> tuple[str, ...]: ...
    @property
    def quote(self) -> str: ...


Extractor = Callable[[str, Hit], Extracted]


class Results:
    """Decides on search results."""

    def __init__(
        self, scenes: SceneTurns, match: SceneMatch, *, answer_risk: float, extract: Extractor
    ) -> None:
        self._scenes = scenes
        self._match = match
        self._answer_risk = answer_risk
        self._extract = extract

    def take(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        """Go on with the turn that asked for the search."""
        turn.set(pending=None)
        turn.heard = pending.confidence
        if pending.purpose is Purpose.DIGRESSION:
            self._digression(turn, result, pending)
        elif pending.purpose is Purpose.BRANCH:
            self._branch(turn, result, pending)
        else:
            self._question(turn, result, pending)

    def not_understood(self, turn: Turn) -> None:
        """Ask to say it again; after some failures in a row bring a human."""
        turn.set(failures=turn.state.failures + 1)
        if turn.state.failures >= FAILURES_TO_HANDOFF:
            self._give_up(turn)
        else:
            turn.prompt("not_understood", SayKind.CLARIFY, confidence=self._unsure(turn))

    def _question(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        hit = self._answering(result)
        ranked = self._ranked(pending.query, result)
        scene, sure = (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)
        close = too_close(ranked, SCENE_MAYBE)
        # 怎么配置RAID wants the answer, though it sounds like the scene that RAID is part of.
        rather_answer = (
            hit is not None and asks_information(pending.query) and result.answerable > sure
        )
        if close and not rather_answer and not asked_before(turn, scene, ranked[1].scene):
            ask_which(turn, ranked, pending.query)
        elif scene and sure >= SCENE_SURE and not rather_answer:
            self._scenes.start(turn, scene, pending.query, found=sure)
        elif hit is not None:
            self._answer(turn, result, hit)
        elif scene and sure >= SCENE_MAYBE:
            text = turn.variant("clarify_scene").replace("{scene}", scene_name(turn, scene))
            turn.set(awaiting=Awaiting.CLARIFY, candidate=scene, candidate_query=pending.query)
            turn.set(rival="")
            turn.say(text, SayKind.CLARIFY, confidence=combined(turn.heard, sure))
        elif pending.confidence < LOW_HEARING:
            self.not_understood(turn)
        else:
            self._refuse(turn, pending.query)

    def _answer(self, turn: Turn, result: SearchResult, hit: Hit) -> None:
        parts, citation = self._spoken(result.query, hit)
        turn.set(failures=0, closed=None)
        turn.deliver(
            parts,
            Awaiting.ANSWERED,
            confidence=combined(turn.heard, result.answerable),
            citations=(citation,),
        )

    def _digression(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        """Answer the aside and come back to the scene's question."""
        hit = self._answering(result)
        run = turn.state.scene
        other, sure = self._scene(pending.query, result)
        if hit is not None:
            parts, citation = self._spoken(result.query, hit)
            turn.set(failures=0)
            turn.say(
                parts[0],
                SayKind.ANSWER,
                confidence=combined(turn.heard, result.answerable),
                citations=(citation,),
                scene=run.scene if run else "",
            )
            self._scenes.ask_again(turn)
        elif run is not None and other not in ("", run.scene) and sure >= SCENE_SWITCH:
            self._scenes.start(turn, other, pending.query, found=sure)
        elif asks_information(pending.query):
            self._note_unanswered(turn, pending.query)
            turn.prompt("unknown_aside", SayKind.REFUSE, confidence=self._unsure(turn))
            self._scenes.ask_again(turn)
        else:
            self._scenes.missed(turn)

    def _branch(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        """A scene's own words first, then what the documents add, with the source."""
        run = turn.state.closed
        hit = self._answering(result)
        citations: tuple[Citation, ...] = ()
        parts = pieces(pending.say, SPOKEN_SENTENCES)
        if hit is not None:
            added, citation = self._spoken(result.query, hit)
            # One of our sentences and one of the document's fit in a breath.
            joined = len(parts) == 1 and len(parts[0]) <= SHORT_LEAD_CHARS
            parts = (parts[0] + added[0], *added[1:]) if joined else parts + added
            citations = (citation,)
        if not parts:
            turn.hand_off("not_certain", "low_confidence", why="资料里没有对应的处理方法")
            return
        turn.deliver(
            parts,
            Awaiting.TRY,
            confidence=combined(turn.heard, result.answerable if hit else 1.0),
            citations=citations,
            scene=run.scene if run else "",
            branch=run.branch if run else "",
        )

    def _refuse(self, turn: Turn, query: str) -> None:
        """Say that there is nothing on it, and offer a human."""
        turn.set(failures=turn.state.failures + 1)
        self._note_unanswered(turn, query)
        if turn.state.failures >= FAILURES_TO_HANDOFF:
            self._give_up(turn)
            return
        refusal = turn.variant("refuse_offer")
        turn.say(refusal, SayKind.REFUSE, confidence=self._unsure(turn))
        if not refusal.rstrip().endswith(("？", "?")):
            turn.prompt("offer_human", SayKind.OFFER_HUMAN)
        turn.set(awaiting=Awaiting.OFFER, offer_reason="low_confidence")

    def _give_up(self, turn: Turn) -> None:
        turn.hand_off("not_certain", "low_confidence", why="多次没有听懂或查不到资料")

    def _scene(self, query: str, result: SearchResult) -> tuple[str, float]:
        """The likeliest scene, by retrieval and by its triggers."""
        ranked = self._ranked(query, result)
        return (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)

    def _ranked(self, query: str, result: SearchResult) -> tuple[SceneCandidate, ...]:
        found = dict(result.rivals)
        if result.scene is not None:
            found[result.scene.id] = result.scene_probability
        return self._match.rank(query, found)

    def _answering(self, result: SearchResult) -> Hit | None:
        if result.answerable < self._answer_risk:
            return None
        said = (hit for hit in result.hits if hit.kind is not HitKind.SCENE and hit.text.strip())
        return next(said, None)

    def _spoken(self, query: str, hit: Hit) -> tuple[tuple[str, ...], Citation]:
        """What is said of a hit, piece by piece, and where it comes from."""
        cut = self._extract(query, hit)
        return (cut.spoken, *cut.rest), Citation(hit.id, hit.source, cut.quote)

    @staticmethod
    def _note_unanswered(turn: Turn, query: str) -> None:
        turn.set(facts={**turn.state.facts, "未解答的问题": query[:100]})

    @staticmethod
    def _unsure(turn: Turn) -> float:
        return combined(turn.heard, 0.5, turn.state.failures)


def scene_name(turn: Turn, scene_id: str) -> str:
    """The scene's name as people read it."""
    scene = turn.pack.scene(scene_id)
    return scene.name if scene else scene_id

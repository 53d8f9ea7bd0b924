"""What becomes of a search: a scene, an answer with its source, a question back, or a refusal."""

from __future__ import annotations

import re

from voicebot.dialog import scene_bars
from voicebot.dialog.confidence import LOW_HEARING, combined
from voicebot.dialog.events import Citation, SayKind
from voicebot.dialog.hits import Extractor, Hits, message
from voicebot.dialog.intents import asks
from voicebot.dialog.query_maker import JOINED_CHARS, QueryMaker
from voicebot.dialog.question_back import ask_whether
from voicebot.dialog.scene_bars import bars, informs
from voicebot.dialog.scene_choice import ask_which, asked_before
from voicebot.dialog.scene_match import SceneMatch, too_close
from voicebot.dialog.scene_ranking import SceneRanking
from voicebot.dialog.scene_turns import SPOKEN_SENTENCES, SceneTurns
from voicebot.dialog.state import Awaiting, Pending, Purpose
from voicebot.dialog.textforms import pieces, sentences
from voicebot.dialog.turn import Turn
from voicebot.knowledge.api import Hit, HitKind, SearchResult

SCENE_SWITCH = 0.8  # a running scene is left only for one as sure as this
SHORT_LEAD_CHARS = 24
LACKS_TOO_MUCH = 0.5  # of the words that bind (named_terms.py): not even asked back with it
FRAGMENT_KEPT = 40  # characters
FAILURES_TO_HANDOFF = 3  # refusals and misunderstandings in a row
FAILURES_IF_UPSET = 2
STATEMENT_SURE = 0.45  # what asks nothing is answered only if it is as near to an answer as this
_WHAT_OF = re.compile(r"[^着了的在是有好没呀不]呢[?？]?$")  # 密码呢, not 插着呢


class Results:
    """Decides on search results."""

    def __init__(
        self,
        scenes: SceneTurns,
        match: SceneMatch,
        queries: QueryMaker,
        *,
        answer_risk: float,
        extract: Extractor,
    ) -> None:
        self._queries = queries
        self._scenes = scenes
        self._ranking = SceneRanking(match)
        self._answer_risk = answer_risk
        self._extract = extract
        self._hits = Hits(queries, answer_risk=answer_risk, extract=extract)

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
        if self._too_often(turn):
            self._give_up(turn)
        else:
            turn.prompt("not_understood", SayKind.CLARIFY, confidence=self._unsure(turn))

    def _question(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        near, answerable = self._hits.best(turn, result, pending)
        hit = near if answerable >= self._answer_risk else None
        ranked = self._ranking.rank(pending.query, result)
        ranked = self._ranking.on_topic(turn, pending.query, ranked)
        scene, sure = (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)
        bar = bars(pending.query, ranked[0] if ranked else None)
        weak = scene_bars.SURE if bar.informs else bar.ask
        if hit is None and sure < weak and turn.search_other(pending):
            return
        close = too_close(ranked, bar.ask)
        asking = bool(pending.raw) or asks(pending.query)
        turn.set(fragment="")
        # 怎么配置RAID wants the answer, though it sounds like the scene that RAID is part of; and
        # who asks for information tells of no fault unless they nearly say a scene's own words.
        rather_answer = hit is not None and (
            bool(pending.raw) or (bar.informs and (answerable > sure or sure < bar.start))
        )
        if close and not rather_answer and not asked_before(turn, scene, ranked[1].scene):
            ask_which(turn, ranked, pending.query)
        elif scene and sure >= bar.start and not rather_answer:
            about = turn.state.topic.focus if turn.state.topic else ""
            self._scenes.start(turn, scene, pending.query, found=sure, about=about)
            self._reported(turn, pending.query)
        elif hit is not None and (asking or answerable >= STATEMENT_SURE):
            self._answer(turn, result, hit, answerable, pending)
        elif (
            bar.informs and sure < scene_bars.SURE and self._whether(turn, result, near, answerable)
        ):
            return
        elif scene and sure >= bar.ask:
            text = turn.variant("clarify_scene").replace("{scene}", scene_name(turn, scene))
            turn.set(awaiting=Awaiting.CLARIFY, candidate=scene, candidate_query=pending.query)
            turn.set(rival="")
            turn.say(text, SayKind.CLARIFY, confidence=combined(turn.heard, sure))
        elif pending.confidence < LOW_HEARING:
            self.not_understood(turn)
        elif not asking and pending.trying:
            self._ask_if_helped(turn)
        elif not asking:
            self._ask_what(turn, pending.query)
        elif not self._whether(turn, result, near, answerable):
            self._refuse(turn, pending.query)

    def _whether(
        self, turn: Turn, result: SearchResult, near: Hit | None, probability: float
    ) -> bool:
        """Ask whether the question of `near` is meant, if it is about what was named."""
        about = near is not None and (
            self._queries.lacks(result.query, f"{near.title}\n{near.text}", near.id)
            < LACKS_TOO_MUCH
        )
        if turn.state.failures + 1 >= self._most_failures(turn):
            return False
        # What the talk is about changes on a yes, with the answer, and not on a no.
        return about and ask_whether(turn, near, probability)

    def _ask_if_helped(self, turn: Turn) -> None:
        """Advice is being tried, and what is told of it is not understood."""
        turn.set(failures=turn.state.failures + 1)
        if self._too_often(turn):
            turn.offer_human()
        else:
            turn.did_it_help()

    def _ask_what(self, turn: Turn, query: str) -> None:
        """Nothing was asked, and nothing told that a scene knows: ask what it is about."""
        turn.set(failures=turn.state.failures + 1, fragment=query[-FRAGMENT_KEPT:])
        if self._too_often(turn):
            self._give_up(turn)
        else:
            turn.prompt("what_is_asked", SayKind.CLARIFY, confidence=self._unsure(turn))

    @staticmethod
    def _most_failures(turn: Turn) -> int:
        return FAILURES_IF_UPSET if turn.state.upset else FAILURES_TO_HANDOFF

    def _too_often(self, turn: Turn) -> bool:
        return turn.state.failures >= self._most_failures(turn)

    def _answer(
        self, turn: Turn, result: SearchResult, hit: Hit, answerable: float, pending: Pending
    ) -> None:
        parts, citation = self._hits.spoken(turn, result.query, hit, pending)
        if not parts:
            sure = combined(turn.heard, answerable)
            whole = self._whole(result.query, hit)
            turn.as_said(whole, Awaiting.ANSWERED, confidence=sure, citations=(citation,))
            return
        turn.set(failures=0, closed=None, sending=message(hit))
        self._now_about(turn, result.query, hit, "".join(parts))
        turn.deliver(
            parts,
            Awaiting.SEND if turn.state.sending else Awaiting.ANSWERED,
            confidence=combined(turn.heard, answerable),
            citations=(citation,),
        )

    def _digression(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        """Answer the aside and come back to the scene's question."""
        hit, answerable = self._hits.answering(turn, result, pending)
        if answerable < STATEMENT_SURE and not asks(pending.query):
            hit = None
        run = turn.state.scene
        loose = run is not None and not run.taken_up
        ranked = self._ranking.rank(pending.query, result)
        other, sure = (ranked[0].scene, ranked[0].probability) if ranked else ("", 0.0)
        bar = bars(pending.query, ranked[0] if ranked else None)
        switch = bar.start if loose and bar.reports else max(bar.start, SCENE_SWITCH)
        if hit is None and sure < switch and turn.search_other(pending):
            return
        if hit is not None and loose and run is not None and run.passed > 1:
            turn.set(scene=None)  # who asks on and on does not want to be asked
            self._answer(turn, result, hit, answerable, pending)
        elif hit is not None:
            parts, citation = self._hits.spoken(turn, result.query, hit, pending)
            turn.set(failures=0)
            sure, of = combined(turn.heard, answerable), run.scene if run else ""
            if parts:
                self._now_about(turn, result.query, hit, "".join(parts))
                turn.say(parts[0], SayKind.ANSWER, confidence=sure, citations=(citation,), scene=of)
            else:  # the scene's question is what is awaited; 继续 is no answer to it
                first = (self._hits.first_of(result.query, hit),)
                turn.as_said(first, Awaiting.NOTHING, confidence=sure)
            if turn.state.awaiting is not Awaiting.OFFER:
                self._scenes.ask_again(turn)
        elif run is not None and other not in ("", run.scene) and sure >= switch:
            self._scenes.start(turn, other, pending.query, found=sure)
            self._reported(turn, pending.query)
        elif informs(pending.query) or _WHAT_OF.search(pending.query):
            self._note_unanswered(turn, pending.query)
            turn.prompt("unknown_aside", SayKind.REFUSE, confidence=self._unsure(turn))
            self._scenes.ask_again(turn)
        else:
            self._scenes.missed(turn)

    def _branch(self, turn: Turn, result: SearchResult, pending: Pending) -> None:
        """A scene's own words first, then what the documents add, with the source."""
        run = turn.state.closed
        hit, answerable = self._hits.answering(turn, result, pending)
        citations: tuple[Citation, ...] = ()
        of = (run.scene, run.branch) if run else ("", "")
        parts = turn.before.left_of_advice(pieces(pending.say, SPOKEN_SENTENCES), *of)
        added: tuple[str, ...] = ()
        if hit is not None:
            added, citation = self._hits.spoken(turn, result.query, hit, pending)
            citations = (citation,) if added else ()
            # One of our sentences and one of the document's fit in a breath.
            alone = len(sentences("".join(parts))) == 1 and len(parts[0]) <= SHORT_LEAD_CHARS
            if added and alone:
                first, *more = sentences(added[0])
                left = ("".join(more),) if more else ()
                parts = (parts[0] + first, *left, *added[1:])
            else:
                parts = parts + added
        sure = combined(turn.heard, answerable if hit else 1.0)
        whole = pieces(pending.say, SPOKEN_SENTENCES)
        whole += self._whole(result.query, hit) if hit else ()
        if whole and not parts:
            turn.as_said(whole, Awaiting.TRY, confidence=sure)
            return
        if not parts:
            turn.hand_off("not_certain", "low_confidence", why="资料里没有对应的处理方法")
            return
        turn.deliver(
            parts,
            Awaiting.TRY,
            confidence=sure,
            citations=citations,
            scene=run.scene if run else "",
            branch=run.branch if run else "",
        )

    def _whole(self, query: str, hit: Hit) -> tuple[str, ...]:
        """All that is said of a hit, whatever of it was said before."""
        cut = self._extract(query, hit)
        return (cut.spoken, *cut.rest)

    def _refuse(self, turn: Turn, query: str) -> None:
        """Say that there is nothing on it, and offer a human."""
        turn.set(failures=turn.state.failures + 1)
        self._note_unanswered(turn, query)
        if self._too_often(turn):
            self._give_up(turn)
            return
        refusal = turn.variant("refuse_offer")
        turn.say(refusal, SayKind.REFUSE, confidence=self._unsure(turn))
        if not refusal.rstrip().endswith(("？", "?")):
            turn.prompt("offer_human", SayKind.OFFER_HUMAN)
        turn.set(awaiting=Awaiting.OFFER, offer_reason="low_confidence")

    def _give_up(self, turn: Turn) -> None:
        turn.hand_off("not_certain", "low_confidence", why="多次没有听懂或查不到资料")

    def _now_about(self, turn: Turn, query: str, hit: Hit, said: str) -> None:
        turn.set(
            topic=self._queries.about(
                query, hit.title if hit.kind is HitKind.FAQ else "", said, hit.id
            )
        )

    def _reported(self, turn: Turn, query: str) -> None:
        """Follow-ups (那怎么重置) are of the fault just told, not of what was before it."""
        turn.set(topic=self._queries.about(query[-JOINED_CHARS:], "", "", ""))

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

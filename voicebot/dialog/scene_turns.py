"""Turns inside a scene: its questions, digressions from them, and what it ends in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from voicebot.dialog.confidence import LOW_HEARING, combined
from voicebot.dialog.dictation_turns import DictationTurns
from voicebot.dialog.events import Heard, SayKind
from voicebot.dialog.intents import asks_information, dont_know, is_question
from voicebot.dialog.phonetic import units
from voicebot.dialog.scene_run import Outcome, OutcomeKind, SceneEngine, SceneRun
from voicebot.dialog.state import Awaiting, Pending, Purpose
from voicebot.dialog.textforms import pieces
from voicebot.dialog.trying import done, is_well, still_fails
from voicebot.dialog.turn import Turn
from voicebot.dialog.unheard import advice_cut
from voicebot.dialog.unknowing import has_none
from voicebot.dialog.yesno import Polarity, polarity
from voicebot.scenes import call_back
from voicebot.scenes.model import Exit, Scene

SPOKEN_SENTENCES = 2
TELLING_UNITS = 3  # syllables; less tells nothing
_LEAVES = re.compile(r"谢|没事|别的|其他|问题|再见")
_CORRECTS = re.compile(r"不对|不是|错了|其实|想起来|实际上|应该是|等等|原来")
_ANOTHER = re.compile(r"另一?台|另外|别的|其他|第二台|还有一台|又有一?台|换了?一?台")


class SceneTurns:
    """Carries scene outcomes into actions."""

    def __init__(self, engine: SceneEngine) -> None:
        self._engine = engine
        self._number_taken: Callable[[Turn, str], None] = lambda turn, number: None
        self._number_failed: Callable[[Turn], bool] = lambda turn: False
        self.dictations = DictationTurns(self.filled, self._given_up)

    def take_number(
        self, taken: Callable[[Turn, str], None], failed: Callable[[Turn], bool]
    ) -> None:
        """Who is told of the number of a call back, or that it was not got across."""
        self._number_taken, self._number_failed = taken, failed

    def begin_dictation(
        self, turn: Turn, scene: Scene, slot: str, lead: str = "", said: str = ""
    ) -> None:
        """Ask for a dictated slot of `scene`, or go on with what of it was `said` already."""
        turn.set(scene=SceneRun(scene.id, asking=slot, asked={slot: 1}))
        if said and self.dictations.heard(turn, Heard(said)):
            return
        turn.say(lead + scene.slot(slot).asks[0], SayKind.ASK, scene=scene.id, slot=slot)

    def start(self, turn: Turn, scene_id: str, text: str, *, found: float, about: str = "") -> None:
        """Enter a scene with what the caller said about it; `about` is what the talk was about."""
        scene = turn.pack.scene(scene_id)
        if scene is None:
            turn.prompt("hello", SayKind.CLARIFY)
            return
        before = turn.state.closed
        turn.set(failures=0, candidate="", candidate_query="", rival="", rest=())
        if before is None or before.scene != scene.id or _ANOTHER.search(text):
            turn.set(closed=None)
            run, outcome = self._engine.advance(scene, SceneRun(scene.id), text, "", about)
        else:
            # The fault that was just answered comes up again: what is known stays known.
            run, outcome = self._engine.advance(scene, before, text, "")
            cut = advice_cut(turn.before, scene, before)
            if cut and outcome.kind is OutcomeKind.MISS:
                run, outcome = self._engine.decide(scene, run)
            if not cut and (outcome.kind is OutcomeKind.MISS or outcome.branch == before.branch):
                turn.offer_human()
                return
        self._apply(turn, scene, run, outcome, found=found)

    def take(self, turn: Turn, texts: tuple[str, ...]) -> None:
        """A caller turn in the running scene; later texts are the recognizer's alternatives."""
        run = turn.state.scene
        scene = turn.pack.scene(run.scene) if run else None
        if run is None or scene is None:
            turn.set(scene=None)
            turn.prompt("not_understood", SayKind.CLARIFY)
            return
        text = texts[0]
        asked = run.asking if turn.question_heard else ""
        aside = asks_information(text) and not dont_know(text)
        if aside and run.asking not in self._engine.fills(scene, text, asked):
            self._digress(turn, scene, run, text)
            return
        after, outcome = self._engine.advance(scene, run, text, asked)
        for other in texts[1:]:
            if outcome.kind is not OutcomeKind.MISS:
                break
            after, outcome = self._engine.advance(scene, run, other, asked)
        sure = turn.heard >= LOW_HEARING
        if outcome.kind is OutcomeKind.MISS and sure and self._beside(run, text):
            self._digress(turn, scene, run, text)
            return
        self._apply(turn, scene, after, outcome)

    @staticmethod
    def _beside(run: SceneRun, text: str) -> bool:
        """Whether words that the scene cannot use may be about something else: a question, or
        anything that is told where the caller has not gone into the scene at all."""
        tells = len(units(text)) >= TELLING_UNITS and polarity(text) is Polarity.UNSAID
        return is_question(text) or (tells and not run.taken_up)

    def let_go(self, turn: Turn, text: str, *, leaving: bool = False) -> bool:
        """Leave a scene that the caller went past and does not go into now either: 好 after the
        answer to their own question is no answer to ours, and 没了谢谢 (`leaving`) none to any."""
        run = turn.state.scene
        if run is None or self.answers(turn, text):
            return False
        asked_again = run.passed > 1 or run.asked.get(run.asking, 0) > 1
        if run.taken_up and not (leaving and (asked_again or _LEAVES.search(text))):
            return False
        if not (run.passed or leaving):
            return False
        turn.set(scene=None, closed=run)
        return True

    @staticmethod
    def leave(turn: Turn) -> None:
        """Ask no more of the running scene; what is known of it stays known."""
        turn.set(scene=None, closed=turn.state.scene, failures=0)

    def answers(self, turn: Turn, text: str) -> bool:
        """Whether `text` tells something that the running scene wants to know."""
        run = turn.state.scene
        scene = turn.pack.scene(run.scene) if run else None
        asked = run.asking if run is not None and turn.question_heard else ""
        if run is None or scene is None:
            return False
        none = bool(asked) and has_none(scene.slot(asked), text)
        return none or bool(self._engine.fills(scene, text, asked))

    def tells(self, turn: Turn, scene_id: str, text: str) -> bool:
        """Whether `text` tells, unasked, something that this scene wants to know."""
        scene = turn.pack.scene(scene_id)
        return scene is not None and bool(self._engine.fills(scene, text, ""))

    def reopen(self, turn: Turn, text: str, *, trying: bool = False) -> bool:
        """A caller who corrects what an answered scene was built on gets another answer.

        While the answer is being tried, a report that changes nothing is asked on: did it help?
        """
        run = turn.state.closed
        scene = turn.pack.scene(run.scene) if run else None
        if run is None or scene is None or is_question(text):
            return False
        # 不对，还是不亮 tells of what came of the advice, not of what was asked before it.
        of_advice = done(text) or is_well(text) or still_fails(text)
        corrects = bool(_CORRECTS.search(text)) and not of_advice
        last = next(reversed(list(run.asked)), "") if corrects else ""
        after, outcome = self._engine.advance(scene, run, text, last)
        same = outcome.branch == run.branch
        if trying and same and outcome.filled:
            turn.set(closed=after)
            if still_fails(text):
                turn.offer_human()
            else:
                turn.did_it_help()
            return True
        if not outcome.corrected or same:
            return False
        turn.set(closed=None)
        self._apply(turn, scene, after, outcome)
        return True

    def filled(self, turn: Turn, slot: str, value: str) -> None:
        """A value that was dictated and agreed upon: say so, and go on."""
        run = turn.state.scene
        scene = turn.pack.scene(run.scene) if run else None
        if run is not None and run.scene == call_back.SCENE.id:
            self._number_taken(turn, value)
        elif run is not None and scene is not None:
            lead = turn.variant("dictation_done")
            self._apply(turn, scene, *self._engine.put(scene, run, slot, value), lead=lead)

    def _given_up(self, turn: Turn, scene: Scene) -> bool:
        return scene.id == call_back.SCENE.id and self._number_failed(turn)

    def ask_again(self, turn: Turn, *, declined: bool = False) -> None:
        """The running scene's question in its next variant; it does not count as asked again.
        Nothing left to ask: a human is offered; `declined` just now, it is asked as before."""
        if self.dictations.ask_on(turn):
            return
        run = turn.state.scene
        scene = turn.pack.scene(run.scene) if run else None
        if run is None or scene is None or not run.asking:
            return
        nth, sure = run.asked.get(run.asking, 0), combined(turn.heard)
        text = self._question(turn, scene, run.asking, nth)
        if not text and declined:
            text = turn.unsaid(scene.slot(run.asking).asks, nth)
        if not text:
            turn.offer_human("offer_human", "limit")
        turn.say(text, SayKind.ASK, confidence=sure, scene=scene.id, slot=run.asking)

    @staticmethod
    def _question(turn: Turn, scene: Scene, slot_id: str, nth: int) -> str:
        """A slot's question in words not said yet; once it has none left, by the slot's name.
        "" if that was said in all its words too: enough is enough."""
        slot = scene.slot(slot_id)
        left = [text for text in slot.asks if not turn.asked(text)]
        if left:
            return turn.unsaid(left, nth)
        text = turn.fitted("ask_by_name", slot=slot.label)
        return "" if turn.before.any_of(text) else text

    def missed(self, turn: Turn) -> None:
        """Ask again, counted: the words gave nothing. Asked too often, a human is brought."""
        if self.dictations.ask_on(turn, failed=True):
            return
        run = turn.state.scene
        scene = turn.pack.scene(run.scene) if run else None
        if run is not None and scene is not None and run.asking:
            self._apply(
                turn,
                scene,
                *self._engine.ask(scene, run, run.asking),
                lead=turn.variant("confirm_more"),
            )

    def _digress(self, turn: Turn, scene: Scene, run: SceneRun, text: str) -> None:
        """Look it up; but who only digresses is at the limit of turns, too, some time."""
        if run.turns >= scene.limits.max_turns:
            self._leave(turn, scene.on_limit, "limit")
            return
        turn.set(scene=replace(run, turns=run.turns + 1, passed=run.passed + 1))
        turn.search(Pending(text, Purpose.DIGRESSION, turn.heard))

    def _apply(
        self,
        turn: Turn,
        scene: Scene,
        run: SceneRun,
        outcome: Outcome,
        *,
        found: float = 1.0,
        lead: str = "",
    ) -> None:
        turn.set(scene=run)
        kind = outcome.kind
        if kind is OutcomeKind.MISS:
            self.missed(turn)
        elif kind is OutcomeKind.EXIT:
            self._leave(turn, outcome.exit or scene.on_limit, "limit")
        elif kind is OutcomeKind.BRANCH:
            turn.say(lead, SayKind.CLARIFY)
            self._answer(turn, scene, run, outcome, found)
        else:
            turn.set(failures=0)
            text = outcome.text
            asks = scene.slot(outcome.slot).asks
            if kind is OutcomeKind.ASK or turn.before.any_of(text):
                nth = asks.index(text) if text in asks else run.asked.get(outcome.slot, 0)
                text = self._question(turn, scene, outcome.slot, nth)
            if not text:
                turn.offer_human("offer_human", "limit")
                return
            if outcome.corrected and kind is OutcomeKind.ASK:
                text = turn.variant("corrected") + text
            else:
                text = lead + text
            repeats = run.asked.get(outcome.slot, 1) - 1
            turn.say(
                text,
                SayKind.CONTRADICTION if kind is OutcomeKind.CONTRADICTION else SayKind.ASK,
                confidence=combined(turn.heard, found * outcome.certainty, repeats),
                scene=scene.id,
                slot=outcome.slot,
            )

    def _answer(
        self, turn: Turn, scene: Scene, run: SceneRun, outcome: Outcome, found: float
    ) -> None:
        turn.set(scene=None, closed=run, failures=0)
        sure = combined(turn.heard, found * outcome.certainty)
        parts, reached = pieces(outcome.text, SPOKEN_SENTENCES), outcome.branch
        fresh = turn.before.left_of_advice(parts, scene.id, reached)
        if outcome.exit is not None:
            text = "".join(fresh)
            turn.say(text, SayKind.ANSWER, confidence=sure, scene=scene.id, branch=reached)
            self._leave(turn, outcome.exit, "scene")
        elif outcome.kb:
            turn.search(Pending(outcome.kb, Purpose.BRANCH, turn.heard, outcome.text))
        elif parts and not fresh:
            turn.as_said(parts, Awaiting.TRY, confidence=sure)
        else:
            turn.deliver(fresh, Awaiting.TRY, confidence=sure, scene=scene.id, branch=reached)

    def _leave(self, turn: Turn, exit_: Exit, reason: str) -> None:
        if turn.state.scene is not None:
            turn.set(closed=turn.state.scene, scene=None)
        turn.hand_off(
            "handoff" if reason == "scene" else "not_certain", reason, exit_.skill, exit_.reason
        )

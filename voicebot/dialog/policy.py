"""What to do next. Pure: no clock, no I/O, no chance; the same events give the same actions.

A caller turn goes through these in order, and the first that takes it answers it:

1. danger (冒烟, 触电 …: the safety sentence first), a wish for a human in any wording, a topic that
   only a human may take (the pack's list): hand-off. An angry caller is answered once with an
   apology, and offered a human sooner.
2. a reply to what was just offered or answered (voicebot.dialog.replies)
3. moves of the conversation: again, wait, goodbye, thanks
4. the running scene's question (voicebot.dialog.scene_turns)
5. a model that the company does not have: said so, never answered with another's facts
6. a search (follow-ups made whole, limited to the product: voicebot.dialog.query_maker), then a
   scene, an answer with its source (FAQ, then document), a question back, or an honest refusal
   with the offer of a human (voicebot.dialog.results)
"""

from __future__ import annotations

import re

from voicebot.dialog.asides import Asides
from voicebot.dialog.call_back import CallBacks, WishedTime
from voicebot.dialog.courtesies import Courtesies
from voicebot.dialog.dictation_turns import asked
from voicebot.dialog.events import (
    Action,
    CallStarted,
    Digit,
    Event,
    Found,
    HandoffEnded,
    Heard,
    NoInput,
    Paused,
    SayKind,
)
from voicebot.dialog.fill import Filler
from voicebot.dialog.gate import Gate
from voicebot.dialog.hits import Extractor
from voicebot.dialog.intents import Intent, agrees, asks, intent, recovered
from voicebot.dialog.mood import without_anger
from voicebot.dialog.phonetic import Canonicalizer, units
from voicebot.dialog.query_maker import MODEL_FACT, QueryMaker
from voicebot.dialog.replies import Replies
from voicebot.dialog.results import Results
from voicebot.dialog.scene_match import SceneMatch
from voicebot.dialog.scene_run import SceneEngine
from voicebot.dialog.scene_turns import SceneTurns
from voicebot.dialog.state import Awaiting, DialogState, Pending, Phase, Purpose
from voicebot.dialog.textforms import clean
from voicebot.dialog.turn import Turn
from voicebot.dialog.waiting import told_besides
from voicebot.dialog.yesno import Polarity, polarity
from voicebot.knowledge.answer import extract
from voicebot.pack import Pack
from voicebot.scenes.model import SlotType

NO_UNITS = 4
_KNOWN_FAILURES = {"busy", "no_answer", "waited_out", "queue_full"}
_DECLINES = re.compile(
    r"^(?:(?:不用|不要|不需要|算了|没事)+(?:了|谢谢|啊|吧)*"
    r"|(?:先|那|你|哦)*(?:别|不用|不要|不需要|不想|不)(?:给我|帮我)?(?:转|找|叫)"
    r"(?:人工|客服|工程师|过去|人)?(?:了|吧|啊)*)$"
)
_ONLY_THIS = re.compile(r"^(?:嗯|哦|那|就|好的?)*就?这样了?[。.]?$")
_PAST_THE_QUESTION = {Intent.NOTHING_ELSE, Intent.SOLVED, Intent.THANKS, Intent.CONTINUE}
_AFTER_ANSWER = (Awaiting.ANSWERED, Awaiting.ELSE)


class Dialog:
    """The dialog of one pack; holds nothing of a call.

    Args:
        pack: a loaded pack.
        answer_risk: below this probability of being answerable a question is refused.
        extract: cuts what is spoken from a hit.
        no_input_prompts: how often in a row a silent caller is asked whether they are there; the
            silence after that ends the call.
        waiting_prompts: the same for one who has gone to look or to try something.
        call_back_times: reads when a caller wants to be called back.
    """

    def __init__(
        self,
        pack: Pack,
        *,
        answer_risk: float,
        extract: Extractor = extract,
        no_input_prompts: int = 2,
        waiting_prompts: int = 4,
        call_back_times: WishedTime | None = None,
    ) -> None:
        self._pack = pack
        self._no_input_prompts = no_input_prompts
        self._waiting_prompts = waiting_prompts
        self._canonical = Canonicalizer(pack.lexicon)
        engine = SceneEngine(Filler(self._canonical))
        self._scenes = SceneTurns(engine)
        self._replies = Replies(self._scenes)
        self._courtesies = Courtesies(self._scenes)
        self._call_backs = CallBacks(self._scenes, call_back_times)
        self._queries = QueryMaker(pack, self._canonical)
        self._asides = Asides(self._canonical, self._queries)
        self._gate = Gate(pack, self._queries)
        self._results = Results(
            self._scenes,
            SceneMatch(pack),
            self._queries,
            answer_risk=answer_risk,
            extract=extract,
        )

    def start(self) -> tuple[DialogState, tuple[Action, ...]]:
        """The state of a fresh call, and the greeting."""
        return self.step(DialogState(), CallStarted())

    def scene_name(self, scene_id: str) -> str:
        """What people call the scene; empty for one that there is not."""
        scene = self._pack.scene(scene_id)
        return scene.name if scene else ""

    def step(self, state: DialogState, event: Event) -> tuple[DialogState, tuple[Action, ...]]:
        """Take one event. Never raises for what a caller or a peer may do."""
        heard = event.confidence if isinstance(event, Heard) else 1.0
        turn = Turn(self._pack, state, heard, self._queries)
        if state.phase is Phase.ENDED:
            return turn.finish()
        if isinstance(event, Found):
            if state.pending is not None and state.phase is Phase.TALKING:
                self._results.take(turn, event.result, state.pending)
        elif isinstance(event, HandoffEnded):
            self._handoff_ended(turn, event)
        elif isinstance(event, NoInput):
            self._no_input(turn)
        elif isinstance(event, Digit):
            self._digit(turn, event.digit)
        elif isinstance(event, Paused):
            if state.phase is Phase.TALKING:
                self._scenes.dictations.paused(turn, event.silence_ms)
        elif isinstance(event, CallStarted):
            if state.turns == 0 and not state.said:
                turn.prompt("greeting", SayKind.GREETING)
        else:
            self._heard(turn, event)
        return turn.finish()

    # --- events ---------------------------------------------------------------------------
    def _heard(self, turn: Turn, heard: Heard) -> None:
        text = clean(heard.text)
        if turn.state.phase is Phase.HANDING_OFF:
            turn.prompt("please_hold", SayKind.HANDOFF)
            return
        was_waiting_for = turn.state.awaiting
        turn.set(turns=turn.state.turns + 1, silences=0, waiting=False, pending=None)
        models = self._canonical.terms(text, "model")
        if models:
            turn.set(facts={**turn.state.facts, MODEL_FACT: models[-1]})
        if self._gate.must_hand_off(turn, text, was_waiting_for):
            return
        if not units(text):
            self._results.not_understood(turn)
            return
        move = intent(text)
        turn.set(awaiting=Awaiting.NOTHING)
        if self._gate.soothe(turn, text):
            return
        text = without_anger(text)
        if turn.state.scene is None and (question := _after_no(text)) != text:
            text = question
            if was_waiting_for is Awaiting.OFFER:  # who wants no human is not brought to one soon
                turn.set(failures=0)
        trying = was_waiting_for is Awaiting.TRY
        after_answer = trying or was_waiting_for is Awaiting.MORE
        tells = move in (None, Intent.WAIT)  # 等等，其实换过的 tells something as well
        if after_answer and tells and self._scenes.reopen(turn, text, trying=trying):
            return
        if self._call_backs.take(turn, text, move, was_waiting_for):
            return
        asks_on = was_waiting_for in _AFTER_ANSWER and self._queries.follows_up(text, turn.state)
        if not asks_on and self._replies.take(turn, text, move, was_waiting_for):
            return
        if self._scenes.dictations.heard(turn, heard):
            return
        rest = told_besides(text) if move is Intent.WAIT else ""
        if rest and self._scenes.answers(turn, rest):  # 我看看，是绿的
            text, move = rest, None
        run = turn.state.scene
        if run is not None and recovered(text) and not self._scenes.answers(turn, text):
            self._scenes.leave(turn)  # it works again, whatever was still to be asked
            turn.prompt("scene_solved", SayKind.CLARIFY)
            turn.anything_else()
            return
        if move is Intent.GOODBYE and run is not None and _ONLY_THIS.match(text):
            move = Intent.NOTHING_ELSE
        past = move in _PAST_THE_QUESTION or agrees(text)
        if past and self._scenes.let_go(turn, text, leaving=move is Intent.NOTHING_ELSE):
            # 就这样 to a scene's very first question may only be the end of what they told.
            asked_again = run is not None and run.asked.get(run.asking, 0) > 1
            if move is Intent.NOTHING_ELSE and run and (run.taken_up or run.passed or asked_again):
                turn.hang_up()
            else:
                turn.anything_else()
            return
        if move is not None and self._courtesies.take(turn, move, was_waiting_for):
            return
        if self._gate.not_ours(turn, text):
            return
        if turn.state.scene is not None:
            texts = (text, *(clean(each) for each in heard.alternatives[:3]))
            self._scenes.take(turn, texts)
            return
        self._new_matter(turn, text, was_waiting_for, heard.confidence)

    def _new_matter(self, turn: Turn, text: str, awaited: Awaiting, confidence: float) -> None:
        """Nothing runs and nothing was replied to: what is it about?"""
        if self._scenes.reopen(turn, text):
            return
        if _DECLINES.match(text):
            turn.prompt("declined", SayKind.CLARIFY)
            return
        if self._asides.take(turn, text, awaited):
            return
        if awaited is Awaiting.NOTHING and len(units(text)) < 2:
            self._results.not_understood(turn)
            return
        trying = awaited in (Awaiting.TRY, Awaiting.HELPED)
        turn.search(Pending(text, Purpose.QUESTION, confidence, trying=trying))

    def _no_input(self, turn: Turn) -> None:
        state = turn.state
        if state.phase is Phase.HANDING_OFF:
            turn.prompt("please_hold", SayKind.HANDOFF)
            return
        silences = state.silences + 1
        turn.set(silences=silences)
        patient = state.waiting or state.awaiting is Awaiting.TRY
        if silences > (self._waiting_prompts if patient else self._no_input_prompts):
            turn.hang_up("no_input_goodbye")
        elif patient:
            turn.prompt("still_there", SayKind.NO_INPUT)
        elif state.awaiting is Awaiting.ANSWERED:
            turn.anything_else()
        elif not self._scenes.dictations.ask_on(turn):
            turn.prompt("no_input", SayKind.NO_INPUT)

    def _digit(self, turn: Turn, digit: str) -> None:
        if turn.state.phase is not Phase.TALKING:
            return
        if asked(turn) is not None:
            turn.set(silences=0, waiting=False)
            self._scenes.dictations.key(turn, digit)
        elif digit == "0" and not self._asks_for_digits(turn):
            turn.hand_off("handoff", "requested", why="用户按0要求人工")
        elif self._asks_for_digits(turn):
            self._heard(turn, Heard(digit))

    def _asks_for_digits(self, turn: Turn) -> bool:
        run = turn.state.scene
        scene = self._pack.scene(run.scene) if run else None
        if run is None or scene is None or not run.asking:
            return False
        return scene.slot(run.asking).type is SlotType.NUMBER

    def _handoff_ended(self, turn: Turn, ended: HandoffEnded) -> None:
        outcome = ended.outcome
        if turn.state.phase is not Phase.HANDING_OFF:
            return
        if outcome in ("accepted", "caller_gone"):
            turn.set(phase=Phase.ENDED)
            return
        turn.set(phase=Phase.TALKING, failures=0, silences=0)
        if ended.call_back:
            self._call_backs.offer(turn, ended)
            return
        turn.prompt("seat_busy" if outcome in _KNOWN_FAILURES else "seat_failed", SayKind.HANDOFF)


def _after_no(text: str) -> str:
    """What follows a no that stands alone: of 不用转，我问保修多久 the question."""
    first, _, rest = text.partition("，" if "，" in text else ",")
    plain = len(units(first)) <= NO_UNITS and polarity(first) is Polarity.NO
    return rest if plain and asks(rest) and not asks(first) else text

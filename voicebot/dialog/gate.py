"""What goes before everything else in a turn: danger, a human, anger, what is not ours."""

from __future__ import annotations

from voicebot.dialog.alarm_words import dangerous, sensitive_topic
from voicebot.dialog.events import SayKind
from voicebot.dialog.human_wish import only_transfer, transfers, wants_human
from voicebot.dialog.intents import agrees, asks, asks_information
from voicebot.dialog.mood import angry, only_anger
from voicebot.dialog.query_maker import MODEL_FACT, QueryMaker
from voicebot.dialog.state import Awaiting
from voicebot.dialog.turn import Turn
from voicebot.pack import Pack
from voicebot.scenes.model import SlotType


class Gate:
    """Each method takes a caller's turn and says whether it has answered it."""

    def __init__(self, pack: Pack, queries: QueryMaker) -> None:
        self._pack = pack
        self._queries = queries

    def must_hand_off(self, turn: Turn, text: str, awaited: Awaiting) -> bool:
        """Danger, a human that is asked for, or a topic that only a human may take."""
        if dangerous(text, self._pack.danger_words):
            turn.hand_off("danger", "danger", why="来电提到危险情况")
            return True
        topic = sensitive_topic(text, self._pack.info.sensitive)
        if topic:
            turn.set(facts={**turn.state.facts, "敏感话题": topic})
        # 好，转吧 takes an offer up: the reason is why it was offered. 转人工 would need no offer.
        offered = awaited is Awaiting.OFFER and agrees(text) and only_transfer(text)
        # 好吧你转吧, though nobody offered; 转了 may tell of a fan.
        of_fan = turn.state.scene is not None or awaited in (Awaiting.TRY, Awaiting.HELPED)
        bare = transfers(text) if of_fan else only_transfer(text) and "转" in text
        if (wants_human(text) or bare) and not offered:
            turn.hand_off("handoff", "requested", why="用户要求人工")
            return True
        if topic:
            turn.hand_off("sensitive", "sensitive", why=f"敏感话题：{topic}")
        return bool(topic)

    @staticmethod
    def soothe(turn: Turn, text: str) -> bool:
        """Apologize once; offer a human to who says nothing else, or is angry again."""
        if not angry(text):
            return False
        again = turn.state.upset > 0
        turn.set(upset=turn.state.upset + 1)
        if again or only_anger(text):
            turn.offer_human("sorry_offer", "upset")
            return True
        turn.prompt("sorry", SayKind.CLARIFY)
        return False

    def not_ours(self, turn: Turn, text: str) -> bool:
        """A model or maker that is none of ours is said to be none."""
        foreign = self._queries.products.foreign(text)
        run = turn.state.scene
        scene = self._pack.scene(run.scene) if run else None
        asked_model = (
            run is not None
            and scene is not None
            and bool(run.asking)
            and scene.slot(run.asking).type is SlotType.TERM
        )
        untaken = run is not None and not run.taken_up
        if not foreign or not (run is None or asked_model or untaken or asks_information(text)):
            return False
        if run is None and turn.state.closed is not None and not asks(text):
            return False  # 华为的模块, told of what was advised on
        turn.set(
            facts={**turn.state.facts, MODEL_FACT: foreign, "未解答的问题": text[:100]},
            failures=turn.state.failures + 1,
        )
        # 看错了，是5280 asks the same of one of ours.
        turn.set(topic=self._queries.about(text.replace(foreign, ""), "", "", ""))
        turn.say(turn.fitted("unknown_model", model=foreign), SayKind.REFUSE)
        turn.set(awaiting=Awaiting.OFFER, offer_reason="unknown_product")
        return True

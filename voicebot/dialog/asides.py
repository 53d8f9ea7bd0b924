"""What is said beside the matter: all well now, half a sentence, a remark, a model and no more."""

from __future__ import annotations

import re

from voicebot.dialog.events import SayKind
from voicebot.dialog.intents import asks, is_question
from voicebot.dialog.phonetic import Canonicalizer, units
from voicebot.dialog.query_maker import MODEL_FACT, QueryMaker
from voicebot.dialog.results import FRAGMENT_KEPT
from voicebot.dialog.state import Awaiting
from voicebot.dialog.trying import done, is_well, will_do
from voicebot.dialog.turn import Turn
from voicebot.dialog.yesno import Polarity, polarity

GREETED_TURNS = 2  # later in a call nobody is greeted again
UNFINISHED_MOST = 3  # who leaves more sentences unfinished is asked what it is about
_UNFINISHED = re.compile(
    r"(?:那个|这个|就是|老是|总是|它|的时候|然后|但是|不过|因为|所以|如果|结果|还有就是|好像是|我想问一?下|"
    r"想问一?下|问个事|跟你说|有个事儿?|我这边有台|我有台)$"
)
_REMARK = re.compile(
    r"^(?:(?:好的?|行|嗯|我)*(?:知道|明白|了解|清楚)了?$|哦|噢|喔|哈哈*|呵呵|嘿嘿|原来|这样啊|真的啊|打错了|不好意思|对不起|抱歉|开玩笑|逗你)"
    r"|(?:打错|拨错|说错)了(?:电话|号码)?(?:不好意思)?$|(?:开玩笑|逗你玩?)(?:的|呢|呀)*$"
)
_LEADS = re.compile(
    r"^(?:你好|您好|喂|那个|就是|我们?|这台?|这边|用|的|是|有|一|台|型号|机器|嗯|哦|啊|，|,|\s)+"
)
_ENDS = re.compile(r"(?:的|了|啊|呀|吧|这款|那款|这个|型号|机器|服务器|存储|交换机|这台|那台)+$")


class Asides:
    """Takes such a turn of a caller for whom nothing runs; says whether it was one."""

    def __init__(self, canonical: Canonicalizer, queries: QueryMaker) -> None:
        self._canonical = canonical
        self._queries = queries

    def take(self, turn: Turn, text: str, awaited: Awaiting) -> bool:
        """Answer it, or return False: it is looked up then."""
        if self._tried(turn, text, awaited):
            return True
        if self._empty(turn, text, awaited):
            return True
        if asks(text) and not _UNFINISHED.search(text):
            return False
        if _UNFINISHED.search(text) and turn.state.used.get("go_on", 0) < UNFINISHED_MOST:
            turn.set(fragment=f"{turn.state.fragment} {text}".strip()[-FRAGMENT_KEPT:])
            turn.prompt("go_on", SayKind.CLARIFY)
        elif self._queries.follows_up(text, turn.state):
            return False
        elif _REMARK.search(text):
            turn.set(fragment="")
            turn.prompt("go_ahead", SayKind.CLARIFY)
        elif turn.state.topic is None and (model := self._only_names(text)):
            turn.set(facts={**turn.state.facts, MODEL_FACT: model})
            turn.say(turn.fitted("model_noted", model=model), SayKind.CLARIFY)
        else:
            return False
        return True

    @staticmethod
    def _tried(turn: Turn, text: str, awaited: Awaiting) -> bool:
        """A word on what a scene has advised: it is well, it is done, they go and do it."""
        run = turn.state.closed
        if run is None or not run.branch or awaited is Awaiting.OFFER or is_question(text):
            return False
        if is_well(text) and awaited is not Awaiting.TRY:
            turn.prompt("scene_solved", SayKind.CLARIFY)
            turn.anything_else()
        elif done(text) or (awaited is Awaiting.TRY and not asks(text) and _REMARK.match(text)):
            turn.did_it_help()
        elif will_do(text):
            turn.set(waiting=True, awaiting=Awaiting.TRY)
            turn.prompt("wait_ok", SayKind.CLARIFY)
        else:
            return False
        return True

    @staticmethod
    def _empty(turn: Turn, text: str, awaited: Awaiting) -> bool:
        """A yes, a no or a sound to nothing."""
        heard = units(text)
        said = polarity(text)
        plain = len(heard) <= 3 and said is not Polarity.UNSAID and not is_question(text)
        if len(heard) >= 2 and not plain:
            return False
        if awaited is Awaiting.NOTHING and said is Polarity.UNSAID and not _REMARK.match(text):
            return False
        begun = turn.state.turns > GREETED_TURNS
        turn.prompt("go_ahead" if begun else "hello", SayKind.CLARIFY)
        return True

    def _only_names(self, text: str) -> str:
        """The model that is named and nothing else; empty if more is said, or none is named."""
        models = set(self._canonical.terms(text, "model"))
        if len(models) != 1:
            return ""
        (model,) = models
        rest = "".join(self._canonical.rewrite(text).replace(model, " ").split())
        return model if not _ENDS.sub("", _LEADS.sub("", rest)) else ""

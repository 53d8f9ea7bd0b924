"""What kind of utterance a caller's turn is, by rule: thin, quick and explainable.

Characters and particles decide, not word counts: a Mandarin clause has no spaces.
"""

from __future__ import annotations

import enum
import re

from voicebot.knowledge.query_detection import detector
from voicebot.knowledge.text import clean_query, content, fold


class QueryKind(enum.StrEnum):
    """The kinds, in the order in which they are tried."""

    EMPTY = "empty"  # nothing, or noise that the recognizer made words of
    HUMAN = "human"  # wants a person
    COMPLAINT = "complaint"  # angry, or threatens to complain
    FAREWELL = "farewell"  # is done
    REPEAT = "repeat"  # did not hear
    CONTINUE = "continue"  # wants the next step
    AFFIRM = "affirm"
    DENY = "deny"
    FILLER = "filler"  # listens, greets, or wins time
    QUESTION = "question"  # asks something that may be looked up
    STATEMENT = "statement"  # tells something: a symptom, an answer to a question


_PUNCTUATION = re.compile(r"[\s，,。.！!？?、；;~…]+")
_HUMAN = re.compile(
    r"(?:转|接|换|找|叫|要|让)(?:接|一下|下|到|给|个|一个|位|一位|你们的?|我)*"
    r"(?:人工|真人|活人|客服|坐席|技术员|经理|领导|(?:工程师|师傅)(?!.*[吗呢多几何时]))"
    r"|^(?:人工|真人|人工客服|人工服务)$|(?:不|别).{0,4}机器人?.{0,3}(?:说|聊|讲|谈)"
    r"|(?:有没有|有)(?:真人|人工|活人)|跟(?:真人|人工|人)(?:说|讲|聊)"
)
_COMPLAINT = re.compile(
    r"投诉|举报|12315|消协|曝光|骗子|坑人|垃圾|什么破|太差|差劲|气死|受够|没用的东西|起诉|律师|退款不然"
    r"|(?:都|已经)(?:打|说|报修|反映)(?:了)?.{0,3}(?:[三四五六七八九十好几]+)(?:次|遍|回)"
)
_FAREWELL = re.compile(
    r"^(?:好的?|行|嗯|那)?(?:再见|拜拜|没(?:有)?(?:其他|别的|什么)?(?:问题|事)了|没事了?|就这样吧?|先这样吧?"
    r"|不用了谢谢|(?:(?:没事了?|那|我|就|先)*)挂(?:了|啦|电话|吧)|谢谢再见|没有了(?:谢谢)?)(?:谢谢|再见|拜拜|吧|啊|了)*$"
)
_REPEAT = re.compile(
    r"再(?:说|讲|念)一?[遍次下]|没听(?:清|明白|懂|见)|听不(?:清|懂|见)|重复一[遍下]|^(?:什么|啥|啊什么|你说什么)$|说慢"
)
_CONTINUE = re.compile(
    r"^(?:好的?|嗯|行|然后)?(?:继续|接着说|往下说|下一步|然后呢|接下来呢?|还有呢|后面呢|之后呢)(?:吧|呢|说|讲|怎么做)?$"
)
_AFFIRM = re.compile(
    r"^(?:(?:嗯|哦|啊|对|是|好)*)(?:对|对的|对啊|对呀|没错|是|是的|是啊|是这样|就是|好|好的|好吧|好啊|可以|可以的|行|行啊|行吧"
    r"|有|有的|确定|确认|正确|没问题|需要|要|要的|可以啊|试过了|做过了|亮|亮着|亮的)+(?:了|啊|呀|的|吧|谢谢)*$"
)
_DENY = re.compile(
    r"^(?:(?:嗯|哦|啊|呃)*)(?:不|不是|不是的|不对|没有|没|没有啊|没有的|不行|不可以|不要|不用|不需要|不能|错了|不是这个"
    r"|不是这样|没做过|没试过|没亮|不亮|还没|还没有|都没有|都不是|也没有|也不行)+(?:了|啊|呀|的|吧|呢)*$"
)
_FILLER = re.compile(
    r"^(?:嗯|呃|额|啊|哦|噢|喔|诶|唉|哎|喂|你好|您好|哈喽|那个|这个|就是|就是说|怎么说呢|我想想|我看看|我看一下|等一下"
    r"|等等|稍等|稍等一下|你等一下|等会|让我想想|明白|明白了|知道了|了解|听得到|听到|听见了|在|在吗|我在)+[吗吧啊呢呀]*$"
)
_QUESTION = re.compile(
    r"[?？]$|怎么|怎样|如何|什么|为啥|为何|咋|哪|谁|多少|多久|多长|多大|几[个天块条年点]|能不能|可不可以|是不是|有没有"
    r"|行不行|在不在.|会不会|要不要|支不支持|能否|是否|请问|想问|咨询|(?:吗|呢|么)$"
)

_RULES = (
    (QueryKind.HUMAN, _HUMAN),
    (QueryKind.COMPLAINT, _COMPLAINT),
    (QueryKind.FAREWELL, _FAREWELL),
    (QueryKind.REPEAT, _REPEAT),
    (QueryKind.CONTINUE, _CONTINUE),
    (QueryKind.DENY, _DENY),
    (QueryKind.AFFIRM, _AFFIRM),
    (QueryKind.FILLER, _FILLER),
)
SHORT = 24  # characters; a longer turn says more than yes, no or hm


_NOTHING_TO_LOOK_UP = frozenset(
    {
        QueryKind.EMPTY,
        QueryKind.FAREWELL,
        QueryKind.REPEAT,
        QueryKind.CONTINUE,
        QueryKind.AFFIRM,
        QueryKind.DENY,
        QueryKind.FILLER,
    }
)


def to_be_answered(text: str) -> bool:
    """Whether `text` wants something looked up: it asks, or reports a fault. Rules decide on the
    moves of a conversation and on plain questions, the fitted model on the rest."""
    kind = classify(text)
    if kind in _NOTHING_TO_LOOK_UP:
        return False
    return kind is QueryKind.QUESTION or detector().asks(text)


def classify(text: str) -> QueryKind:
    """The kind of one caller turn as recognized or typed."""
    said = _PUNCTUATION.sub("", fold(text))
    if not said:
        return QueryKind.EMPTY
    for kind, pattern in _RULES if len(said) <= SHORT else _RULES[:2]:
        if pattern.search(said):
            return kind
    asks = _QUESTION.search(said) or text.rstrip().endswith(("?", "？"))
    if asks and content(clean_query(text)):
        return QueryKind.QUESTION
    return QueryKind.STATEMENT

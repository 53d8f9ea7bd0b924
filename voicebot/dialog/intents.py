"""What callers say about the conversation itself, in any wording: again, wait, goodbye.

Phrases match by sound too (转人公, 专人工), see `voicebot.dialog.phonetic`; a negated one
(不用等) does not count. A human and danger: `human_wish`, `alarm_words`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

from voicebot.dialog import phrases
from voicebot.dialog.alarm_words import dangerous as dangerous
from voicebot.dialog.denial import denied
from voicebot.dialog.framed import asks_for_us, farewell, what_was_it
from voicebot.dialog.human_wish import wants_human as wants_human
from voicebot.dialog.phonetic import Unit, find, units
from voicebot.dialog.unknowing import dont_know as dont_know
from voicebot.dialog.yesno import Polarity, polarity
from voicebot.knowledge.query_kind import to_be_answered


class Intent(enum.Enum):
    """A move in the conversation, as opposed to something about the matter."""

    HUMAN = "human"
    REPEAT = "repeat"
    WAIT = "wait"
    GOODBYE = "goodbye"
    NOTHING_ELSE = "nothing_else"
    THANKS = "thanks"
    HELLO = "hello"
    HEAR_ME = "hear_me"
    WHO = "who"
    CONTINUE = "continue"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"


SHORT_UNITS = 16  # a move in more words than this is about the matter
AGREEMENT_UNITS = 12  # whoever says more than this says more than yes
_CONTINUE = re.compile(
    r"^(好的?|嗯+|行|可以|对|是的?|要|你?您?)?(请|麻烦)?(继续|接着|往下|下一步|下一个|然后呢|还有呢|"
    r"后面呢|接下来|再然后|说吧|讲吧|你说|您说|说|讲)(说|讲|吧|呢|呀|啊|怎么做|怎么办|一下|下去|是什么)*$"
)
_NOTHING_ELSE = re.compile(
    r"^(那|嗯|哦|好的?|好了|行了?|我)*(没有?(别的|其他|什么)?(问题|事|事情|事儿)?(了|啦)|"
    r"没事(儿|情)?(了|啦)?|不用(了|啦)|"
    r"没别的(了|事了?)?|不需要(了)?|没有其他(的|问题)?(了)?|暂时没有(了)?|就这些(了|吧)?|"
    r"就这样(了|吧)?|没了)$"
)
_WHO = re.compile(
    r"^(你好|喂|请问|那)*你(到底)?(是谁|是哪位|叫什么(名字)?|是(不是)?(个)?(机器人|真人|人工|人|智能客服|AI|ai)|"
    r"(会|能)(干|做|帮我做|帮我干)(什么|啥|点什么|些什么))(啊|呀|吗|呢|么|还是人工|还是真人|还是机器人)*$"
)
_THANKS = re.compile(r"(好的?)?(谢谢|多谢|感谢)(你|您)?(啊|了)?")
_HELLO = re.compile(
    r"^(喂|你好|您好|哈喽|hello|hi|嗨|早上好|上午好|下午好|晚上好|对不起|不好意思|打扰了|"
    r"请问一?下?|我?想?问一下|咨询一下|我?有个问题|我?有个事|啊|呀)+$"
)
_WHAT = re.compile(r"^(啊|哦|嗯|哎|欸)?(什么|啥)$")
_QUESTION_WORD = re.compile(
    r"多[重高宽深大长快远厚]|怎么|如何|什么|为什么|为啥|咋|哪|多少|多久|多长|几|吗|么|呢|是不是|有没有|能不能|可不可以|可以.*吗|"
    r"区别|是否|要不要|啥"
)
_TROUBLE = re.compile(
    r"有问题|故障|坏了|报错|开不了|不到|不上|不出|不动|不行了|不亮|不通|没反应|没有反应|报警|告警|失败|"
    r"死机|宕机|蓝屏|黑屏|红灯|黄灯|异常|降级"
)
_INFORMATION = re.compile(
    r"怎么(?!回事|办|样|了)|如何|怎样|哪里|哪儿|在哪|多少|多久|多长|几年|什么是|是什么|什么意思|区别|支持|"
    r"价格|多[大重高宽深厚快远]|(?<![好有了过这那就])几[个颗根条口层位种台核路天点]|哪些|哪个|步骤|为什么|为啥"
)

# 看到了，是电源 tells what was seen, 看到了，好了 that all is well.
_SEEN = re.compile(
    r"(?:到了?|出来了?)[，,\s]*(?:它|这里|上面|里面|屏幕上|写的|告警|灯)*(?:是(?!好|正常|可以|没问题|的|啊|呀|吧|了)|有(?!了)|写着?|显示|报)"
)

# What every caller says of a fault as well is left out: 什么灯都不亮, 没什么反应, 什么情况.
_FACT = re.compile(
    r"(?<!没)(?<!没有)什么(?!.{0,6}[都也]|情况|原因|毛病|问题|故障|事)|哪(?!.{0,6}[都也]|坏)"
    r"|能不能|可不可以|行不行|要不要|用不用|需不需要|[吗么][?？]?$"
    r"|(?:能|可以|行|会|支持|要|用|够|管|给|保).{0,10}不[?？]?$"
)


def intent(text: str) -> Intent | None:
    """The conversational move in `text`, or None."""
    heard = units(text)
    compact = "".join(unit.text for unit in heard)
    if wants_human(text):
        return Intent.HUMAN
    # 卷标是什么来着 asks for the label
    repeat = what_was_it(compact) if "来着" in compact else _any(heard, phrases.REPEAT)
    if repeat or _WHAT.match(compact) or text in ("啊?", "嗯?", "啊？"):
        return Intent.REPEAT
    if _HELLO.match(compact):
        return Intent.HELLO
    if _WHO.match(compact):
        return Intent.WHO
    short = len(heard) <= SHORT_UNITS
    if short and _any(heard, phrases.NOT_SOLVED):
        return Intent.NOT_SOLVED
    # 等一下，我想问一下保修期是多久 stops the bot to ask, not to wait
    if short and _any(heard, phrases.WAIT) and not asks_information(text):
        return Intent.WAIT
    if short and farewell(text):
        return Intent.GOODBYE
    if asks_for_us(heard):
        return Intent.HEAR_ME
    if _NOTHING_ELSE.match(_THANKS.sub("", compact)):
        return Intent.NOTHING_ELSE
    if short and _any(heard, phrases.SOLVED) and not (_SEEN.search(text) and not recovered(text)):
        return Intent.SOLVED
    if len(heard) <= 10 and _any(heard, phrases.THANKS):
        return Intent.THANKS
    return Intent.CONTINUE if _CONTINUE.match(compact) else None


def recovered(text: str) -> bool:
    """Whether the fault is told to be gone, and nothing else can be meant: 能开了, not 好了."""
    heard = units(text)
    return len(heard) <= SHORT_UNITS and _any(heard, phrases.RECOVERED)


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    return "?" in text or "？" in text or bool(_QUESTION_WORD.search(text))


def asks(text: str) -> bool:
    """Whether `text` wants something looked up: a question, or the report of a fault."""
    return is_question(text) or bool(_TROUBLE.search(text)) or to_be_answered(text)


def asks_information(text: str) -> bool:
    """Whether `text` asks how, where, what or how much, as opposed to reporting a fault."""
    return bool(_INFORMATION.search(text))


def asks_a_fact(text: str) -> bool:
    """Whether `text` asks which one, or yes or no: 该点哪个, 能用不, 要不要关机."""
    return bool(_FACT.search(text))


def agrees(text: str) -> bool:
    """A yes to an offer just made."""
    short = len(units(text)) <= AGREEMENT_UNITS and not is_question(text)
    return (short and polarity(text) is Polarity.YES) or intent(text) is Intent.CONTINUE


def negated(heard: tuple[Unit, ...], start: int) -> bool:
    """Whether the words right before position `start` negate what stands there."""
    first = start
    # 不是，转人工 negates something else: a pause ends what a negation covers.
    while first > max(0, start - 5) and heard[first].glued:
        first -= 1
    return denied("".join(unit.text for unit in heard[first:start]))


def _any(heard: tuple[Unit, ...], words: Iterable[str]) -> bool:
    for phrase in words:
        for match in find(phrase, heard):
            # Two syllables by sound alone are too easily something else.
            if not match.exact and match.end - match.start < 3:
                continue
            if not negated(heard, match.start):
                return True
    return False

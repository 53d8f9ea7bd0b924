"""What callers say about the conversation itself, in any wording: a human, again, wait, goodbye.

Phrases match by sound too (转人公, 专人工), see `voicebot.dialog.phonetic`; a negated one
(不用转人工, 没有冒烟) does not count.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

from voicebot.dialog import phrases
from voicebot.dialog.phonetic import Unit, find, units
from voicebot.dialog.textforms import clauses
from voicebot.dialog.yesno import Polarity, polarity


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
    CONTINUE = "continue"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"


AGREEMENT_UNITS = 12  # whoever says more than this says more than yes
_CONTINUE = re.compile(
    r"^(好的?|嗯+|行|可以|对|是的?|要|你?您?)?(请|麻烦)?(继续|接着|往下|下一步|下一个|然后呢|还有呢|"
    r"后面呢|接下来|再然后|说吧|讲吧|你说|您说|说|讲)(说|讲|吧|呢|呀|啊|怎么做|怎么办|一下|下去|是什么)*$"
)
_NOTHING_ELSE = re.compile(
    r"^(那|嗯|哦|好的?|行|我)*(没有?(别的|其他|什么)?(问题|事|事情|事儿)?(了|啦)|"
    r"没事(儿|情)?(了|啦)?|不用(了|啦)|"
    r"没别的(了|事了?)?|不需要(了)?|没有其他(的|问题)?(了)?|暂时没有(了)?|就这些(了|吧)?|"
    r"就这样(了|吧)?|没了)$"
)
_THANKS = re.compile(r"(好的?)?(谢谢|多谢|感谢)(你|您)?(啊|了)?")
_HELLO = re.compile(
    r"^(喂+|你好|您好|哈喽|hello|hi|嗨|早上好|上午好|下午好|晚上好|对不起|不好意思|打扰了|"
    r"请问一?下?|我?想?问一下|咨询一下|我?有个问题|我?有个事|啊|呀)+$"
)
_SOMEBODY = re.compile(
    r"(转|接|换|找|叫|喊)(接|一下|下|到|给|个|一个|位|一位|你们的?|我|我们|来|通)*"
    r"(人工|真人|活人|客服|坐席|座席|工程师|技术员|技术人员|师傅|主管|经理|领导)"
    r"|(投诉|举报|12315|消协|曝光|起诉|律师)"
)
_TRANSFER = re.compile(r"^(好的?|那|行|嗯|吧)*(请|帮我|给我)?转(接|过去|一下)?(吧|一下|了|啊)*$")
_WHAT = re.compile(r"^(啊|哦|嗯|哎|欸)?(什么|啥)$")
_NEGATION = re.compile(
    r"(不是|不用|不要|不需要|不必|没有|没|别|不想|先不|并没有|不|无)(给我|帮我|再|用|想|要|去)*$"
)
_NOT_NEGATION = re.compile(r"(是不是|有没有|要不要|能不能|可不可以|要不|对不|行不|好不)$")
_QUESTION_WORD = re.compile(
    r"怎么|如何|什么|为什么|为啥|咋|哪|多少|多久|多长|几|吗|么|呢|是不是|有没有|能不能|可不可以|可以.*吗|"
    r"区别|是否|要不要|啥"
)
_INFORMATION = re.compile(
    r"怎么(?!回事|办|样|了)|如何|怎样|哪里|哪儿|在哪|多少|多久|多长|几年|什么是|是什么|什么意思|区别|支持|"
    r"价格|多大|几个|哪些|哪个|步骤|为什么|为啥"
)


def intent(text: str) -> Intent | None:
    """The conversational move in `text`, or None."""
    heard = units(text)
    compact = "".join(unit.text for unit in heard)
    if wants_human(text):
        return Intent.HUMAN
    if _any(heard, phrases.REPEAT) or _WHAT.match(compact) or text in ("啊?", "嗯?", "啊？"):
        return Intent.REPEAT
    if _HELLO.match(compact):
        return Intent.HELLO
    short = len(heard) <= 16
    for words, found in (
        (phrases.NOT_SOLVED, Intent.NOT_SOLVED),
        (phrases.WAIT, Intent.WAIT),
        (phrases.GOODBYE, Intent.GOODBYE),
        (phrases.HEAR_ME, Intent.HEAR_ME),
    ):
        if short and _any(heard, words):
            if found is Intent.WAIT and asks_information(text):
                continue  # 等一下，我想问一下保修期是多久 stops the bot to ask, not to wait
            return found
    if _NOTHING_ELSE.match(_THANKS.sub("", compact)):
        return Intent.NOTHING_ELSE
    if short and _any(heard, phrases.SOLVED):
        return Intent.SOLVED
    if len(heard) <= 10 and _any(heard, phrases.THANKS):
        return Intent.THANKS
    return Intent.CONTINUE if _CONTINUE.match(compact) else None


def wants_human(text: str) -> bool:
    """Whether the caller asks for a person."""
    heard = units(text)
    if _any(heard, phrases.HUMAN):
        return True
    compact = "".join(unit.text for unit in heard)
    for clause in clauses(text):
        if any(not _negates(clause[: match.start()]) for match in _SOMEBODY.finditer(clause)):
            return True
    stripped = re.sub(
        r"^(请|帮我|给我|我要|要|找|喂|那|你好)+|(吧|啊|谢谢|客服|一下|呢)+$", "", compact
    )
    bare = stripped in phrases.BARE_HUMAN or compact in phrases.BARE_HUMAN
    return bare or bool(_TRANSFER.match(compact))


def dangerous(text: str, words: Iterable[str]) -> str:
    """The first danger word said and not denied, or an empty text."""
    heard = units(text)
    for word in words:
        # By characters only: 着火 must not be heard into 找货.
        exact = [match for match in find(word, heard) if match.exact]
        if any(not negated(heard, match.start) for match in exact):
            return word
    return ""


def dont_know(text: str) -> bool:
    """Whether the caller cannot tell."""
    return _any(units(text), phrases.DONT_KNOW, negatable=False)


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    return "?" in text or "？" in text or bool(_QUESTION_WORD.search(text))


def asks_information(text: str) -> bool:
    """Whether `text` asks how, where, what or how much, as opposed to reporting a fault."""
    return bool(_INFORMATION.search(text))


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
    return _negates("".join(unit.text for unit in heard[first:start]))


def _negates(before: str) -> bool:
    return bool(_NEGATION.search(before)) and not _NOT_NEGATION.search(before)


def _any(heard: tuple[Unit, ...], words: Iterable[str], *, negatable: bool = True) -> bool:
    for phrase in words:
        for match in find(phrase, heard):
            # Two syllables by sound alone are too easily something else.
            if not match.exact and match.end - match.start < 3:
                continue
            if not (negatable and negated(heard, match.start)):
                return True
    return False

"""What a caller cannot tell, and what they tell all the same.

不清楚能不能停 holds the words of a no and 在哪看 those of a yes. So what is not known, how to look,
and a question whether (有没有) are taken out before a yes or a no is looked for in the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from voicebot.dialog import phrases
from voicebot.dialog.phonetic import find, units
from voicebot.dialog.textforms import clauses
from voicebot.scenes.model import Slot, SlotType

# Where and how to look; not 哪里都没有, 怎么弄都不行.
_HOW_TO_LOOK = re.compile(
    r"(?:怎么|咋|如何|在哪|去哪|上哪|哪里|哪儿|哪个地方|什么地方|从哪)(?!.*[都也])"
    r".{0,4}(?:看|查|找|确认|判断|分辨|区分|知道|知晓|算)|^(?:这个|那个|它|这)?在(?:哪|什么地方)"
)
# 没印象 sounds like 没影响.
_CANNOT_TELL = re.compile(r"(?:得|要|去|需要)问一?[问下]|没(?:有|什么)?印象")
_TWICE = re.compile(r"([不没].)\1+")  # 没有没有 asks nothing
# Not 动不动, 时不时; and a guess (是不是缺驱动) tells what is guessed.
_WHETHER = re.compile(r"(?P<word>[^动时是\s]{1,2})[不没](?P=word)")
_TAG = re.compile(r"(?<=.)(?:对不对|是不是|行不行|好不好)$")
_VALUES = (SlotType.NUMBER, SlotType.REGEX, SlotType.TERM)
_HAS_NONE = re.compile(
    r"没(?:有(?!了|[别其]|什么|问题|事)|收到|存|记|带|拿|留|写|印|贴)|找不[到着]|看不[清见到]|[丢删扔掉撕磨]了|不在(?:手边|身边|手上|旁边)"
)
_NOT_LOOKED = "没看"  # also a plain no: 还没看
_SEEN = ("到", "见", "错")


def dont_know(text: str) -> bool:
    """Whether the caller cannot tell, or asks how to look."""
    return any(_by_rule(clause) for clause in clauses(text)) or _has(text, phrases.DONT_KNOW)


def has_none(slot: Slot, text: str) -> bool:
    """Whether a caller who is asked for a number or a name has none at hand: 单号我没有啊."""
    asked_for_value = slot.dictated or slot.type in _VALUES
    return asked_for_value and bool(_HAS_NONE.search(text)) and not any(map(str.isdigit, text))


def told(text: str, own: Iterable[str] = ()) -> str:
    """`text` without what is not known or asked: of 不清楚，应该没有 the last two words.

    `own` are the answers that a question names; one that sounds like not knowing (忘了装) stays.
    """
    meant = [answer for answer in own if _cannot_tell(answer)]
    kept = (
        _before_whether(clause)
        for clause in clauses(text)
        if not _cannot_tell(clause) or any(answer in clause for answer in meant)
    )
    return " ".join(each for each in kept if each)


def _cannot_tell(clause: str) -> bool:
    unsure = (each for each in phrases.DONT_KNOW if each != _NOT_LOOKED)
    return _by_rule(clause) or _has(clause, unsure)


def _by_rule(clause: str) -> bool:
    return bool(_HOW_TO_LOOK.search(clause) or _CANNOT_TELL.search(clause))


def _before_whether(clause: str) -> str:
    plain = _TAG.sub("", _TWICE.sub(r"\1", clause))
    asks = _WHETHER.search(plain)
    return plain[: asks.start()] if asks else plain


def _has(text: str, words: Iterable[str]) -> bool:
    heard = units(text)
    for phrase in words:
        for match in find(phrase, heard):
            # Two syllables by sound alone are too easily something else.
            if not match.exact and match.end - match.start < 3:
                continue
            after = heard[match.end : match.end + 1]
            if not (phrase == _NOT_LOOKED and after and after[0].text in _SEEN):
                return True
    return False

"""Is this a yes or a no? Mandarin answers, with their double negatives and false friends.

What is said about the matter (做了, 没有) outweighs what is said to the asker (对, 嗯): 对，没做 is
a no. Within each kind the last one counts: 没有，哦，有的 is a yes.
"""

from __future__ import annotations

import enum
import re

from voicebot.dialog.textforms import clauses


class Polarity(enum.Enum):
    """What a text says to a yes-or-no question."""

    YES = "yes"
    NO = "no"
    UNSAID = "unsaid"


# Words before the answer that carry none of it.
_LEAD = re.compile(
    r"^(先(?=不用|不要|不需要)|嗯+|呃+|额+|啊+|哦+|噢+|唉|诶|欸|喂|那个|这个|就是|其实|我们|咱们|我|你|他|它|这|那|应该|好像|"
    r"可能|大概|确实|肯定|已经|都|也|还|就|刚才|刚刚|之前|现在|目前|是说|觉得|应当|倒|里面|里头|上面|界面里|界面上|下面|后面|前面|反正|目前为止|"
    r"(?:什么|哪里|哪儿|哪个|怎么.{0,2})[都也])+"
)
_NOT_AN_ANSWER = re.compile(
    r"^(对不起|不好意思|好几|好多|好久|对了|对于|是不是|是否|有没有|要不要|行不行|可不可以|能不能|"
    r"不知道|不清楚|不太清楚|不确定|不晓得|不了解|不懂|没听清|没听懂|没明白|有个|有点|有一|有台|有些|"
    r"要是|要不|是什么|是怎么|有什么|没什么事|怎么(?!.{0,2}[都也])|为什么|什么(?![都也])|不管|不但|不仅|不过|"
    r"在哪|在什么|不会[看查]|(?:别|不要)挂(?!载)|(?:别|不要|不用|不必)着?急)"
)
_ABOUT_NO = re.compile(
    r"^(没有|没|未|无|从来没|从没|不用|不需要|不要|不必|不想|别|不能|不会|不可以|不行|不亮|不转|不响|"
    r"不通|不好|不正常|不在|不着)"
)
_ABOUT_YES = re.compile(
    r"^(不错|没错|没问题|有|做了|做过|做好|配了|配过|配好|装了|装过|装好|弄了|弄过|弄好|搞了|搞好|换了|换过|"
    r"插了|插好|插着|试了|试过|看了|看过|接了|接好|连了|连着|开了|加了|更新了|升级了|重启了|能|会|可以|需要|要|"
    r"亮|响|通|正常|在|转吧|转)"
)
_TO_ASKER_NO = re.compile(r"^(不是|不对|否|不)")
_TO_ASKER_YES = re.compile(r"^(是|对|没错|嗯|行|好|ok|okay|yes|当然|得嘞|麻烦)")
# Yes by itself, but a mere copula or adverb before other words: 是绿灯, 好大声.
_WEAK_YES = ("是", "好", "行")
_DOUBLE = re.compile(r"(不是|并非|不可能|也不是)(说)?(没|未|不)|没有不|不会不|不能不")
_QUESTION_TAG = re.compile(r"^(对吧|是吧|好吧|行吧|是吗|对吗|好吗|行吗|可以吗)$")
_SOFT_YES = re.compile(r"^(好吧|行吧|可以吧|是吧|对吧)$")


def polarity(text: str) -> Polarity:
    """Whether `text` affirms or denies, or neither."""
    to_asker = about = Polarity.UNSAID
    parts = clauses(text)
    for nth, clause in enumerate(parts):
        if nth and _QUESTION_TAG.match(clause):
            continue
        said_to_asker, said_about = _clause(clause)
        if said_to_asker is not Polarity.UNSAID:
            to_asker = said_to_asker
        if said_about is not Polarity.UNSAID:
            about = said_about
    return about if about is not Polarity.UNSAID else to_asker


def agreement_only(text: str) -> bool:
    """Whether the yes is nothing but agreement (对, 嗯, 是的) at the head of a text."""
    return all(_clause(clause)[1] is Polarity.UNSAID for clause in clauses(text))


def _clause(clause: str) -> tuple[Polarity, Polarity]:
    """(said to the asker, said about the matter) of one clause."""
    to_asker = sure = Polarity.UNSAID
    if re.match(r"^(嗯+|唔)", clause):
        to_asker = sure = Polarity.YES
    rest = clause
    for _ in range(4):
        rest = _LEAD.sub("", rest) if not _NOT_AN_ANSWER.match(rest) else rest
        if not rest:
            return to_asker, Polarity.UNSAID
        if _NOT_AN_ANSWER.match(rest):
            return sure, Polarity.UNSAID
        if _SOFT_YES.match(rest):
            return Polarity.YES, Polarity.UNSAID
        if _DOUBLE.match(rest):
            return to_asker, Polarity.YES
        if _ABOUT_YES.match(rest):
            return to_asker, Polarity.YES
        if _ABOUT_NO.match(rest):
            return to_asker, Polarity.NO
        for pattern, said in ((_TO_ASKER_NO, Polarity.NO), (_TO_ASKER_YES, Polarity.YES)):
            matched = pattern.match(rest)
            if matched:
                to_asker = said
                after = rest[matched.end() :]
                rest = re.sub(r"^(的|呀|啊|哦|了|吧|嘛|呢|哈)+", "", after)
                if matched.group() not in _WEAK_YES or rest != after:
                    sure = said
                break
        else:
            return sure, Polarity.UNSAID
    return (to_asker if not rest else sure), Polarity.UNSAID

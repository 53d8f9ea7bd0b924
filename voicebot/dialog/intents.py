"""What callers say about the conversation itself, in any wording: a human, again, wait, goodbye.

Phrases match by sound too (转人公, 专人工), see `voicebot.dialog.phonetic`; a negated one
(不用转人工, 没有冒烟) does not count.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

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


# Matched anywhere in the text, by sound too.
_HUMAN = (
    "转人工", "人工客服", "人工服务", "人工坐席", "转接人工", "接人工", "要人工", "找人工", "人工台", "我要人工", "换人工", "找个人",
    "找个真人", "换个人", "真人客服", "真人", "找客服", "转客服", "跟人说话", "和人说话", "跟人讲", "跟人聊", "跟真人", "不想跟机器",
    "不跟机器人", "不要机器人", "叫你们工程师", "找你们工程师", "找工程师", "转工程师", "工程师接电话", "叫工程师", "让工程师", "转技术",
    "找技术人员", "找你们技术", "转给工程师", "接工程师", "叫个人来", "让人来接", "转接客服", "转坐席", "人工接听", "有没有人工", "有人工吗",
    "叫你们领导", "找你们领导", "找经理", "我要投诉",
)  # fmt: skip
# The whole text, give or take polite words.
_BARE_HUMAN = ("人工", "客服", "工程师", "转接", "人工人工")
_REPEAT = (
    "再说一遍", "再说一次", "再讲一遍", "再讲一次", "重复一遍", "重复一下", "再重复", "重说一遍", "没听清", "没听清楚", "没听见", "没听到",
    "刚才说什么", "你说什么", "说的什么", "说的啥", "说啥", "刚才那句", "再来一遍", "什么来着", "听不清", "没听懂",
)  # fmt: skip
_WAIT = (
    "等一下", "等下", "等一等", "等等", "等我", "稍等", "等会儿", "等一会", "我去看看", "我去看一下", "我看看", "我看一下", "我先看看",
    "我去查", "我找一下", "我找找", "让我看看", "我瞧瞧", "别挂", "我试试", "我试一下", "我去试", "我去机房", "我操作一下", "我记一下",
    "拿笔",
)  # fmt: skip
_GOODBYE = (
    "再见", "拜拜", "挂了", "挂电话", "先这样", "那就这样", "就这样吧", "回头再打", "不聊了", "谢谢", "多谢", "感谢", "辛苦了",
    "麻烦你了", "麻烦您了", "听得到吗", "听得见吗", "能听到吗", "能听见吗", "听到吗", "在吗", "在不在", "有人吗", "还是不行", "还不行",
    "不管用", "没用", "没解决", "没有解决", "解决不了", "还是一样", "还是老样子", "还是没反应", "试过了不行", "没效果", "还是看不到", "还是不好",
    "搞不定", "不会弄", "不会操作",
)  # fmt: skip
_SOLVED = (
    "解决了", "好了好了", "可以了", "搞定了", "弄好了", "正常了", "看到了", "没问题了", "恢复了",
)  # fmt: skip
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
_HELLO = re.compile(
    r"^(喂+|你好|您好|哈喽|hello|hi|嗨|早上好|上午好|下午好|晚上好|你好呀|您好呀)+[啊呀]?$"
)
_NEGATION = re.compile(r"(不是|不用|不要|不需要|不必|没有|没|别|不想|先不|并没有|不|无)$")
_NOT_NEGATION = re.compile(r"(是不是|有没有|要不要|能不能|可不可以|要不|对不|行不|好不)$")
_QUESTION_WORD = re.compile(
    r"怎么|如何|什么|为什么|为啥|咋|哪|多少|多久|多长|几|吗|么|呢|是不是|有没有|能不能|可不可以|可以.*吗|"
    r"区别|是否|要不要|啥"
)
_INFORMATION = re.compile(
    r"怎么(?!回事|办|样|了)|如何|怎样|哪里|哪儿|在哪|多少|多久|多长|几年|什么是|是什么|什么意思|区别|支持|"
    r"价格|多大|几个|哪些|哪个|步骤|为什么|为啥"
)
_DONT_KNOW = (
    "不知道", "不清楚", "不太清楚", "不确定", "不晓得", "不了解", "不懂", "不太懂", "没注意", "没留意", "说不好", "说不准", "说不上来",
    "记不清", "不记得", "忘了", "忘记了", "看不懂", "不会看", "怎么看", "在哪看", "在哪里看", "哪里看", "哪儿看", "怎么查", "在哪查",
    "哪里能看", "怎么知道", "分不清", "搞不清", "弄不清", "拿不准", "没看过", "没看", "不明白", "什么意思", "没法看", "看不了",
)  # fmt: skip


def intent(text: str) -> Intent | None:
    """The conversational move in `text`, or None."""
    heard = units(text)
    compact = "".join(unit.text for unit in heard)
    if wants_human(text):
        return Intent.HUMAN
    if _any(heard, _REPEAT):
        return Intent.REPEAT
    if _HELLO.match(compact):
        return Intent.HELLO
    short = len(heard) <= 16
    for phrases, found in (
        (_NOT_SOLVED, Intent.NOT_SOLVED),
        (_WAIT, Intent.WAIT),
        (_GOODBYE, Intent.GOODBYE),
        (_HEAR_ME, Intent.HEAR_ME),
    ):
        if short and _any(heard, phrases):
            return found
    if _NOTHING_ELSE.match(compact) or _thanks_and_bye(text):
        return Intent.NOTHING_ELSE
    if short and _any(heard, _SOLVED):
        return Intent.SOLVED
    if len(heard) <= 10 and _any(heard, _THANKS):
        return Intent.THANKS
    return Intent.CONTINUE if _CONTINUE.match(compact) else None


def wants_human(text: str) -> bool:
    """Whether the caller asks for a person."""
    heard = units(text)
    if _any(heard, _HUMAN):
        return True
    compact = "".join(unit.text for unit in heard)
    stripped = re.sub(
        r"^(请|帮我|给我|我要|要|找|喂|那|你好)+|(吧|啊|谢谢|客服|一下|呢)+$", "", compact
    )
    return stripped in _BARE_HUMAN or compact in _BARE_HUMAN


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
    return _any(units(text), _DONT_KNOW, negatable=False)


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    return "?" in text or "？" in text or bool(_QUESTION_WORD.search(text))


def asks_information(text: str) -> bool:
    """Whether `text` asks how, where, what or how much, as opposed to reporting a fault."""
    return bool(_INFORMATION.search(text))


def agrees(text: str) -> bool:
    """A yes to an offer just made."""
    return polarity(text) is Polarity.YES or intent(text) is Intent.CONTINUE


def negated(heard: tuple[Unit, ...], start: int) -> bool:
    """Whether the words right before position `start` negate what stands there."""
    before = "".join(unit.text for unit in heard[max(0, start - 4) : start])
    return bool(_NEGATION.search(before)) and not _NOT_NEGATION.search(before)


def _thanks_and_bye(text: str) -> bool:
    parts = clauses(text)
    return any(_NOTHING_ELSE.match(part) for part in parts[:-1]) and any(
        word in parts[-1] for word in _THANKS
    )


def _any(heard: tuple[Unit, ...], phrases: Iterable[str], *, negatable: bool = True) -> bool:
    for phrase in phrases:
        for match in find(phrase, heard):
            # Two syllables by sound alone are too easily something else.
            if not match.exact and match.end - match.start < 3:
                continue
            if not (negatable and negated(heard, match.start)):
                return True
    return False

"""Is what the caller has said so far a whole sentence? Rules over the end of a Mandarin text.

A rule looks at the last words only: in Mandarin the end tells most. Final particles, question
words and results close a sentence; connectives, fillers, 的/把/在 and bare modifiers leave it
open. Fillers of two and more syllables are also known by their sound (染后 is 然后).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from asr_models.spoken_codes import SPOKEN_DIGITS
from voicebot.turns.spoken_text import bare, sound


class Reason(enum.StrEnum):
    """What the judgement rests on."""

    NOTHING_HEARD = "nothing_heard"
    WHOLE_ANSWER = "whole_answer"
    FILLER = "filler"
    CONNECTIVE = "connective"
    CONDITION = "condition"
    DANGLING_WORD = "dangling_word"
    UNFINISHED_LIST = "unfinished_list"
    UNFINISHED_NUMBER = "unfinished_number"
    POLITE_CLOSING = "polite_closing"
    QUESTION = "question"
    REQUEST = "request"
    FINAL_PARTICLE = "final_particle"
    RESULT = "result"
    PLAIN = "plain"
    MODEL = "model"


@dataclass(frozen=True)
class Completeness:
    """How likely the sentence is whole (0 open … 1 whole), and why."""

    score: float
    reason: Reason


class CompletenessJudge(Protocol):
    """Judges the text of a running turn; small and quick (it runs on the event loop)."""

    def judge(self, text: str) -> Completeness: ...


_FILLERS = (
    "就是说", "怎么说呢", "怎么说", "就是", "那个", "这个", "那个什么", "就那个", "然后就", "然后",
    "我想想", "我看看", "等于说", "也就是说", "反正就是", "好像是", "我看一下", "我看一下啊",
    "我找一下", "我找找", "我查一下", "我想一下", "我们呢", "我呢", "我这边呢", "等一下啊", "稍等",
)  # fmt: skip
_CONNECTIVES = (
    "因为", "如果", "但是", "可是", "不过", "而且", "所以", "或者", "或者说", "还有", "还有就是",
    "以及", "比如", "比如说", "例如", "包括", "另外", "虽然", "只要", "只有", "除了", "除非",
    "要是", "假如", "万一", "首先", "其次", "并且", "于是", "不然", "要不", "要么", "无论",
    "不管", "即使", "既然", "由于", "尽管", "按照", "根据", "关于", "通过", "对于", "至于", "为了",
    "当时", "之后", "以后", "以前", "之前", "的时候", "刚才", "现在", "今天", "昨天", "比方说",
)  # fmt: skip
_SOUNDS = tuple(
    sound(word)
    for word in ("就是说", "然后", "因为", "如果", "但是", "而且", "或者", "比如说", "还有就是")
)
_HESITATION = re.compile(r"[嗯呃额唔诶欸]$")
_CONDITION = re.compile(r"(的话|^(如果|要是|假如|万一|只要|当).*)$")
_CONSEQUENCE = re.compile(r"就|那|会|怎么|吗|呢|吧|能|要|得|该|可以|是不是|什么|多")
# Nothing ends on these: prepositions, conjunctions, modals, adverbs, degree words.
_DANGLING = re.compile(
    r"(把|被|在|和|跟|与|及|从|往|向|比|将|让|使|帮我|为|(?<![可所])以|于|由|按|凭|替|叫做|叫|是|有|没有|"
    r"想|要|能|会|应该|可能|已经|正在|一直|刚刚|刚|都|也|就|还|又|再|才|却|很|太|最|更|挺|非常|特别|"
    r"比较|不|没|别|不要|不能|不会|不是|我|你|您|他|她|它|我们|你们|他们|它们|我这边|我们这边|我这|"
    r"想知道|需要知道|想了解|想咨询|想申请|请问|我想问|想问|想问一下|我想问一下|问一下|我想咨询一下|帮我看一下|[我你他她它们]的|地|得|之|其|每|各|某|该|"
    r"一个|一台|一块|一种|这台|那台|这块|那块|这种|那种|这些|那些|一些|有个|有一个|有一台|是一个|"
    r"显示|提示|报|说|觉得|感觉|发现|认为|需要|准备|打算|希望|属于|位于|成为|作为|称为|包含)$"
)
_WHOLE_THOUGH_DANGLING = re.compile(
    r"(是.*的|好的|对的|行的|可以的|有的|没有的|是的|不是|没有|会的|能的|真的|挺好的|我的|你的|"
    r"正常的|不能|不会|都有|都没有|还没有|没有了|能不能|会不会|要不要|想不想|是不是|有没有|哪里有)$"
)
# A verb that needs what it reaches or becomes: 温度已经到了(八十五度).
_WITHOUT_OBJECT = re.compile(
    r"(?<![看听收碰找遇赶拿得])(已经到|达到|变成|换成|改成|超过|等于|相当于)了?$"
)
_WITHOUT_VERB = re.compile(r"把(?!手|握|关)[^把了掉上下好完出进回给成到过换拔插装关开改查看]{1,6}$")
_STATED = re.compile(r"是[^是的]{1,6}的$")
# What a question word or a request opens is whole with what is asked: 怎么升级固件, 帮我转人工.
_ASKED = re.compile(
    r"(怎么(?!回事|办)|什么时候|几点|哪里|在哪儿?|多久|如何|为什么|什么|哪个|谁).{2,7}$"
)
_WHETHER = re.compile(r"(能不能|可不可以|是不是|有没有|要不要|会不会|能否|是否|可以).{3,8}$")
_REQUESTED = re.compile(
    r"((帮我|给我|替我|请你?|麻烦你?|我们?(要|想|需要)|你(先|再)).{0,3}"
    r"[换查转修派看发开拆装重拿寄借买退找问升申报改催取订预试][^的]{2,7})$"
)
_NO_OBJECT_YET = re.compile(r"(一下|一个|一台|一块|一份|一些|工程师|知道|咨询|看看|问|查)$")
_FAILED = re.compile(r"[看找认读测登连进打开用修查收搜配装听插]不(到|上|了|开|出|进|起)[^的]{0,5}$")
_NEGATED = re.compile(
    r"(没有?|还没有?|不|无法)(来|去|修|换|到|收到|说|响|亮|用|动|看|做|开|装|显示|提示|转|通|变)$|"
    r"没有?[^的]{1,2}过[^的]{1,5}$"
)
_GOING_ON = re.compile(r"(一直|正|还|都|老是|总是)在?[响闪亮叫转动跳报掉断重转等用]+$")
_SOMEWHERE = re.compile(r"(都|就|还|也)在.{0,4}(里面|上面|下面|旁边|这里|那里|这儿|那儿)$")
_LIST = re.compile(r"(、|第[一二三四五六七八九十]$|一个是[^是]*$|一是[^是]*$|一方面[^面]*$)")
_NUMBER_CHARS = re.escape("".join(SPOKEN_DIGITS)) + "十百千万点a-z0-9"
_CODE_TAIL = re.compile(rf"([{_NUMBER_CHARS}]*[{_NUMBER_CHARS}])$")
_WHOLE_ANSWERS = re.compile(
    r"^(嗯|哦)?(嗯+|啊|哦|喂|对+|是|是的|是啊|对的|对啊|好|好的|好吧|行|行吧|可以|可以的|不|不是|不是的|不行|不对|没|没有|没有的|"
    r"不用|不用了|不需要|有|有的|会|能|不能|不会|要|不要|知道|知道了|明白|明白了|清楚|不清楚|不知道|"
    r"没错|正常|不正常|做了|没做|亮|不亮|好了|完了|你好|您好|停|等一下|等等|转人工|人工|人工服务|谢谢)$"
)
_POLITE = re.compile(
    r"(不知道|不清楚|不太清楚|不确定|不懂|知道了|明白了|谢谢(你|您|啊|了)?|再见|拜拜|麻烦(你|您)?了|辛苦了|就这样吧?|就这些|没了|完了|好了|没有了)$"
)
_QUESTION = re.compile(
    r"(吗|[了有好是行能会的]么|怎么办|怎么弄|怎么做|怎么回事|怎么处理|怎么解决|怎么样|怎么用|怎么看|怎么查|怎么换|为什么|为啥|什么意思|什么原因|"
    r"是什么|多少钱一.|干什么|做什么|多少钱|多少|多久|多长时间|多长|多大|几天|几年|在哪里|在哪儿|在哪|哪里|"
    r"哪儿|哪个|哪些|哪种|是谁|咋办|咋弄|咋回事|行不行|好不好|对不对|能不能用|可不可以|可以不|"
    r"行吗|能不|在不|行不|对不|啥时候|什么时候|什么问题|什么情况|吗请问)$"
)
_PARTICLE = re.compile(r"(吧|呢|啦|呗|嘛|呀|哦|喔|啊|哈|咯|嘞|了|呐|哎)$")
_RESULT = re.compile(
    r"(不(了|到|上|起来|出来|开|动|着|见|通|掉|好|住|行|对|亮|转|够|清楚|正常|成功|稳定|工作)|"
    r"(坏|好|掉|完|错|断|死|亮|红|黄|绿|满|烧|丢|通)(掉|着)?了?|起来|出来|进去|上去|下来|下去|回来|"
    r"正常|失败|成功|报错|报警|告警|重启|死机|蓝屏|黑屏|宕机|异常|故障|离线|掉线|没用|没反应|没电|没声音|"
    r"一下|一遍|一次|看看|试试|问题|没问题|太慢|很慢|很大|很高|太大|太高|不行|不错)$"
)

_Rule = tuple[Reason, float, Callable[[str], bool]]


def _ends(words: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda text: text.endswith(words)


def _ends_by_sound(text: str) -> bool:
    heard = sound(text[-5:])
    return any(heard[-len(wanted) :] == wanted for wanted in _SOUNDS)


def _condition(text: str) -> bool:
    opened = _CONDITION.search(text)
    return opened is not None and not _CONSEQUENCE.search(text[2:])


def _requested(text: str) -> bool:
    return bool(_REQUESTED.search(text)) and not _NO_OBJECT_YET.search(text)


def _code_tail(text: str) -> bool:
    tail = _CODE_TAIL.search(text)
    return tail is not None and len(tail[1]) > 0


# In this order; the first that holds decides. Scores: share of whole sentences among the texts of
# tests/bench/fit_completeness.py on which the rule decides, rounded.
_RULES: tuple[_Rule, ...] = (
    (Reason.WHOLE_ANSWER, 0.95, lambda text: bool(_WHOLE_ANSWERS.search(text))),
    (Reason.POLITE_CLOSING, 0.97, lambda text: bool(_POLITE.search(text))),
    (Reason.QUESTION, 0.95, lambda text: bool(_QUESTION.search(text))),
    (Reason.FILLER, 0.03, _ends(_FILLERS)),
    (Reason.FILLER, 0.05, lambda text: bool(_HESITATION.search(text))),
    (Reason.CONNECTIVE, 0.05, _ends(_CONNECTIVES)),
    (Reason.CONNECTIVE, 0.08, _ends_by_sound),
    (Reason.CONDITION, 0.1, _condition),
    (Reason.UNFINISHED_LIST, 0.15, lambda text: bool(_LIST.search(text))),
    (Reason.RESULT, 0.8, lambda text: bool(_NEGATED.search(text))),
    (Reason.DANGLING_WORD, 0.08, lambda text: bool(_DANGLING.search(text))
     and not _WHOLE_THOUGH_DANGLING.search(text)),
    (Reason.DANGLING_WORD, 0.1, lambda text: bool(_WITHOUT_VERB.search(text))),
    (Reason.RESULT, 0.75, lambda text: bool(_STATED.search(text))),
    (Reason.RESULT, 0.8, lambda text: bool(_FAILED.search(text))),
    (Reason.QUESTION, 0.8, lambda text: bool(_ASKED.search(text))),
    (Reason.QUESTION, 0.7, lambda text: bool(_WHETHER.search(text))),
    (Reason.RESULT, 0.8, lambda text: bool(_GOING_ON.search(text))),
    (Reason.RESULT, 0.7, lambda text: bool(_SOMEWHERE.search(text))),
    (Reason.UNFINISHED_NUMBER, 0.35, _code_tail),
    (Reason.DANGLING_WORD, 0.1, lambda text: bool(_WITHOUT_OBJECT.search(text))),
    (Reason.FINAL_PARTICLE, 0.9, lambda text: bool(_PARTICLE.search(text))),
    (Reason.RESULT, 0.8, lambda text: bool(_RESULT.search(text))),
    (Reason.REQUEST, 0.75, _requested),
)  # fmt: skip
_PLAIN_SCORE = 0.5


class RuleJudge:
    """The rules alone: no data, no fit."""

    def judge(self, text: str) -> Completeness:
        """Judge a recognition, punctuation or not; an empty one is undecided (0.5)."""
        said = bare(text)
        if not said:
            return Completeness(0.5, Reason.NOTHING_HEARD)
        for reason, score, holds in _RULES:
            if holds(said):
                return Completeness(score, reason)
        return Completeness(_PLAIN_SCORE, Reason.PLAIN)

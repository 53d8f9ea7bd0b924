"""From what a caller said to a question as it stands in a FAQ: their words, without what is only
theirs (names, numbers, greetings) and without what speaking adds (hesitation, stutter)."""

from __future__ import annotations

import re
import unicodedata

from voicebot.knowledge.query_kind import QueryKind, classify
from voicebot.knowledge.text import clean_query, content

MIN_CHARS, MAX_CHARS = 4, 60
_CLAUSE = re.compile(
    r"[^，,。；;！!？?\s]+(?:\s+(?=[A-Za-z0-9])[^，,。；;！!？?\s]+)*[，,。；;！!？?\s]*"
)
_HIDDEN = re.compile(r"\*")
# Who speaks, and for whom: 我是…公司的小王, 我姓*. And numbers that stand for one machine or order.
_OWN = re.compile(
    r"^(?:喂|你好|您好)*(?:我|我们|这边|这里|俺)(?:这边|这里)?(?:是|叫|姓|单位是|公司是|的名字)(?!不是|否)"
    r"|(?:序列号|工单号?|单号|订单号|电话|手机|地址|邮箱)(?:码)?(?:是|为|：|:)"
)
_LONG_NUMBER = re.compile(r"[0-9零一二三四五六七八九幺]{6,}|[A-Za-z]{1,4}[0-9]{6,}")
_STUTTER = re.compile(r"(我|你|他|它|那|这|就|是|要|在|有|都|不)\1+")
_TWICE = re.compile(r"(\w{2,8})[，,、\s]+\1")
_FILLED = re.compile(r"(?:就是说|怎么说呢|那个什么|就那个|嗯+|呃+|额(?!度)|诶|哎)[，,、\s]*")
_TAIL = re.compile(r"(?:[呀啊哦呢嘛吧]+|[，,、。；;！!？?\s]+)$")
_SPACES = re.compile(r"\s*([，,。；;！!？?、])\s*|(?<=[一-鿿])\s+(?=[一-鿿])")


def question_of(words: str) -> str:
    """The question in a caller's words; "" where none is left.

    Clauses with something hidden, a name told or a long number are dropped whole: without its
    number such a clause asks nothing that others ask.
    """
    text = unicodedata.normalize("NFKC", words)
    text = "".join(char if char.isprintable() else " " for char in text)
    clauses = [match.group() for match in _CLAUSE.finditer(text) if not is_private(match.group())]
    said = _smooth("".join(clauses))
    if len(said) > MAX_CHARS:
        said = _smooth(_asking(clauses))
    return said if len(said) >= MIN_CHARS and content(said) else ""


def is_private(clause: str) -> bool:
    """Whether a clause holds what is one caller's only: something masked, a name, a long number."""
    return any(pattern.search(clause) for pattern in (_HIDDEN, _OWN, _LONG_NUMBER))


def _smooth(text: str) -> str:
    text = _FILLED.sub("", clean_query(text))
    text = _TWICE.sub(r"\1", _STUTTER.sub(r"\1", text))
    text = _SPACES.sub(lambda match: match.group(1) or "，", text).strip(" ，,、")
    while text != (shorter := _TAIL.sub("", text)):
        text = shorter
    return text.replace(",", "，")


def _asking(clauses: list[str]) -> str:
    """Of a long turn the last clause that asks, with as much before it as there is room for."""
    asking = [n for n, each in enumerate(clauses) if classify(each) is QueryKind.QUESTION]
    if not asking:
        return ""
    kept: list[str] = []
    for clause in reversed(clauses[: asking[-1] + 1]):
        if sum(map(len, kept)) + len(clause) > MAX_CHARS:
            break
        kept.append(clause)
    return "".join(reversed(kept))

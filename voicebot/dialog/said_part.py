"""The part of an answer that was given already which answers the next question about it."""

from __future__ import annotations

import math
import re

from voicebot.knowledge.text import content

_CLAUSE = re.compile(r"[^，,。；;！？!?]+[，,。；;！？!?]?")
_AMOUNT = r"[\d零一二三四五六七八九十百千两几半]+"
# What a question asks for, and how an answer to it looks.
_LOOKS = (
    (
        re.compile(r"多久|多长时间|几天|几年|几个小时|什么时候"),
        re.compile(_AMOUNT + r"个?(?:多)?(?:秒|分钟|小时|工作日|天|月|年|点)"),
    ),
    (re.compile(r"多少钱|收费|要钱|费用"), re.compile(r"费|元|钱")),
    (re.compile(r"几[个块条颗种]|多少[个块条颗]"), re.compile(_AMOUNT + r"[个块条颗种]")),
)
_ASKS_PRICE = re.compile(
    r"多少钱|多少.{0,2}费用|(?:什么|啥)价|报.{0,2}价|价格|几[百千万]?块钱|[要收卖]多少(?:费|元|块)"
)
_SAYS_PRICE = re.compile(r"元|价|免费|不收费|不要钱|承担")
MOST = 0.7  # of an answer; more than this is the answer itself


def nearest_part(question: str, said: str) -> str:
    """The clauses of `said` that answer `question`, as a sentence; "" if none stands out."""
    clauses = [each.strip() for each in _CLAUSE.findall(said) if each.strip()]
    asked = content(question)
    looks = [shape for asks, shape in _LOOKS if asks.search(question)]
    scores = [
        len(asked & content(clause)) + 3 * any(shape.search(clause) for shape in looks)
        for clause in clauses
    ]
    best = max(scores, default=0)
    if best < 2 or scores.count(best) > 1:
        return ""
    part = clauses[scores.index(best)].rstrip("，,；;。")
    return f"{part}。" if len(part) <= MOST * len(said) else ""


def lacks_amount(question: str, said: str) -> bool:
    """Whether `question` asks for a time, a price or a number that `said` has none of."""
    looks = [shape for asks, shape in _LOOKS if asks.search(question)]
    return bool(looks) and not any(shape.search(said) for shape in looks)


def lacks_price(question: str, said: str) -> bool:
    """Whether `question` asks what something costs and `said` tells neither that nor who does."""
    return bool(_ASKS_PRICE.search(question)) and not _SAYS_PRICE.search(said)


def sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def logit(probability: float) -> float:
    """Of a probability, clipped to what a calibration can tell."""
    clipped = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(clipped / (1.0 - clipped))

"""Words that change the whole call when they are said and meant: danger, and sensitive topics.

A list holds words as they are written; ``…`` in one stands for up to four characters (冒…烟 is said
in 冒了一股烟). They are matched by characters only: 着火 must not be heard into 找货.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from voicebot.dialog.denial import denied
from voicebot.dialog.textforms import clauses

# What contains such a word and is none.
_INNOCENT = re.compile(
    r"防火墙|防火|消防|火狐|火车|烟感|烟台|烟雾(?:传感|探测|报警)|数据爆炸|爆炸[式性]|"
    r"(?:数据库|系统|业务|网络|网站|群里|心态|电话|手机)(?:都|全|又)?(?:被)?(?:炸了|打爆|爆炸)|"
    r"(?:数据)?恢复|丢包|不返还"
)
_IMAGINED = re.compile(r"^(?:.{0,6})?(?:会不会(?!是)|要是|如果|万一|假如|假设|以防|避免|防止)")
_ASKS = re.compile(
    r"[?？]$|吗$|么$|怎么|如何|多少|多久|保修|还保|保不保|能不能|会不会|可以.{0,4}吗|支持|哪"
)


def said_word(text: str, words: Iterable[str]) -> str:
    """The first of `words` that is said and neither denied nor imagined; "" if none is."""
    patterns = _compiled(tuple(words))
    for clause in clauses(_INNOCENT.sub("，", text.lower())):
        if _IMAGINED.match(clause):
            continue
        for word, pattern in patterns:
            for match in pattern.finditer(clause):
                if not denied(clause[: match.start()]):
                    return word
    return ""


def dangerous(text: str, words: Iterable[str]) -> str:
    """The first danger word that is reported, or "". Water is no danger in a question about
    the guarantee."""
    found = said_word(text, words)
    return "" if found in _ASKED_ABOUT and _ASKS.search(text) else found


def sensitive_topic(text: str, topics: Mapping[str, tuple[str, ...]]) -> str:
    """The topic that a caller brings up and that only a human may take; "" if there is none.

    Whoever asks for information (维修会丢数据吗, 投诉电话是多少) is answered like anybody.
    """
    if _ASKS.search(text):
        return ""
    return next((topic for topic, words in topics.items() if said_word(text, words)), "")


_ASKED_ABOUT = frozenset({"进水", "泡水", "淋水", "漏水…机", "水…流到"})


@functools.lru_cache(maxsize=32)
def _compiled(words: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (word, re.compile(".{0,4}?".join(map(re.escape, word.lower().split("…")))))
        for word in words
        if word.strip("…")
    )

"""The facts of a summary that do harm when they are wrong: numbers, codes, names, negations.

Each can be looked up in the call, so precision needs no judge: a fact that the call does not hold
was made up. Numbers are compared by value (三十二 and 32), negations by what they deny, names as
jieba's part-of-speech tagger finds them (people, places, organisations, brands), placeholders of
anonymised data ([数字]) as they stand.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from voicebot.language.numerals import plain

MAX_TAGGED = 4000  # characters
NUMBER, CODE, NAME, NEGATION = "number", "code", "name", "negation"
_PLACEHOLDER = re.compile(r"\[[^\[\]]{1,8}\]")
_TERM = re.compile(r"[A-Z0-9]+(?:[-_./:+][A-Z0-9]+)*%?")
_NOT_NEGATING = re.compile(
    "不(?:同|过|仅|但|断|良|管|论|久|好意思|错)|非常|无(?:论|线|非)|未来|别(?:的|人|处)|[特级类分个]别|差不多|"
    "是不是|能不能|要不要|有没有|会不会|可不可以|是否|没事|没关系"
)
_COMPLEMENT = re.compile("([\u4e00-\u9fff])不(?:了|上|去|到|出来|出|起来|起|开|动|住)")
_NEGATION = re.compile(
    "(?:没有?|不|未|无|勿|别)(?:法|能|可以|可|会|要|得|再|曾|是|用|需要|需|应该|应)*"
)
_DENIED = re.compile("¬([\u4e00-\u9fff]{1,2})")
_CLAUSES = re.compile("[^，。；！？,;!?\n]+[？?]?")
_PIECE = re.compile(r"[^，。；！？,;!?\s]{1,100}")
_ASKS = re.compile("[吗呢么？?]$|是否|是不是|有没有|能不能|什么|怎么|哪|多少")
_PARTICLES = frozenset("就的了吗呢吧啊哦时也都是说则才到")
_NAMES = frozenset({"nr", "ns", "nt", "nz"})
_ROLES = frozenset({"用户", "客服", "商家", "坐席", "机器人", "客户"})


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that a text claims; `kind` is number, code, name or negation."""

    kind: str
    value: str


def facts(text: str) -> frozenset[Fact]:
    """The facts that a text claims, each once."""
    without = _PLACEHOLDER.sub(" ", text)
    found = {Fact(NUMBER, each) for each in _PLACEHOLDER.findall(text)}
    for term in _TERM.findall(plain(without)):
        found.add(Fact(NUMBER if any(char.isdigit() for char in term) else CODE, term))
    found |= {Fact(NEGATION, word) for word in _denied(without)}
    return frozenset(found | {Fact(NAME, name) for name in _names(without)})


def held(claimed: Iterable[Fact], source: str) -> frozenset[Fact]:
    """Those of `claimed` that `source` holds."""
    terms = set(_TERM.findall(plain(_PLACEHOLDER.sub(" ", source))))
    terms |= {part for term in terms for part in re.split(r"[-_./:+]", term)}
    text = unicodedata.normalize("NFKC", source).upper()
    marked = _marked(source)

    def is_held(fact: Fact) -> bool:
        if fact.kind == NEGATION:
            return f"¬{fact.value}" in marked or f"¬{fact.value[0]}" in marked
        if fact.kind == NAME or fact.value.startswith("["):
            return fact.value.upper() in text
        return fact.value in terms

    return frozenset(fact for fact in claimed if is_held(fact))


def turned_round(sentence: str, call: str) -> tuple[str, ...]:
    """Words that the call only denies and `sentence` affirms; a question affirms nothing."""
    denied = {word for word in _denied(call) if len(word) > 1} - _denied(sentence)
    stated = [_marked(clause) for clause in _CLAUSES.findall(call) if not _ASKS.search(clause)]
    return tuple(
        sorted(
            word
            for word in denied
            if word in sentence and not any(_affirms(clause, word) for clause in stated)
        )
    )


def _affirms(marked: str, word: str) -> bool:
    return re.search(f"(?<!¬){re.escape(word)}", marked) is not None


def _marked(text: str) -> str:
    """Text with every negation written ¬ before what it denies."""
    text = _NOT_NEGATING.sub("_", re.sub(r"[^\S\n]", "", text))
    return _NEGATION.sub("¬", _COMPLEMENT.sub(r"¬\1", text))


def _denied(text: str) -> set[str]:
    found = set()
    for word in _DENIED.findall(_marked(text)):
        found.add(word[0] if word[1:] in _PARTICLES else word)
    return {word for word in found if word not in _PARTICLES}


def _names(text: str) -> set[str]:
    # Up to a millisecond a character: summaries are short, other texts need not be.
    pieces = _PIECE.findall(text[:MAX_TAGGED])
    words = ((pair.word, pair.flag) for piece in pieces for pair in _tagger().cut(piece))
    return {
        word
        for word, flag in words
        if flag in _NAMES and len(word) > 1 and word not in _ROLES and not word.isascii()
    }


@functools.cache
def _tagger() -> Any:
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.dt

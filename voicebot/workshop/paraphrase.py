"""A question as callers would put it, by rule: in spoken words, in fragments, turned around, with
hesitation, in a dialect's words, or misheard as something that sounds the same.

Rules know no meaning: some of what they make is odd, or asks something else. What is kept is
decided afterwards, by the index (`voicebot.workshop.similar`) and by people.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from voicebot.knowledge.text import content
from voicebot.pack import Term
from voicebot.workshop.spoken_words import (
    ABOUT_A_SYMPTOM,
    DIALECT,
    FILLERS,
    SPOKEN,
    SPOKEN_TAILS,
)

MAX_CHARS = 60
_HOW_DO = re.compile(r"^(?P<head>.*?)(?:怎么|如何|怎样)(?P<rest>[^，,？?]{2,})$")
_HAN = re.compile(r"[一-鿿]{2,3}")
_PRODUCT = re.compile(r"[A-Za-z]{2,}[0-9][A-Za-z0-9]*")
_COMMON = 200  # times in jieba's corpus: what ears write is a word that people use
_SOUND_CHARS = 2


@dataclass(frozen=True)
class Variant:
    """Another wording, and the rule that made it."""

    text: str
    how: str


def variants(question: str, lexicon: Sequence[Term] = ()) -> tuple[Variant, ...]:
    """Wordings of a question, each once; the same ones for the same question."""
    choose = random.Random(question)  # variety, and the same every time
    plain = question.rstrip("？?。 ")
    found: dict[str, Variant] = {}
    makers = (
        _spoken(plain), _fragments(plain, choose), _turned(plain), _dialect(plain),
        _terms(plain, lexicon), _misheard(plain), _hesitant(plain, choose),
    )  # fmt: skip
    for maker in makers:
        for variant in maker:
            text = variant.text.strip(" ，,")
            fit = text != plain and len(text) <= MAX_CHARS and len(content(text)) > 1
            if fit and text not in found:
                found[text] = Variant(text, variant.how)
    return tuple(found.values())


def _spoken(text: str) -> Iterator[Variant]:
    every = text
    for written, said in SPOKEN:
        if written in text:
            for each in said:
                yield Variant(text.replace(written, each, 1), "spoken")
            every = every.replace(written, said[0], 1) if written in every else every
    if every != text:
        yield Variant(every, "spoken")


def _fragments(text: str, choose: random.Random) -> Iterator[Variant]:
    """What it is about, without the question; and with another one."""
    for tail in ABOUT_A_SYMPTOM:
        if text.endswith(tail) and len(text) > len(tail) + 2:
            symptom = text.removesuffix(tail).rstrip("，, ")
            yield Variant(symptom, "fragment")
            for each in choose.sample(SPOKEN_TAILS, 3):
                yield Variant(f"{symptom} {each}", "fragment")
            break
    product = _PRODUCT.search(text)
    if product and len(text) > len(product[0]) + 3:  # who rings about one machine does not name it
        yield Variant(text.replace(product[0], "", 1), "fragment")
    body, mark, rest = text.partition("，")
    if mark and len(rest) > 2:
        yield Variant(rest, "fragment")
        yield Variant(f"{rest} {body}", "turned")


def _turned(text: str) -> Iterator[Variant]:
    """怎么更换硬盘 -> 硬盘怎么更换, 想更换硬盘."""
    match = _HOW_DO.match(text)
    if match is None:
        return
    words = _cut(match["rest"])
    if len(words) < 2 or len(words[0]) > 3:
        return
    verb, thing = words[0], "".join(words[1:])
    yield Variant(f"{match['head']}{thing}怎么{verb}", "turned")
    yield Variant(f"{match['head']}想{verb}{thing}", "fragment")
    yield Variant(f"{match['head']}{thing}要{verb} 咋弄", "turned")


def _dialect(text: str) -> Iterator[Variant]:
    every = text
    for written, said in DIALECT:
        if written in text:
            for each in said:
                yield Variant(text.replace(written, each, 1), "dialect")
            every = every.replace(written, said[0], 1) if written in every else every
    if every != text:
        yield Variant(every, "dialect")


def _terms(text: str, lexicon: Sequence[Term]) -> Iterator[Variant]:
    """A term as the lexicon says that callers say it."""
    for term in lexicon:
        if term.term in text:
            for spoken in term.spoken[:2]:
                yield Variant(text.replace(term.term, spoken, 1), "term")


def _misheard(text: str) -> Iterator[Variant]:
    """One word written as another one that sounds the same."""
    for word in _cut(text):
        if _HAN.fullmatch(word):
            for other in _homophones().get(_sound(word), ())[:2]:
                if other != word:
                    yield Variant(text.replace(word, other, 1), "misheard")


def _hesitant(text: str, choose: random.Random) -> Iterator[Variant]:
    words = _cut(text)
    if len(words) > 2:
        at = choose.randrange(1, len(words))
        filler = choose.choice(FILLERS)
        yield Variant("".join(words[:at]) + filler + "".join(words[at:]), "hesitant")


def _cut(text: str) -> list[str]:
    return [word for word in _jieba().lcut(text) if word.strip()]


@functools.cache
def _jieba() -> _Cutter:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return _Cutter(tokenizer)


class _Cutter:
    """jieba, typed."""

    def __init__(self, tokenizer: object) -> None:
        self._tokenizer = tokenizer

    def lcut(self, text: str) -> list[str]:
        return list(self._tokenizer.lcut(text))  # type: ignore[attr-defined]

    @property
    def frequencies(self) -> Mapping[str, int]:
        found: Mapping[str, int] = self._tokenizer.FREQ  # type: ignore[attr-defined]
        return found


@functools.cache
def _homophones() -> Mapping[str, tuple[str, ...]]:
    """Common words of two characters by their sound, the most frequent first."""
    common = [
        (count, word)
        for word, count in _jieba().frequencies.items()
        if count >= _COMMON and len(word) == _SOUND_CHARS and _HAN.fullmatch(word)
    ]
    found: dict[str, list[str]] = {}
    for _, word in sorted(common, reverse=True):
        found.setdefault(_sound(word), []).append(word)
    return {sound: tuple(words) for sound, words in found.items() if len(words) > 1}


def _sound(word: str) -> str:
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(word))

"""Where in the call a value comes from. Without evidence a value does not reach a seat."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from pypinyin import lazy_pinyin

from voicebot.dialog.numbers import days_ago, numbers_in

_DIGITS = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")
_NOISE = re.compile(r"[\s，。！？、,.!?：:；;“”\"'（）()+＋\-加的]")
_YES = re.compile(r"是|对|有|嗯|行|可以|能|好|亮|正常|[做配装建换试加载看].{0,2}[了过]")
_NO = re.compile(r"没|不|缺|未|无|否|忘")
_UNSURE = re.compile(r"不清楚|不知道|不太|不懂|不确定|忘")
_ANSWERS = {"是": _YES, "否": _NO, "不清楚": _UNSURE}
_ALIASES = {"raid": "阵列", "bmc": "管理口", "cpu": "处理器"}
_SHARED = 0.6
_SHORT = 2

Sayings = Mapping[str, Mapping[str, tuple[str, ...]]]


class Turn(Protocol):
    """The part of a turn that evidence needs (`package.SpokenTurn`)."""

    @property
    def index(self) -> int: ...
    @property
    def who(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...


@dataclass(frozen=True)
class Evidence:
    """The turn that backs a value."""

    turn: int
    confidence: float


def find_text(value: str, turns: Sequence[Turn]) -> Evidence | None:
    """The last of `turns` that holds `value`, whatever the spacing and the way to say digits.

    A model may be named by its number alone (五二八零 for YL5280G3).
    """
    wanted = {_plain(value)}
    wanted |= {number for number in re.findall(r"\d{4,}", _plain(value))}
    for turn in reversed(turns):
        heard = _plain(turn.text)
        if any(each and each in heard for each in wanted):
            return Evidence(turn.index, turn.confidence)
    return None


def find_slot(
    label: str, value: str, turns: Sequence[Turn], sayings: Sayings = MappingProxyType({})
) -> Evidence | None:
    """The caller's turn from which the dialog took a slot's value.

    `sayings` holds, by label and value, how callers say each value. In this order: the value
    or a saying of it in a caller's turn (one about the label first); a turn that holds most of
    it, unless the ways to say it are known. 是, 否, 不清楚 and bare short numbers stand in
    many sentences: their turn must be about the label.
    """
    said = [turn for turn in turns if turn.who == "caller" and turn.text]
    about = _turns_about(label, turns)
    words = (() if value in _ANSWERS else (value,)) + sayings.get(label, {}).get(value, ())
    found = _holding(words, about) or _holding([w for w in words if not _is_bare(w)], said)
    if found:
        return found
    if "天" in label and value.isdecimal():  # 1 from 昨天到的
        return _last([turn for turn in about if days_ago(turn.text) == int(value)])
    if value in _ANSWERS:
        return _last([turn for turn in about if _ANSWERS[value].search(turn.text)])
    if _is_bare(value) or value in sayings.get(label, {}):
        return None
    return _resembling(value, said)


def _holding(words: Sequence[str], turns: Sequence[Turn]) -> Evidence | None:
    return _last([turn for turn in turns if any(_says(turn.text, word) for word in words)])


def _says(text: str, word: str) -> bool:
    wanted, heard = _plain(word), _plain(text)
    if wanted.isdecimal() and int(wanted) in numbers_in(text):
        return True  # 95 from 百分之九十五
    if wanted.isascii() and wanted.isalnum() and len(wanted) <= _SHORT:
        return bool(re.search(rf"(?<![a-z0-9]){wanted}(?![a-z0-9])", heard))
    if len(wanted) == 1:
        return bool(re.search(rf"(?<![不没]){re.escape(wanted)}", heard))  # 亮 is not in 不亮
    if wanted and wanted in heard:
        return True
    # Ears write what they heard with other characters (应盘 for 硬盘).
    return len(wanted) >= _SHORT and f" {_sound(wanted)} " in f" {_sound(heard)} "


@lru_cache(maxsize=2048)
def _sound(plain: str) -> str:
    """Pinyin without tones, one syllable a character; Latin words and digits as they are."""
    return " ".join(lazy_pinyin(plain))


def _is_bare(value: str) -> bool:
    """A number, or a single character: no evidence without the question."""
    plain = _plain(value)
    return len(plain) <= 1 or (plain.isdigit() and len(plain) <= _SHORT)


def _turns_about(label: str, turns: Sequence[Turn]) -> list[Turn]:
    """The caller's turns that name the label or answer a question that does."""
    about: list[Turn] = []
    asked = False
    for turn in turns:
        if turn.who == "bot":
            asked = "？" in turn.text and _about(label, turn.text)
        elif turn.text and (asked or _about(label, turn.text)):
            about.append(turn)
            asked = False
    return about


def _last(turns: Sequence[Turn]) -> Evidence | None:
    return Evidence(turns[-1].index, turns[-1].confidence) if turns else None


def _resembling(value: str, said: Sequence[Turn]) -> Evidence | None:
    """A choice's name is not always what was said: 主板集成 for 集成的那个主板.

    Most of its Chinese characters must be there, and all of its digits.
    """
    plain = _plain(value)
    han = set(re.sub(r"[a-z0-9]", "", plain))
    digits = re.findall(r"\d+", plain)
    best: Evidence | None = None
    best_share = _SHARED
    for turn in said:
        heard = _plain(turn.text)
        share = len(han & set(heard)) / max(1, len(han))
        if len(han) >= _SHORT and share >= best_share and all(each in heard for each in digits):
            best, best_share = Evidence(turn.index, turn.confidence), share
    return best


def _about(label: str, text: str) -> bool:
    """Whether a text speaks of a slot: a Latin word of its label, else any two characters."""
    topic = _plain(label.removeprefix("是否"))
    heard = _plain(text)
    han = re.sub(r"[a-z0-9]", "", topic)
    words = [*re.findall(r"[a-z]{2,}", topic)]
    words += [_ALIASES[word] for word in words if word in _ALIASES]
    words += [han[nth : nth + 2] for nth in range(len(han) - 1)]
    return any(word in heard for word in words or [topic])


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"ctrl|control", "ctrl", text)
    return _NOISE.sub("", text).translate(_DIGITS)

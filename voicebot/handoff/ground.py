"""Where in the call a value comes from. Without evidence a value does not reach a seat."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_DIGITS = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")
_NOISE = re.compile(r"[\s，。！？、,.!?：:；;“”\"'（）()+＋\-加的]")
_YES = re.compile(r"是|对|有|嗯|行|可以|能|好|正常|[做配装建换试加载看].{0,2}[了过]")
_NO = re.compile(r"没|不|缺|未|无|否|忘")
_UNSURE = re.compile(r"不清楚|不知道|不太|不懂|不确定|忘")
_ANSWERS = {"是": _YES, "否": _NO, "不清楚": _UNSURE}
_ALIASES = {"raid": "阵列", "bmc": "管理口", "cpu": "处理器"}
_SHARED = 0.6
_SHORT = 2


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


def find_slot(label: str, value: str, turns: Sequence[Turn]) -> Evidence | None:
    """The caller's turn from which the dialog took a slot's value.

    A value that people can say must be (nearly) in a caller's turn. 是, 否 and 不清楚 are
    readings of an answer, and a number of one or two digits stands in many sentences: their
    evidence must be a turn about the label, by its words or by the question before it.
    """
    said = [turn for turn in turns if turn.who == "caller" and turn.text]
    if value in _ANSWERS:
        about = _turns_about(label, turns)
        fitting = [turn for turn in about if _ANSWERS[value].search(turn.text)]
        return _last(fitting)
    if len(_plain(value)) <= _SHORT:
        return find_text(value, _turns_about(label, turns))
    return find_text(value, said) or _resembling(value, said)


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

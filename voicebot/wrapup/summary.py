"""A short account of any service dialogue: who wanted what, what was answered, how it ended.

Extractive and role-aware: the words are those of the dialogue, after 用户询问, 客服表示 and the
like. Rules of our own, no weights: a dialogue is cut where the caller brings something up; of
each such matter the clearest words of the caller and the answer that fits them are kept, the
weightiest matters first, as far as there is room.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from voicebot.wrapup.utterances import Utterance, utterances

CALLER = "用户"
_FIRM_WORTH = 0.5  # of a figure or a no in an answer
_ASKED_TAIL = re.compile(r"[呢吧啊]+$")
_YOU = re.compile("(?<![不没未无别])(?<![不没未无别].)您")  # 不给您发 keeps what it denies
_FIRM = re.compile(r"\d|\[(?:数字|日期|时间|地址|电话|金额)\]|[不没无未]")
_FIRST_PERSON = re.compile(r"^(?:我们?的?(?!们))")
CALLER_ROLES = ("用户", "客户", "顾客", "来电者", "caller", "user", "customer")


@dataclass(frozen=True)
class Options:
    """`room` and `room_a_turn` make the length of a summary in characters (`most` at most);
    `answers` is how many pieces of an answer are kept for one matter."""

    room: int = 70
    room_a_turn: float = 1.6
    most: int = 130
    answers: int = 1
    asks: int = 32
    piece: int = 48


@dataclass(frozen=True)
class Point:
    """One sentence of a summary; `words` are those of the dialogue in it, from these `turns`."""

    role: str
    caller: bool
    text: str
    words: str
    turns: tuple[int, ...]


@dataclass(frozen=True)
class DialogueSummary:
    """The whole account, and the caller's and our side of it alone."""

    points: tuple[Point, ...]

    @property
    def text(self) -> str:
        return "".join(point.text for point in self.points)

    @property
    def bare(self) -> str:
        """Only what the dialogue says, without 用户询问 and the like."""
        return "".join(f"{point.words}。" for point in self.points)

    @property
    def of_caller(self) -> str:
        return "".join(point.text for point in self.points if point.caller)

    @property
    def of_agent(self) -> str:
        return "".join(point.text for point in self.points if not point.caller)


@dataclass
class Matter:
    """Something that the caller brought up, and what was said to it."""

    asks: list[Utterance] = field(default_factory=list)
    answers: list[Utterance] = field(default_factory=list)


def is_caller(role: str) -> bool:
    """Whether a role's name is the caller's."""
    return role.strip().lower() in CALLER_ROLES


def summarise(turns: Sequence[tuple[str, str]], options: Options = Options()) -> DialogueSummary:
    """An account of a dialogue: `turns` are (role, text), in order. Empty if nothing was said."""
    said = [
        each
        for nth, (role, text) in enumerate(turns)
        for each in utterances(nth, role, text, caller=is_caller(role))
    ]
    weight = _weights(said)
    matters = _matters(said)
    room = min(options.most, options.room + options.room_a_turn * len(turns))
    told = [_told(each, weight, options) for each in matters]
    ranked = sorted(range(len(told)), key=lambda nth: -_worth(matters[nth], weight, nth))
    chosen: list[int] = []
    for nth in ranked:
        length = sum(len(point.text) for point in told[nth])
        if told[nth] and (not chosen or length <= room):
            chosen.append(nth)
            room -= length
    return DialogueSummary(tuple(point for nth in sorted(chosen) for point in told[nth]))


def _weights(said: Sequence[Utterance]) -> Counter[str]:
    """In how many pieces each word stands: what comes again and again is what it is about."""
    return Counter(word for each in said for word in each.words)


def _matters(said: Sequence[Utterance]) -> list[Matter]:
    matters: list[Matter] = []
    for each in said:
        if each.caller:
            brings_up = each.question or each.problem or each.wish
            if not matters or (matters[-1].answers and brings_up):
                matters.append(Matter())
            if not matters[-1].answers:
                matters[-1].asks.append(each)
        else:
            if not matters:
                continue  # we greeted, or asked who is there
            matters[-1].answers.append(each)
    return [each for each in matters if each.asks]


def _salience(said: Utterance, weight: Counter[str]) -> float:
    """How much a piece says about what the dialogue is about."""
    words = said.words
    shared = sum(min(weight[word] - 1, 3) for word in words)
    size = min(len(said.text), 30) / 30
    return shared / (4 + len(words)) + size


def _ask_worth(said: Utterance, weight: Counter[str]) -> float:
    return _salience(said, weight) + 1.0 * said.question + 0.6 * said.problem + 0.3 * said.wish


def _answer_worth(said: Utterance, ask: Utterance, weight: Counter[str]) -> float:
    fit = len(said.words & ask.words) / (2 + len(ask.words))
    firm = _FIRM_WORTH * bool(_FIRM.search(said.text))
    return _salience(said, weight) + fit + firm + 1.0 * said.tells - 0.8 * said.question


def _worth(matter: Matter, weight: Counter[str], nth: int) -> float:
    best = max(_ask_worth(each, weight) for each in matter.asks)
    return best + 0.5 * bool(matter.answers) + (0.8 if nth == 0 else 0.0)


def _told(matter: Matter, weight: Counter[str], options: Options) -> list[Point]:
    ask = max(matter.asks, key=lambda each: _ask_worth(each, weight))
    asks = _with_neighbour(ask, matter.asks, options)
    words = "，".join(dict.fromkeys(_short(each.text, options) for each in asks))
    asked = any(each.question for each in asks)
    text = _ASKED_TAIL.sub("", _FIRST_PERSON.sub("", words)) if asked else words
    verb = "询问" if asked else "表示"
    points = [Point(ask.role, True, f"{CALLER}{verb}{text}。", text, tuple(e.turn for e in asks))]
    ranked = sorted(matter.answers, key=lambda each: -_answer_worth(each, ask, weight))
    kept = [each for each in ranked if each.tells or not each.question][: options.answers]
    kept.sort(key=lambda each: each.turn)
    if kept:
        words = "，".join(dict.fromkeys(_short(each.text, options) for each in kept))
        text = _YOU.sub(CALLER, words)
        verb = "询问" if kept[0].question else "回答" if asked else "表示"
        role = kept[0].role
        points.append(
            Point(role, False, f"{role}{verb}{text}。", text, tuple(e.turn for e in kept))
        )
    return points


def _with_neighbour(ask: Utterance, asks: Sequence[Utterance], options: Options) -> list[Utterance]:
    """The clearest words, and those right before or after them that tell the trouble, if short."""
    at = asks.index(ask)
    for nth in (at - 1, at + 1):
        if 0 <= nth < len(asks):
            other = asks[nth]
            short = len(other.text) + len(ask.text) < options.asks
            if short and (other.problem or other.question) and not other.words <= ask.words:
                return sorted((ask, other), key=lambda each: each.turn)
    return [ask]


def _short(text: str, options: Options) -> str:
    """At most so many characters, in whole clauses."""
    shown = ""
    for clause in text.split("，"):
        if shown and len(shown) + len(clause) + 1 > options.piece:
            break
        shown = f"{shown}，{clause}" if shown else clause
    return shown

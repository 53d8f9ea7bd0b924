"""Where to cut an utterance, so that the first sound comes early and nothing is torn apart.

A voice needs time in proportion to a clause, so the first clause is short; the later ones are
rendered while earlier ones play and may be longer, which sounds better, but only so long that each
is there when the one before it has been said: see `voicebot.speech.clause_times`. What is never
cut: see `voicebot.speech.words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from voicebot.speech.api import Clause
from voicebot.speech.clause_times import Timed, most_in_time
from voicebot.speech.reading import Reader, plain
from voicebot.speech.words import Word, words_of


@dataclass(frozen=True)
class ClauseLimits:
    """How long clauses are, in characters that are heard (RAID10 is four).

    A first clause of up to `first_max` is not cut, a longer one after about `first`, or not at all
    where that sounds worse and it has no more than `first_whole`. The second holds at most
    `second_max`, all others `longest`; only a single code may be longer. `in_time`: each is to be
    there when the one before it has been said. A Mandarin voice says about four characters a
    second.
    """

    first: int = 7
    first_max: int = 10
    first_whole: int = 13
    second_max: int = 16
    longest: int = 24
    in_time: bool = True

    def most(self, index: int) -> int:
        """The most that the clause of this index may hold."""
        first = max(self.first_max, self.first_whole)
        return (first, self.second_max, self.longest)[min(index, 2)]

    def wanted_after(self, said: Sequence[Timed]) -> int:
        """The most that the clause after these should hold."""
        if not said:
            return self.first_max
        most = self.most(len(said))
        return min(most, most_in_time(said)) if self.in_time else most

    def without_opening(self) -> ClauseLimits:
        """For what follows something that is being said: no need to start short."""
        long = self.longest
        return ClauseLimits(long, long, long, long, long, in_time=False)


LIMITS = ClauseLimits()
_MERGE_BELOW_CHARS = 5  # a shorter clause joins its neighbour, if the two fit
_LEAST_CHARS = 3
# what makes a cut bad, in characters of distance from the wanted place
_STUB = 6  # a part of less than `_LEAST_CHARS`
_LATE = 4  # a character that makes a clause too long for its place or its time
_WHOLE = 2  # no cut, and too long
_FORCED_PAUSE_MS = 40
_PAUSES_MS = {
    "。": 350, "！": 350, "？": 400, "!": 350, "?": 400, ".": 350,
    "；": 280, ";": 280, "：": 220, ":": 220, "，": 160, ",": 160, "、": 90, "…": 300, "—": 200,
}  # fmt: skip
# a clause may well begin with one of these, less well end with it
_GOOD_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    请 但 但是 如果 因为 所以 并 并且 和 或 或者 然后 以及 还是 表示 说明
""",
    )
)
# copulas, modals, prepositions, adverbs, pronouns: where a phrase ends and the next begins
_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    在 是 会 能 可以 就 再 要 需要 应该 先 也 都 还 只 只有 把 被 让 给 到 对 从 向 跟 按 用 比
    有 没有 不 不是 不能 不会 不要 不用 已 已经 正在 一直 最多 最少 至少 大约 大概 我 您 它 这 那
    请您 您可以 我们 建议 一般 通常 进入 查看 检查
""",
    )
)
_LEANING = frozenset(
    re.findall(
        r"\S+",
        """
    的 了 吗 呢 吧 着 过 们 地 得 时 时候 时间 里 上 下 后 前 内 外 中 以后 之后 以前 之前
    以内 之内 以上 以下 左右 之间 里面 上面 下面 一下
""",
    )
)
_LINKING = frozenset(("的", "地", "得"))
_OPENING_MARKS = "“‘「『《（([【"
_CLOSING_MARKS = "”’」』》）)]】"
_CHINESE_HEAD = re.compile(r"^([\u3400-\u9fff]+).*$", re.DOTALL)

Words = list[Word]
Piece = tuple[Words, int]


def split_clauses(
    text: str,
    terms: Iterable[str] = (),
    *,
    reader: Reader | None = None,
    limits: ClauseLimits = LIMITS,
) -> list[Clause]:
    """Cut written text into clauses; `terms` are never cut. Empty if nothing can be said.

    Clauses end at punctuation where there is some, else between words. Joined, they are the text
    as `plain` gives it, but for spaces where it was cut. `reader` is one that knows the pack's
    rules; None: the built-in rules say what may not be torn.
    """
    return cut_clauses(plain(text), terms, reader=reader, limits=limits)


def cut_clauses(
    written: str,
    terms: Iterable[str] = (),
    *,
    opening: bool = True,
    reader: Reader | None = None,
    limits: ClauseLimits = LIMITS,
) -> list[Clause]:
    """As `split_clauses`, of what `plain` has made; without an `opening` no clause is cut short."""
    if not opening:
        limits = limits.without_opening()
    words = words_of(written, terms, reader)
    pieces = _merged(list(_fitted(_phrases(words), limits)), limits)
    said = ["".join(word.text for word in words).strip() for words, _ in pieces]
    return [Clause(text, nth, pieces[nth][1]) for nth, text in enumerate(said)]


def _length(words: Words) -> int:
    return sum(word.heard for word in words)


def _phrases(words: Words) -> Iterator[Piece]:
    """The stretches between stops, each with its stop and the pause after it.

    What is not heard (dots, brackets) goes with its neighbour.
    """
    phrase: Words = []
    waiting: Piece | None = None
    for word in words:
        phrase.append(word)
        if word.stop and _length(phrase):
            if waiting:
                yield waiting
            waiting = phrase, max(_PAUSES_MS.get(c, 0) for c in word.text)
            phrase = []
        elif word.stop and waiting:
            pause = max(waiting[1], *(_PAUSES_MS.get(c, 0) for c in word.text))
            waiting, phrase = (waiting[0] + phrase, pause), []
    if waiting and not _length(phrase):
        yield waiting[0] + phrase, waiting[1]
    else:
        if waiting:
            yield waiting
        if _length(phrase):
            yield phrase, _PAUSES_MS["。"]


def _fitted(phrases: Iterable[Piece], limits: ClauseLimits) -> Iterator[Piece]:
    """Cut phrases that are too long for their place into parts, at good places."""
    said: list[Timed] = []
    for words, pause in phrases:
        while _length(words) > limits.wanted_after(said):
            cut = _best_cut(words, said, limits)
            if cut == len(words):
                break
            said.append((_length(words[:cut]), _FORCED_PAUSE_MS))
            yield words[:cut], _FORCED_PAUSE_MS
            words = words[cut:]
        said.append((_length(words), pause))
        yield words, pause


def _best_cut(words: Words, said: Sequence[Timed], limits: ClauseLimits) -> int:
    """How many of these words are the next clause: all, where any cut would sound worse."""
    total, most = _length(words), limits.wanted_after(said)
    parts = -(-total // max(most, _LEAST_CHARS))
    wanted = total / parts if said else min(limits.first, total / 2)
    longest_from = [*accumulate((word.heard for word in words[::-1]), max)][::-1]
    best, best_cost, length = len(words), _cost_whole(words, said, limits), 0
    for index in range(1, len(words)):
        before, after = words[index - 1], words[index]
        length += before.heard
        stub = length < _LEAST_CHARS
        if not length or length == total or (stub and said and total <= limits.longest):
            continue
        cost = abs(length - wanted) + _cost_between(before.text, after.text)
        cost += _STUB * (stub + (total - length < _LEAST_CHARS))
        cost += _LATE * max(length - max(most, words[0].heard), 0)
        cost += 100 * (length > limits.most(len(said)))
        in_time = limits.wanted_after([*said, (length, _FORCED_PAUSE_MS)])
        cost += _LATE * max(longest_from[index] - in_time, 0)
        if cost < best_cost:
            best, best_cost = index, cost
        if length > limits.longest:
            break
    return best


def _cost_whole(words: Words, said: Sequence[Timed], limits: ClauseLimits) -> float:
    """How bad it is not to cut at all."""
    total, code = _length(words), max(word.heard for word in words)
    most = limits.most(len(said))
    over = total - limits.wanted_after(said)
    if total > most and (total > limits.longest or code < most - _LEAST_CHARS + 1):
        return 1000.0
    return _WHOLE + (_LATE if said or total > most else _LATE / 2) * over


def _cost_between(before: str, after: str) -> float:
    """How bad a cut between two words sounds, in characters of distance from the wanted place."""
    opener = _CHINESE_HEAD.sub(r"\1", after)  # 按Ctrl加R is one word
    cost = 6.0 - 6 * (opener in _GOOD_OPENERS) - 4 * (opener in _OPENERS)
    if before in _OPENERS or before in _GOOD_OPENERS:
        cost += 9
    elif before in _LINKING or (len(before) == 1 and not before.isascii()):
        cost += 3
    if after in _LEANING or not after.strip():
        cost += 8
    if before[-1] in _OPENING_MARKS or after[0] in _CLOSING_MARKS:
        cost += 50
    return cost


def _merged(pieces: list[Piece], limits: ClauseLimits) -> list[Piece]:
    """Join a very short clause with the one before it when both fit into one.

    The first stays as it is: a short opener (好的，) is the quickest first sound there is.
    """
    out: list[Piece] = []
    for words, pause in pieces:
        if len(out) > 1:
            before, before_pause = out[-1]
            short = min(_length(words), _length(before)) < _MERGE_BELOW_CHARS
            sentence_ends = before_pause >= _PAUSES_MS["；"]
            said = [(_length(each), pause_ms) for each, pause_ms in out[:-1]]
            fits = _length(before) + _length(words) <= limits.wanted_after(said)
            if short and not sentence_ends and fits:
                out[-1] = (before + words, pause)
                continue
        out.append((words, pause))
    return out

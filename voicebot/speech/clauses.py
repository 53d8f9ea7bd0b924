"""Where to cut an utterance, so that the first sound comes early and nothing is torn apart.

No sound leaves a voice before its clause is done, so the first clause is short; later ones are
rendered while earlier ones play and may be longer, which sounds better. Never cut: numbers,
codes, Latin words, terms, words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from voicebot.speech.api import Clause
from voicebot.speech.pronunciation import teach
from voicebot.speech.reading import plain

FIRST_CHARS = 10  # about .8 s of one core with Kokoro
MAX_CHARS = 24
_FIRST_MIN_CHARS = 2
_MERGE_BELOW_CHARS = 5  # a shorter clause joins its neighbour, if the two fit
_FORCED_PAUSE_MS = 40
_PAUSES_MS = {
    "。": 350, "！": 350, "？": 400, "!": 350, "?": 400, ".": 350,
    "；": 280, ";": 280, "：": 220, ":": 220, "，": 160, ",": 160, "、": 90, "…": 300, "—": 200,
}  # fmt: skip
_STOP = re.compile(r"[。！？；：，、…—]+[”’」』》）)]*|[.!?;:,]+(?=\s|$|[\u3400-\u9fff“‘])")
_ATOM = re.compile(
    r"(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]|\d{2,4}年\d{1,2}月?|"
    r"[A-Za-z0-9%℃°+#@$￥](?:[A-Za-z0-9%℃°+#._:/\\@×*~-]|[ ](?=[A-Za-z0-9])|,(?=\d{3}))*"
    r"(?:[年月日号点分秒时个块台条度位元万亿兆]|英寸|小时|分钟)?"
    r"|[零一二三四五六七八九十百千万亿幺两点]{2,}[年月日号时分秒个块台条度位元]?"
)
# a clause may well begin with one of these, less well end with it
_GOOD_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    请 但 但是 如果 因为 所以 并 并且 和 或 或者 然后 以及 还是 表示 说明
""",
    )
)
_OPENERS = frozenset(
    re.findall(
        r"\S+",
        """
    在 是 会 能 可以 就 再 需要 应该 先 也 都 还 把 被 让 给 到 对 从 有 没有 不 我 您 它 这 那
    请您 您可以 我们 建议 一般 通常 进入 查看 检查
""",
    )
)
_LEANING = frozenset(re.findall(r"\S+", "的 了 吗 呢 吧 着 过 们 地 得 时 后 以后 之后"))


def split_clauses(text: str, terms: Iterable[str] = ()) -> list[Clause]:
    """Cut written text into clauses; `terms` are never cut. Empty if nothing can be said.

    Clauses end at punctuation where there is some, else between words. They are at most
    `MAX_CHARS` long, the first about `FIRST_CHARS`, unless a single code is longer.
    """
    return cut_clauses(plain(text), terms)


def cut_clauses(written: str, terms: Iterable[str] = (), *, opening: bool = True) -> list[Clause]:
    """As `split_clauses`, of what `plain` has made; without an `opening` no clause is cut short."""
    phrases = _phrases(written, sorted(set(terms), key=len, reverse=True))
    pieces = _merged([piece for phrase, pause in phrases for piece in _fitted(phrase, pause)])
    if opening:
        pieces = _with_short_start(pieces)
    said = [(_words_text(words), pause) for words, pause in pieces]
    return [Clause(text, index, pause) for index, (text, pause) in enumerate(said)]


Words = list[str]
Piece = tuple[Words, int]


def _words_text(words: Words) -> str:
    return "".join(words).strip()


def _length(words: Words) -> int:
    """Characters that are heard; spaces and stops are not."""
    return sum(c.isalnum() or c in "%℃°" for word in words for c in word)


def _phrases(text: str, terms: list[str]) -> Iterator[Piece]:
    """The stretches between stops, each with its stop, as words; with the pause after it."""
    words: Words = []
    for word in _words(text, terms):
        words.append(word)
        if _STOP.fullmatch(word.strip()) or _STOP.fullmatch(word):
            yield from _said(words, max(_PAUSES_MS.get(c, 0) for c in word))
            words = []
    yield from _said(words, _PAUSES_MS["。"])


def _said(words: Words, pause_ms: int) -> Iterator[Piece]:
    if _length(words):
        yield words, pause_ms


def _words(text: str, terms: list[str]) -> Iterator[str]:
    """Stops, terms, codes and words, in order; joined they are `text`."""
    import jieba

    teach()
    parts = [re.escape(term) for term in terms if term]
    atoms = re.compile("|".join([*parts, _STOP.pattern, _ATOM.pattern]), re.I)
    end = 0
    for match in atoms.finditer(text):
        yield from jieba.cut(text[end : match.start()])
        yield match.group()
        end = match.end()
    yield from jieba.cut(text[end:])


def _fitted(words: Words, pause_ms: int) -> Iterator[Piece]:
    """Cut a phrase without inner stops into parts of about equal length, at good places."""
    total = _length(words)
    count = -(-total // MAX_CHARS)
    while count > 1 and len(words) > 1:
        cut = _best_cut(words, total / count, MAX_CHARS)
        yield words[:cut], _FORCED_PAUSE_MS
        words = words[cut:]
        total = _length(words)
        count = -(-total // MAX_CHARS)
    yield words, pause_ms


def _best_cut(words: Words, wanted: float, most: int) -> int:
    """The word index at which to cut: near `wanted` characters, rather before an opener."""
    best, best_cost, length = 1, float("inf"), 0
    for index in range(1, len(words)):
        length += _length(words[index - 1 : index])
        before, after = words[index - 1], words[index]
        cost = abs(length - wanted) + (4 - 4 * (after in _GOOD_OPENERS) - 2 * (after in _OPENERS))
        if before in _OPENERS or before in _GOOD_OPENERS:
            cost += 6
        if after in _LEANING or not after.strip():
            cost += 8
        if length > most:
            cost += 100
        if cost < best_cost:
            best, best_cost = index, cost
    return best


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Join a very short clause with the one before it when both fit into one."""
    out: list[Piece] = []
    for words, pause in pieces:
        if len(out) > 1:
            before, before_pause = out[-1]
            short = min(_length(words), _length(before)) < _MERGE_BELOW_CHARS
            sentence_ends = before_pause >= _PAUSES_MS["；"]
            if short and not sentence_ends and _length(before) + _length(words) <= MAX_CHARS:
                out[-1] = (before + words, pause)
                continue
        out.append((words, pause))
    return out


def _with_short_start(pieces: list[Piece]) -> list[Piece]:
    """Cut the first clause once more if it is much longer than the first should be."""
    if not pieces or _length(pieces[0][0]) <= FIRST_CHARS * 1.4:
        return pieces
    words, pause = pieces[0]
    cut = _best_cut(words, FIRST_CHARS * 0.8, FIRST_CHARS)
    head, tail = words[:cut], words[cut:]
    if len(words) < 2 or _length(head) < _FIRST_MIN_CHARS or not _length(tail):
        return pieces
    if _length(head) > FIRST_CHARS * 1.4:  # one long code at the start
        return pieces
    return [(head, _FORCED_PAUSE_MS), (tail, pause), *pieces[1:]]

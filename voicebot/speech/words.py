"""The words of a written text, as far as clauses are concerned: what may not be torn, and stops.

A word here is anything without a place to cut in it: what one reading rule reads as one (with the
cue that decided it: ``密码是Admin@9000``), a run of Latin words, a term of the pack, a short quote,
a Chinese word. Joined, the words are the text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voicebot.speech.pronunciation import teach
from voicebot.speech.reading import Reader

MAX_WORD_CHARS = 48  # nobody can follow a longer code: it is cut like everything else
_HARD_CUT_CHARS = 20
_UNITS = "年月日号点分秒时个块台条度位元万亿转寸层楼级项步代核路口颗根张次名种件套片份天周倍盘组类"
STOP = re.compile(r"[。！？；：，、…—]+[”’」』》）)]*|[.!?;:,]+(?=\s|$|[\u3400-\u9fff“‘])")
_ATOM = re.compile(
    r"(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]|\d{2,4}年\d{1,2}月?|第\s?\d{1,6}\s?[\u4e00-\u9fff]"
    r"|[A-Za-z0-9%℃°+#@$￥](?:[A-Za-z0-9%℃°+#._:/\\@×*~-]|,(?=\d{3})){0,60}"
    rf"(?:[{_UNITS}]|英寸|小时|分钟)?"
    rf"|[零一二三四五六七八九十百千万亿幺两点]{{2,40}}[{_UNITS}]?"
    r"|[“「『《‘][^“”「」『』《》‘’，。！？；]{1,12}[”」』》’]"
)
_SAID = re.compile("[\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9=+&%×÷℃℉]")
_LATIN_RUN = re.compile(r"[A-Za-z0-9+#._-]+(?: [A-Za-z0-9+#._-]+){1,5}")
# signs and words that decide how the number beside them is read
_DIGIT_BEFORE_UNIT = re.compile(
    rf"(?<=\d)\s?(?:端口|分机|错误|报错|告警|系列|阵列卡|网卡|控制器|交换机|[卡型{_UNITS}])"
)
_SIGN = re.compile(
    r"[<>=≥≤≠≈±+-]{1,2}\s?-?\d|[交直]流\s?\d|[元块]/[\u4e00-\u9fff]|\d[WGTVA]/[\u4e00-\u9fff]"
)


@dataclass(frozen=True)
class Word:
    """`text` as it is written, `heard`: how many characters of it are said, and whether it ends
    a phrase (`stop`)."""

    text: str
    heard: int
    stop: bool = False


@functools.cache
def built_in_reader() -> Reader:
    """A reader without a pack."""
    return Reader()


def words_of(written: str, terms: Iterable[str] = (), reader: Reader | None = None) -> list[Word]:
    """The words of `plain` text, in order. `reader` knows the pack's rules; None: the built-in."""
    spans = (reader or built_in_reader()).spans(written)
    heard = _heard_before(written, [(s.start, s.end, s.spoken) for s in spans])
    whole = [(s.context, s.end) for s in spans]
    whole += [m.span() for m in _ATOM.finditer(written)]
    whole += [m.span() for m in _LATIN_RUN.finditer(written)]
    whole += [m.span() for term in set(terms) if term for m in _occurrences(term, written)]
    whole += [m.span() for m in _SIGN.finditer(written)]
    whole += [(m.start() - 1, m.end()) for m in _DIGIT_BEFORE_UNIT.finditer(written)]
    out: list[Word] = []
    end = 0
    for start, stop in _merged(written, whole, heard):
        out += _plain_words(written, end, start, heard)
        out += _whole_words(written, start, stop, heard)
        end = stop
    out += _plain_words(written, end, len(written), heard)
    return out


def _heard_before(written: str, read: list[tuple[int, int, str]]) -> list[int]:
    """How many characters of the text before each position are said: spoken forms count."""
    heard = [int(_SAID.match(char) is not None) for char in written]
    for start, end, spoken in read:
        said = sum(char.isalnum() for char in spoken)
        if end - start <= MAX_WORD_CHARS or said <= MAX_WORD_CHARS:
            heard[start:end] = [said, *[0] * (end - start - 1)]
    before = [0]
    for each in heard:
        before.append(before[-1] + each)
    return before


def _occurrences(term: str, written: str) -> Iterator[re.Match[str]]:
    return re.finditer(re.escape(term), written, re.I)


def _merged(
    written: str, whole: list[tuple[int, int]], heard: list[int]
) -> Iterator[tuple[int, int]]:
    """Stretches that overlap, joined; without spaces at their ends; in order."""
    start = end = -1
    for left, right in sorted(whole):
        while right > left and written[right - 1] == " ":
            right -= 1
        if left < end and heard[max(end, right)] - heard[start] <= MAX_WORD_CHARS:
            end = max(end, right)
        elif left >= end:
            if end > start:
                yield start, end
            start, end = left, right
    if end > start:
        yield start, end


def _whole_words(written: str, start: int, end: int, heard: list[int]) -> Iterator[Word]:
    """One word, unless it is longer than anybody can follow."""
    if heard[end] - heard[start] <= MAX_WORD_CHARS:
        yield Word(written[start:end], heard[end] - heard[start])
        return
    for left in range(start, end, _HARD_CUT_CHARS):
        right = min(end, left + _HARD_CUT_CHARS)
        yield Word(written[left:right], min(heard[right] - heard[left], right - left))


def _plain_words(written: str, start: int, end: int, heard: list[int]) -> Iterator[Word]:
    """Chinese words and stops between what may not be torn."""
    import jieba

    teach()
    for match in STOP.finditer(written, start, end):
        yield from _cut(jieba.cut(written[start : match.start()]), start, heard)
        yield Word(match.group(), 0, stop=True)
        start = match.end()
    yield from _cut(jieba.cut(written[start:end]), start, heard)


def _cut(words: Iterable[str], start: int, heard: list[int]) -> Iterator[Word]:
    for word in words:
        end = start + len(word)
        yield Word(word, heard[end] - heard[start])
        start = end

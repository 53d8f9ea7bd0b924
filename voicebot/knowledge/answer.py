"""What of a hit is spoken: a sentence or two, a first step, or a table row read out.

Extractive: the words come from the hit's text and nowhere else; only numbering, table marks and
Markdown marks are turned into speech.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.knowledge.api import Hit, HitKind
from voicebot.knowledge.ingest.plain import STEP
from voicebot.knowledge.ingest.tables import CELL_SEPARATOR
from voicebot.knowledge.text import content, sentence_spans, terms

MAX_CHARS = 80
MAX_SENTENCES = 2
_CLAUSE = re.compile(r"[^，,、：:；;]*[，,、：:；;]+|[^，,、：:；;]+$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`#>|]+|^\s*[-•]\s+", re.MULTILINE)
_NUMBER = re.compile(r"^\s*(?:[（(]?(\d{1,2})\s*[.、)）．]|步骤\s*(\d+)[:：]?)\s*")
_DIGITS = "零一二三四五六七八九十"


@dataclass(frozen=True)
class Extract:
    """`spoken` is said now, `rest` piece by piece if the caller wants more; `quote` is the
    exact stretch of the hit's text that `spoken` was taken from."""

    spoken: str
    rest: tuple[str, ...]
    quote: str


@dataclass(frozen=True)
class _Piece:
    """A stretch of the text that is spoken at one go."""

    start: int
    end: int
    spoken: str


def extract(question: str, hit: Hit) -> Extract:
    """The part of the hit that answers the question, and what may follow it.

    FAQ and steps start at their beginning, other passages at the sentence nearest to the
    question. `spoken` is at most two sentences or 80 characters, unless one clause is longer.
    """
    text = hit.text.strip()
    if not text:
        return Extract("", (), "")
    row = _row_pieces(question, text)
    if row:
        return Extract(row[0].spoken, tuple(piece.spoken for piece in row[1:]), text)
    steps = _step_pieces(text)
    if steps:
        return _from(text, steps, 0, one_by_one=True)
    pieces = [piece for start, end in sentence_spans(text) for piece in _clauses(text, start, end)]
    if not pieces:
        return Extract("", (), "")
    first = 0 if hit.kind is HitKind.FAQ else _nearest(question, pieces)
    return _from(text, pieces, first, one_by_one=False)


def _from(text: str, pieces: Sequence[_Piece], first: int, *, one_by_one: bool) -> Extract:
    groups = list(_groups(pieces[first:], one_by_one))
    head = groups[0]
    return Extract(
        _joined(head),
        tuple(_joined(group) for group in groups[1:]),
        text[head[0].start : head[-1].end],
    )


def _groups(pieces: Sequence[_Piece], one_by_one: bool) -> list[list[_Piece]]:
    """Runs of pieces that are said together. Short steps go in pairs like short sentences."""
    limit = MAX_CHARS // 2 if one_by_one else MAX_CHARS
    groups: list[list[_Piece]] = [[pieces[0]]]
    for piece in pieces[1:]:
        length = sum(len(each.spoken) for each in groups[-1]) + len(piece.spoken)
        if len(groups[-1]) < MAX_SENTENCES and length <= limit:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _joined(pieces: Sequence[_Piece]) -> str:
    """Spoken text; a piece that was cut inside a sentence ends like a sentence."""
    text = "".join(
        piece.spoken if piece.spoken[-1] in "。！？；!?;，,、：:" else piece.spoken + "。"
        for piece in pieces
    )
    return text.rstrip("，,、：:；;") + "。" if text[-1] in "，,、：:；;" else text


def _clauses(text: str, start: int, end: int) -> list[_Piece]:
    """A sentence whole, or in runs of clauses if it is too long to be said at one go."""
    spoken = _speakable(text[start:end])
    if not spoken:
        return []
    if len(spoken) <= MAX_CHARS:
        return [_Piece(start, end, spoken)]
    pieces: list[_Piece] = []
    for match in _CLAUSE.finditer(text, start, end):
        clause = _speakable(match.group())
        if not clause:
            continue
        if pieces and len(pieces[-1].spoken) + len(clause) <= MAX_CHARS:
            last = pieces.pop()
            pieces.append(_Piece(last.start, match.end(), last.spoken + clause))
        else:
            pieces.append(_Piece(match.start(), match.end(), clause))
    return pieces


def _speakable(text: str) -> str:
    text = _MARKS.sub("", _LINK.sub(r"\1", text))
    return re.sub(r"\s+", " ", text).strip()


def _step_pieces(text: str) -> list[_Piece]:
    """The numbered steps of a text, with a short line above them said first; or nothing."""
    spans: list[tuple[int, int]] = []
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            spans.append((position, position + len(line.rstrip())))
        position += len(line)
    numbered = [bool(STEP.match(text[start:end])) for start, end in spans]
    if sum(numbered) < 2:
        return []
    pieces: list[_Piece] = []
    for (start, end), is_step in zip(spans, numbered, strict=True):
        line = text[start:end]
        spoken = _ordinal(line) if is_step else _speakable(line)
        if len(spoken) > MAX_CHARS:
            pieces += _clauses(text, start, end)
        elif spoken:
            pieces.append(_Piece(start, end, spoken))
    return pieces


def _ordinal(step: str) -> str:
    """``2. 关机`` as it is said: ``第二步，关机``."""
    match = _NUMBER.match(step)
    if not match:
        return _speakable(step)
    number = int(match.group(1) or match.group(2))
    return f"第{_chinese(number)}步，{_speakable(step[match.end() :])}"


def _chinese(number: int) -> str:
    if number <= 10:
        return _DIGITS[number]
    tens, ones = divmod(number, 10)
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")


def _row_pieces(question: str, text: str) -> list[_Piece]:
    """A table row read out: its first cell, then the columns asked for, then the others."""
    cells = [cell.partition(": ") for cell in text.split(CELL_SEPARATOR)]
    if "\n" in text or len(cells) < 2 or not all(mark and value for _, mark, value in cells):
        return []
    (_, _, name), *columns = cells
    asked = content(question)
    wanted = [cell for cell in columns if content(cell[0]) and content(cell[0]) <= asked]
    ordered = [*wanted, *(cell for cell in columns if cell not in wanted)]
    facts = [f"{column}是{value.rstrip('。')}" for column, _, value in ordered]
    groups = [[facts[0]]]
    for number, fact in enumerate(facts[1:], start=1):
        fits = len(name) + sum(map(len, groups[-1])) + len(fact) <= MAX_CHARS
        if fits and number != len(wanted):
            groups[-1].append(fact)
        else:
            groups.append([fact])
    return [
        _Piece(0, len(text), _speakable(f"{name}，{'，'.join(group)}") + "。") for group in groups
    ]


def _nearest(question: str, pieces: Sequence[_Piece]) -> int:
    """The piece that shares most with the question, rare terms counting more; early ones win
    ties, and a piece that asks rather than states loses."""
    documents = [set(terms(piece.spoken)) | content(piece.spoken) for piece in pieces]
    frequency = Counter(itertools.chain.from_iterable(documents))
    asked = set(terms(question)) | content(question)
    weights = {term: math.log(1 + len(pieces) / frequency[term]) for term in asked & set(frequency)}
    scores = [
        sum(weights[term] for term in asked & document) / (1 + math.log(1 + len(document)))
        - 0.02 * min(i, 10)
        - (1.0 if piece.spoken.endswith(("？", "?", "：", ":")) else 0.0)
        for i, (piece, document) in enumerate(zip(pieces, documents, strict=True))
    ]
    return max(range(len(scores)), key=scores.__getitem__)

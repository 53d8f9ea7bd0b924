"""`Reader`: written text in, text that a Mandarin voice can say out."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from voicebot.pack import Term
from voicebot.speech.reading import digits as d
from voicebot.speech.reading.lexicon import ENGLISH
from voicebot.speech.reading.plain import plain
from voicebot.speech.reading.rule import Rule
from voicebot.speech.reading.rules import KEYS, RULES
from voicebot.speech.reading.terms import key_of, raid_rule, term_rule

READING_VERSION = "1"  # raise it when a rule changes what is heard: prepared speech is keyed by it

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
_SPEAKABLE = re.compile(f"[{_HANZI}A-Z]")
_NEEDS_NORMALIZER = re.compile(r"[0-9$¥￥℃%/:+\-=]")
_PUNCTUATION = str.maketrans(
    {",": "，", ".": "。", "!": "！", "?": "？", ";": "；", ":": "：", "…": "，", "—": "，",
     "(": "，", ")": "，", "（": "，", "）": "，", "[": "，", "]": "，", "【": "，", "】": "，",
     "{": "，", "}": "，", "｛": "，", "｝": "，", "→": "，", ">": "，", "/": "、", "\\": "、",
     "=": "等于", "+": "加", "&": "和", "%": "百分号", "×": "乘", "℃": "摄氏度", "·": " "}
)  # fmt: skip
_STOPS = "，。！？；：、"
_CHUNK_CHARS = 120  # the normaliser's time grows faster than its input


@dataclass(frozen=True)
class _Piece:
    text: str
    done: bool
    rule: str = ""


@dataclass(frozen=True)
class Step:
    """One reading decision: what was written, which rule took it, what is said."""

    written: str
    rule: str
    spoken: str


class Reader:
    """Turns written text into Chinese characters, spaced single letters and punctuation.

    `terms` are a pack's lexicon entries; those with a `reading` win over every rule.
    Thread-safe. Reading its own output changes nothing.
    """

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        own = {t.term: t.reading for t in terms if t.term.strip() and t.reading.strip()}
        raid = {key_of(term): reading for term, reading in own.items()}.get("RAID")
        self._rules: tuple[Rule, ...] = (
            raid_rule(raid or ENGLISH["RAID"]),
            *((term_rule("pack term", own),) if own else ()),
            KEYS,
            term_rule("lexicon", ENGLISH),
            *RULES,
        )
        self._lock = threading.Lock()
        self._normalize: Callable[[str], str] | None = None
        digest = hashlib.sha256(repr((READING_VERSION, sorted(ENGLISH.items()))).encode())
        digest.update(repr(sorted(own.items())).encode())
        self.fingerprint = f"reading-{READING_VERSION}-{digest.hexdigest()[:12]}"

    def warm_up(self) -> None:
        """Load the number normaliser (about .2 s)."""
        self.read("1")

    def read(self, text: str) -> str:
        """Return what is said for `text`; empty if there is nothing that can be said."""
        return _tidy("".join(piece.text for piece in self._pieces(text)))

    def explain(self, text: str) -> list[Step]:
        """Return the decisions behind `read`, in the order of the text."""
        steps = []
        written = plain(text)
        for before, piece in _traced(self._rules, written):
            if piece.done:
                steps.append(Step(before, piece.rule, _tidy(piece.text)))
        return steps

    def _pieces(self, text: str) -> Iterator[_Piece]:
        after_rule = False
        for _, piece in _traced(self._rules, plain(text)):
            if piece.done:
                yield piece
            elif after_rule and piece.text.isspace():  # "DDR4 10GbE": two codes, not one
                yield _Piece("，", True)
            else:
                yield _Piece(self._leftover(piece.text), True)
            after_rule = piece.done

    def _leftover(self, text: str) -> str:
        """Numbers no rule took go through the normaliser, a bounded stretch at a time."""
        if not _NEEDS_NORMALIZER.search(text):
            return text
        chunks = re.findall(rf".{{1,{_CHUNK_CHARS}}}", text, re.S)
        return "".join(self._normalized(chunk) for chunk in chunks)

    def _normalized(self, text: str) -> str:
        with self._lock:
            if self._normalize is None:
                from wetext import Normalizer

                self._normalize = Normalizer(lang="zh", operator="tn").normalize
            text = self._normalize(text) if re.search(r"\d", text) else text
        # the normaliser leaves what it cannot parse: never let a digit reach the voice
        return re.sub(r"\d+", lambda m: d.number(m.group()), text)


def _traced(rules: Sequence[Rule], text: str) -> Iterator[tuple[str, _Piece]]:
    """Yield (written, piece) over the whole text; pieces a rule took are done."""
    pieces = [(text, _Piece(text, False))]
    for rule in rules:
        pieces = _apply(pieces, rule)
    yield from pieces


def _apply(pieces: list[tuple[str, _Piece]], rule: Rule) -> list[tuple[str, _Piece]]:
    out: list[tuple[str, _Piece]] = []
    for written, piece in pieces:
        if piece.done:
            out.append((written, piece))
            continue
        end = 0
        for match in rule.pattern.finditer(piece.text):
            start = match.end("cue") if "cue" in rule.pattern.groupindex else match.start()
            if start > end:
                out.append((piece.text[end:start], _Piece(piece.text[end:start], False)))
            out.append((piece.text[start : match.end()], _Piece(rule.read(match), True, rule.name)))
            end = match.end()
        if end < len(piece.text):
            out.append((piece.text[end:], _Piece(piece.text[end:], False)))
    return out


def _tidy(text: str) -> str:
    """Letters apart and upper case, known punctuation only, no doubled or leading stops."""
    text = text.translate(_PUNCTUATION)
    text = re.sub(r"[A-Za-z]", lambda m: f" {m.group().upper()} ", text)
    text = re.sub(rf"[^{_HANZI}A-Z{_STOPS} ]", " ", text)
    text = re.sub(rf"\s*([{_STOPS}])\s*", r"\1", text)
    text = re.sub(rf"[{_STOPS}]{{2,}}", _strongest, text)
    text = re.sub(r" +", " ", text)
    text = re.sub(rf"(?<=[{_HANZI}]) (?=[{_HANZI}])", "", text).strip()
    text = text.lstrip(_STOPS + " ").rstrip("，、；： ")
    return text if _SPEAKABLE.search(text) else ""


def _strongest(match: re.Match[str]) -> str:
    for stop in "？！。；：":
        if stop in match.group():
            return stop
    return "，"

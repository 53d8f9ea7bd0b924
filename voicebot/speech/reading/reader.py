"""`Reader`: written text in, text that a Mandarin voice can say out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from voicebot.pack import ReadingRule, Term
from voicebot.speech.reading.identity import source_digest
from voicebot.speech.reading.lexicon import ENGLISH
from voicebot.speech.reading.network import LINK, Links, link_rules
from voicebot.speech.reading.own import own_rule
from voicebot.speech.reading.plain import MAX_CHARS, plain
from voicebot.speech.reading.rule import Rule
from voicebot.speech.reading.rules import AFTER_LEXICON, BEFORE_LEXICON
from voicebot.speech.reading.terms import key_of, raid_rule, term_rule

TAKEN = "\ue000"  # stands for every character that a rule took, while later rules look
_HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
_SPEAKABLE = re.compile(f"[{_HANZI}A-Z]")
_PUNCTUATION = str.maketrans(
    {",": "，", ".": "。", "!": "！", "?": "？", ";": "；", ":": "：", "…": "，", "—": "，",
     "(": "，", ")": "，", "（": "，", "）": "，", "[": "，", "]": "，", "【": "，", "】": "，",
     "{": "，", "}": "，", "｛": "，", "｝": "，", "→": "，", ">": "，", "/": "、", "\\": "、",
     "=": "等于", "+": "加", "&": "和", "%": "百分号", "×": "乘", "÷": "除以", "℃": "摄氏度",
     "℉": "华氏度", "·": " "}
)  # fmt: skip
_STOPS = "，。！？；：、"


@dataclass(frozen=True)
class Step:
    """One reading decision: what was written, which rule took it, what is said."""

    written: str
    rule: str
    spoken: str


@dataclass(frozen=True)
class Span:
    """What a rule took of a text: ``text[start:end]``, and from `context` on it was looked at.

    `context` is less than `start` where a cue word (工单号, 密码是) decided the reading.
    """

    context: int
    start: int
    end: int
    rule: Rule
    spoken: str


class Reader:
    """Turns written text into Chinese characters, spaced single letters and punctuation.

    `terms` are a pack's lexicon entries; those with a `reading` win over every built-in rule, and
    the pack's own `rules` over them and over links, which they take all or nothing of. `links`
    says how web links and e-mail addresses are read: as what they are (``name``) or character by
    character (``spell``). Thread-safe. Reading its own output changes nothing, unless a pack's
    readings say otherwise.
    """

    def __init__(
        self,
        terms: Iterable[Term] = (),
        *,
        rules: Iterable[ReadingRule] = (),
        links: Links = "name",
    ) -> None:
        own_rules = tuple(rules)
        own = {t.term: t.reading for t in terms if t.term.strip() and t.reading.strip()}
        by_key = {key_of(term): reading for term, reading in own.items()}
        raid = by_key.pop("RAID", ENGLISH["RAID"])
        self.rules: tuple[Rule, ...] = (
            *(own_rule(rule, self._built_in) for rule in own_rules),
            *link_rules(links),
            *((term_rule("pack term", by_key),) if by_key else ()),
            raid_rule(raid),
            *BEFORE_LEXICON,
            term_rule("lexicon", {**ENGLISH, "RAID": raid}),
            *AFTER_LEXICON,
        )
        given = [(rule.name, rule.pattern, rule.reading) for rule in own_rules]
        identity = repr((source_digest(), links, sorted(own.items()), given))
        self.fingerprint = f"reading-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"

    def warm_up(self) -> None:
        """Nothing is loaded late; kept for voices that warm up their front end."""

    def read(self, text: str) -> str:
        """Return what is said for `text`; empty if there is nothing that can be said."""
        return self.read_plain(plain(text))

    def read_plain(self, written: str) -> str:
        """As `read`, for `plain` text or a part of it, such as a clause.

        `plain` must not look at a part again: it would take the ``2、`` that a clause of a menu
        begins with for a list mark. At most `MAX_CHARS` are read.
        """
        written = written[:MAX_CHARS]
        return tidy("".join(_parts(written, self.spans(written))))

    def explain(self, text: str) -> list[Step]:
        """Return the decisions behind `read`, in the order of the text."""
        return self.explain_plain(plain(text))

    def explain_plain(self, written: str) -> list[Step]:
        """Return the decisions behind `read_plain`, in the order of the text."""
        written = written[:MAX_CHARS]
        return [
            Step(written[span.start : span.end], span.rule.name, tidy(span.spoken))
            for span in self.spans(written)
        ]

    def spans(self, written: str) -> list[Span]:
        """What the rules take of `plain` text, in its order; spans do not overlap."""
        return spans(self.rules, written)

    def _built_in(self, text: str) -> str:
        """How the rules below a pack's own read a part of what a pack's rule matched."""
        below = [rule for rule in self.rules if not rule.own]
        return "".join(_parts(text, spans(below, text)))


def spans(rules: Sequence[Rule], text: str) -> list[Span]:
    """What `rules`, tried in this order, take of `text`; what one took is hidden from the next."""
    found: list[Span] = []
    numbers = re.search("[0-9]", text) is not None
    links = [match.span() for match in LINK.finditer(text)]
    for rule in rules:
        if rule.digit and not numbers:
            continue
        cue = "cue" in rule.pattern.groupindex
        taken = []
        for match in rule.pattern.finditer(text):
            start = match.end("cue") if cue else match.start()
            if rule.own and _part_of_any(links, start, match.end()):
                continue
            if match.end() > start and TAKEN not in text[start : match.end()]:
                taken.append(Span(match.start(), start, match.end(), rule, rule.read(match)))
        for span in taken:
            text = text[: span.start] + TAKEN * (span.end - span.start) + text[span.end :]
        found += taken
    return sorted(found, key=lambda span: span.start)


def _part_of_any(links: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a match takes a part of a link and leaves another: nobody could follow the rest."""
    return any(
        left < end and start < right and not (start <= left and right <= end)
        for left, right in links
    )


def _parts(text: str, found: Iterable[Span]) -> Iterator[str]:
    end, after_rule = 0, False
    for span in found:
        between = text[end : span.start]
        if after_rule and between.isspace() and span.rule.pause:
            between = "，"  # "DDR4 10GbE": two codes, not one
        yield between
        yield span.spoken
        end, after_rule = span.end, True
    yield text[end:]


def tidy(text: str) -> str:
    """Letters apart and upper case, known punctuation only, no doubled or leading stops."""
    text = text.translate(_PUNCTUATION)
    text = re.sub(r"[A-Za-z]", lambda m: f" {m.group().upper()} ", text)
    text = re.sub(rf"[^{_HANZI}A-Z{_STOPS} ]", " ", text)
    text = re.sub(rf" *([{_STOPS}]) *", r"\1", text)
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

"""Is a sentence borne out by its source?

Numbers with their units, codes (and whose they are), Latin terms, negations, and words for outcomes
and promises must be in it.

This finds what is added or turned round, not every untruth: a wrong Chinese word passes. It
therefore guards drafts and quotations; it does not make free generation safe to speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.language.numerals import plain, without_articles
from voicebot.language.owners import of_owner
from voicebot.language.quantities import listed, miscounted, spelled

_TERM = re.compile(r"[A-Z0-9]+(?:[-_./:+][A-Z0-9]+)*%?")
_JOINT = re.compile(r"[-_./:+]")
_ALL_OR_NOTHING = re.compile(r"[^+]*\+.*|\d+(?:\.\d+){3}")  # 1+1, addresses
_JOINABLE = re.compile(r"[\s\-_./:]{1,2}")
_LONGEST_JOIN = 5
"""A number or code may be written in up to this many groups (138 0013 8000)."""

_NO_NEGATION = re.compile(
    "不(?:同|过|仅|但|断|良|锈钢|管|论|久|好意思)|非常"
    "|无(?:论|线|非)|未来|别(?:的|人|处)|[区级特识类分个鉴]别|差不多|是不是|能不能|要不要|有没有"
    "|会不会|可不可以|是否"
)
_COMPLEMENT = re.compile(
    "([\u4e00-\u9fff])不(?:了|上|去|到|出来|出|起来|起|开(?![启机通放始关箱])|动|住)"
)
_NEGATION = re.compile(
    "(?:没有?|不|未|无|勿|别|禁止|严禁|非)"
    "(?:法|能|可以|可|会|要|得|再|曾|是|用|需要|需|必须|必|应该|应|该)*"
)
NOT = "¬"
_ASKS = re.compile("吗|呢|是否|是不是|有没有|什么|哪|多少")
_PARTICLES = "就的了吗呢时也都是说则才"
_DENIED = re.compile(f"{NOT}([\u4e00-\u9fff]{{1,2}}|[A-Z0-9]+)([\u4e00-\u9fff]{{2}}|[A-Z0-9]+)?")
_OUTCOME = re.compile(
    "解决|恢复|修好|修复|更换|赔|退款|退货|免费|收费|付费|投诉|满意|同意|拒绝|预约|承诺|保证|上门|寄送|备份"
)
"""Outcomes and promises: a summary that invents one of these does harm."""
_SPOKEN = {"更换": "换", "寄送": "寄"}
_CLAUSE = re.compile("[，。；！？：,;!?:\n]")


def ungrounded(sentence: str, evidence: str) -> tuple[str, ...]:
    """What `sentence` claims and `evidence` does not hold, in order; empty when grounded.

    Compared after normalising width, case, 幺/一, Chinese numerals, and how a code or number
    is grouped. Negations are compared with the word they deny and its object, both ways: a "not"
    that no clause of the source bears, and a "not" of the source that the sentence dropped.
    """
    said, source = spelled(plain(without_articles(sentence))), spelled(plain(evidence))
    source = of_owner(said, source)
    claims = [
        *_unknown_terms(said, _forms(source) | listed(source)),
        *miscounted(said, source),
        *(word for word in _OUTCOME.findall(said) if _SPOKEN.get(word, word) not in source),
        *_turned_round(_negated(said), _negated(source)),
    ]
    return tuple(dict.fromkeys(claims))


def _unknown_terms(text: str, known: set[str]) -> list[str]:
    matches, unknown, at = list(_TERM.finditer(text)), [], 0
    while at < len(matches):
        joins = list(_joins(text, matches[at : at + _LONGEST_JOIN]))
        longest = max((i for i, join in enumerate(joins, 1) if join in known), default=0)
        if not longest and not _is_known(matches[at].group(), known):
            unknown.append(matches[at].group())
        at += longest or 1
    return unknown


def _joins(text: str, matches: list[re.Match[str]]) -> Iterator[str]:
    """The first term, then it joined with one, two … neighbours, while only a gap parts them."""
    joined, end = "", matches[0].start()
    for match in matches:
        gap = text[end : match.start()]
        if gap and not _JOINABLE.fullmatch(gap):
            return
        joined += _JOINT.sub("", match.group())
        end = match.end()
        yield joined


def _is_known(term: str, known: set[str]) -> bool:
    joined = _JOINT.sub("", term)
    groups = _JOINT.split(term)
    return (
        term in known
        or joined in known
        or (
            len(groups) > 1
            and not _ALL_OR_NOTHING.fullmatch(term)
            and all(_short(group) in known for group in groups)
        )
        or _short(term) in known
    )


def _short(group: str) -> str:
    """05 is 5 in a date or a time; longer runs (phone, serial) keep their zeros."""
    return group.lstrip("0") or "0" if len(group) <= 2 and group.isdigit() else group


def _forms(text: str) -> set[str]:
    """Every term of the source: as written, in its groups, and joined with its neighbours."""
    matches = list(_TERM.finditer(text))
    forms: set[str] = set()
    for start, first in enumerate(matches):
        forms |= {first.group(), *map(_short, _JOINT.split(first.group()))}
        forms.update(_joins(text, matches[start : start + _LONGEST_JOIN]))
    return forms


def _negated(text: str) -> str:
    """Text with every negation written ¬ before what it negates (开不了机 -> ¬开机)."""
    text = _NO_NEGATION.sub("_", re.sub(r"[^\S\n]", "", text))
    return _NEGATION.sub(NOT, _COMPLEMENT.sub(NOT + r"\1", text))


def _turned_round(said: str, source: str) -> list[str]:
    clauses = _CLAUSE.split(source)
    added = [
        f"不{word}{thing}"
        for word, thing in map(_without_particle, _DENIED.findall(said))
        if not any(_denies(clause, word, thing) for clause in clauses)
    ]
    # What the source only ever denies, and the sentence affirms.
    dropped = [
        word + thing
        for word, thing in _DENIED.findall(source)
        if len(word + thing) > 1
        and _affirmed(word + thing, said)
        and not _affirmed(word + thing, source)
    ]
    return added + dropped or _of_others(said, clauses)


def _of_others(said: str, clauses: list[str]) -> list[str]:
    """What the source says of one thing and not of another, and the sentence the other way."""
    turned = []
    for clause in _CLAUSE.split(said):
        for word in {word for each in clauses for word, _ in _DENIED.findall(each)}:
            told = _polarity(clause, word)
            thing = _before(clause, word)
            if told is None or len(thing) < 2:
                continue
            stated = (each for each in clauses if thing in each and not _ASKS.search(each))
            known = {_polarity(each, word) for each in stated} - {None}
            if known and told not in known:
                turned.append(f"{thing}{'' if told else '不'}{word}")
    return turned


def _polarity(clause: str, word: str) -> bool | None:
    """Whether the clause affirms the word, or denies it; None: neither, or both."""
    found = {not marked for marked in re.findall(f"({NOT}?){re.escape(word)}", clause)}
    return found.pop() if len(found) == 1 else None


def _before(clause: str, word: str) -> str:
    """The last two characters, or the Latin word, before the word: what it is said of."""
    before = clause.split(word)[0].rstrip(NOT + " ")
    found = re.search("(?:[A-Z0-9]+|[\u4e00-\u9fff]{2})$", before)
    return found.group() if found else ""


def _without_particle(denied: tuple[str, str]) -> tuple[str, str]:
    """¬亮就 denies 亮."""
    word, thing = denied
    return (word[:1], "") if len(word) == 2 and word[1] in _PARTICLES else (word, thing)


def _denies(clause: str, word: str, thing: str) -> bool:
    """Whether a clause denies the word of the thing: ¬进系统 is borne out by 系统¬进 too."""
    if NOT + word in clause:
        return thing in clause
    return len(word) == 2 and NOT + word[0] in clause and word[1] + thing[:1] in clause


def _affirmed(words: str, text: str) -> bool:
    return re.search(f"(?<!{NOT}){re.escape(words)}", text) is not None

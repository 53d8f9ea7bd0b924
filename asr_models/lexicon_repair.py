"""Domain repair: bring misheard terms to the lexicon's spelling, by sound.

Two rules, both exact, so that what was heard right stays as it is:

- a Chinese stretch that sounds (toneless pinyin, same length) like a term, or like the way a
  foreign term is written down by ear (瑞德 for RAID), becomes the term, if it begins and ends
  where words do and is no common word of two syllables itself (店员 stays, though 电源 sounds
  like it);
- a run of letters, figures and spoken digits that spells a term's code becomes the code; in
  other runs with a Latin letter spoken digits become figures ("M六" -> "M6").

Other spoken forms (机器 for 服务器) are what the caller said: they are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pypinyin

from asr_models.code_sounds import sounded_codes
from asr_models.fuzzy_repair import FuzzyRepair
from asr_models.spoken_codes import (
    COUNTED,
    SPOKEN_DIGITS,
    code_key,
    code_runs,
    write_figures,
)
from asr_models.words import is_word, word_bounds

# Characters with which foreign sounds are written (after the Xinhua transliteration tables).
_FOREIGN = frozenset(
    "阿埃艾爱安昂奥澳巴芭白百拜班邦宝贝本比必毕宾波伯勃博布查达戴丹道德登迪狄蒂丁豆杜顿多厄恩尔耳"
    "法凡菲费芬丰弗夫福富盖甘冈戈哥格根古瓜哈海汉豪赫亨胡华怀霍基吉加贾简杰金津卡开凯坎康考柯科克"
    "肯库夸奎昆拉莱赖兰朗劳勒乐雷类里利理立丽林琳卢鲁路伦罗洛马玛麦曼芒毛梅门蒙米密敏明莫姆木穆娜"
    "纳奈南内尼涅宁纽农努诺欧帕派潘庞佩彭皮平珀普奇齐钱乔切琴丘曲让热日荣儒瑞锐若撒萨塞赛桑瑟森沙"
    "山尚舍申圣施什史士舒斯丝松苏索塔泰坦汤唐陶特腾提天廷汀头图托瓦万旺威薇维温沃乌武西希锡夏香肖"
    "谢辛休雪逊雅亚延扬耶叶伊因英尤优约泽扎詹张珍芝朱兹佐诶歪哇睿"
)
_PARTICLES = frozenset("的地得了着吗呢吧啊是不在就")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z]")
_MIN_SYLLABLES = 2

Sound = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What was heard at `start` of the raw text, and the term that took its place."""

    start: int
    heard: str
    term: str


@dataclass(frozen=True)
class Repaired:
    """The repaired `text`; `raw` is as heard, `changes` in order of place.

    `chosen` is what the changes were made in, where that is another hypothesis than `raw`.
    """

    text: str
    raw: str
    changes: tuple[Change, ...] = ()
    chosen: str = ""


class LexiconRepair:
    """Repairs recognized text against a lexicon. Immutable after construction; pure."""

    def __init__(
        self,
        terms: Iterable[tuple[str, Sequence[str]]],
        *,
        enabled: bool = True,
        fuzzy: bool = True,
    ) -> None:
        """Take (written form, spoken forms) pairs. With `enabled` False text passes as it is.

        With `fuzzy` False only what sounds exactly like a term is repaired.

        Sounds and codes that two terms share repair nothing: the choice would be a guess.
        """
        self._enabled = enabled
        self._sounds: dict[Sound, str] = {}
        self._codes: dict[str, str] = {}
        self._spellings: list[str] = []
        listed = [(term, tuple(spoken)) for term, spoken in terms]
        written = {term for term, _ in listed}
        shared: set[Sound | str] = set()
        for term, spoken in listed:
            self._add_codes(term, spoken, shared)
            self._add_sounds(term, spoken, shared, written)
        for key in shared:
            if isinstance(key, str):
                self._codes.pop(key, None)
            else:
                self._sounds.pop(key, None)
        self._spellings.sort(key=len, reverse=True)
        self._fuzzy = FuzzyRepair(_fuzzy_forms(listed)) if fuzzy else None
        self._lengths = sorted({len(sound) for sound in self._sounds}, reverse=True)

    def repair(self, text: str) -> Repaired:
        """Return `text` with misheard terms in the lexicon's spelling."""
        if not self._enabled or not text:
            return Repaired(text, text)
        changes = self._code_changes(text)
        taken = [(change.start, change.start + len(change.heard)) for change in changes]
        changes += self._sound_changes(text, taken)
        changes += self._fuzzy_changes(text, changes)
        changes.sort(key=lambda change: change.start)
        repaired, position = "", 0
        for change in changes:
            repaired += text[position : change.start] + change.term
            position = change.start + len(change.heard)
        return Repaired(repaired + text[position:], text, tuple(changes))

    def _add_codes(self, term: str, spoken: tuple[str, ...], shared: set[Sound | str]) -> None:
        for form in (term, *spoken):
            key = code_key(form)
            latin_form = all(char.isascii() or char in SPOKEN_DIGITS for char in form)
            if not latin_form or key.isdigit() or not any(char.isdigit() for char in key):
                continue
            if self._codes.setdefault(key, term) != term:
                shared.add(key)

    def _add_sounds(
        self, term: str, spoken: tuple[str, ...], shared: set[Sound | str], written: set[str]
    ) -> None:
        sounding = []
        if _is_chinese(term):
            sounding.append(term)
            self._spellings.append(term)
        for form in spoken:
            if not _is_chinese(form):
                continue
            if form not in written and not _is_chinese(term) and _is_foreign(form):
                sounding.append(form)
            elif _sound(form) != _sound(term):
                self._spellings.append(form)
        for form in sounding:
            if self._sounds.setdefault(_sound(form), term) != term:
                shared.add(_sound(form))

    def _code_changes(self, text: str) -> list[Change]:
        changes = []
        sounded = sounded_codes(text)
        for code in sounded:
            term = self._codes.get(code_key(code.written), code.written)
            changes.append(Change(code.start, text[code.start : code.end], term))
        for run in code_runs(text):
            if any(code.start < run.end and run.start < code.end for code in sounded):
                continue
            written = self._write_run(run.text, text[run.end :])
            if written != run.text:
                changes.append(Change(run.start, run.text, written))
        return changes

    def _write_run(self, run: str, following: str) -> str:
        """Write known codes inside the run, longest first, and figures in what is left."""
        for length in range(len(run), 1, -1):
            for start in range(len(run) - length + 1):
                piece = run[start : start + length]
                term = self._codes.get(code_key(piece))
                if term and _is_whole(run, start, start + length):
                    before, after = run[:start], run[start + length :]
                    return write_figures(before) + term + write_figures(after, following)
        return write_figures(run, following)

    def _sound_changes(self, text: str, taken: list[tuple[int, int]]) -> list[Change]:
        spelled = self._spelled(text)
        taken = list(taken)
        changes = []
        for start, end, term in self._sounding(text):
            if any(a < end and start < b for a, b in taken):
                continue
            if any(
                a < end and start < b and text[a:b] != term[a - start : b - start]
                for a, b in spelled
            ):
                continue  # what is spelled right stays, alone or in a longer term
            taken.append((start, end))
            heard = text[start:end]
            if heard != term and _may_be_misheard(heard, term) and _stands_alone(text, start, end):
                changes.append(Change(start, heard, term))
        return changes

    def _fuzzy_changes(self, text: str, exact: list[Change]) -> list[Change]:
        """What sounds near a term, outside what is repaired or right already.

        A code that was only written in figures may still be a misheard one: it is looked at again.
        """
        if self._fuzzy is None:
            return []
        taken = self._spelled(text)
        taken += [(c.start, c.start + len(c.heard)) for c in exact]
        return [
            Change(one.start, text[one.start : one.end], one.term)
            for one in self._fuzzy.find(text, taken)
        ]

    def _sounding(self, text: str) -> list[tuple[int, int, str]]:
        """Stretches that sound like a term, longest first: (start, end, term)."""
        found = []
        for match in _HAN.finditer(text):
            syllables = pypinyin.lazy_pinyin(match[0])
            for length in self._lengths:
                for offset in range(len(syllables) - length + 1):
                    term = self._sounds.get(tuple(syllables[offset : offset + length]))
                    if term is not None:
                        start = match.start() + offset
                        found.append((start, start + length, term))
        return sorted(found, key=lambda stretch: stretch[0] - stretch[1])

    def _spelled(self, text: str) -> list[tuple[int, int]]:
        """Stretches that are in lexicon spelling already."""
        found = []
        for spelling in self._spellings:
            start = text.find(spelling)
            while start >= 0:
                found.append((start, start + len(spelling)))
                start = text.find(spelling, start + 1)
        return found


def _fuzzy_forms(listed: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, str]]:
    """The forms whose sound a term may be misheard from: its own, and foreign words by ear."""
    forms = []
    for term, spoken in listed:
        forms.append((term, term))
        key = code_key(term)
        for form in spoken:
            same_code = code_key(form) and code_key(form) in key
            foreign = _is_chinese(form) and not _is_chinese(term) and _is_foreign(form)
            if (same_code and not form.isascii()) or foreign:
                forms.append((term, form))
            elif _LATIN.search(form) and _HAN.search(form):
                forms.append((form, form))  # RAID卡: a synonym stays the one that was said
    return forms


def _may_be_misheard(heard: str, term: str) -> bool:
    """Whether `heard` is no plain speech: a known word of two syllables, or words with 的."""
    if not _PARTICLES.isdisjoint(heard) and _PARTICLES.isdisjoint(term):
        return False
    return len(heard) > _MIN_SYLLABLES or not is_word(heard)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] begins and ends where words do, and is no counted 一 (一下)."""
    if text[end - 1] in "一两" and text[end:] and text[end] in COUNTED:
        return False
    bounds = word_bounds(text)
    return start in bounds and end in bounds


def _sound(text: str) -> Sound:
    return tuple(pypinyin.lazy_pinyin(text))


def _is_chinese(text: str) -> bool:
    return len(text) >= _MIN_SYLLABLES and _HAN.fullmatch(text) is not None


def _is_foreign(form: str) -> bool:
    """Whether a Chinese spoken form writes foreign sounds, figures aside."""
    letters = [char for char in form if char not in SPOKEN_DIGITS and char != "十"]
    return bool(letters) and all(char in _FOREIGN for char in letters)


def _is_whole(run: str, start: int, end: int) -> bool:
    """Whether run[start:end] is cut off from neither letters nor figures of the same kind."""
    left, right = run[start - 1 : start], run[end : end + 1]
    first, last = run[start], run[end - 1]
    cut_left = _kind(left) == _kind(first) and left != ""
    cut_right = _kind(right) == _kind(last) and right != ""
    return not cut_left and not cut_right


def _kind(char: str) -> str:
    if char in SPOKEN_DIGITS or char.isdigit():
        return "figure"
    return "letter" if char.isalpha() else "gap"

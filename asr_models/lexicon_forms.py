"""The forms of a lexicon's terms, told apart by what repair may do with them.

A spoken form is a foreign word written down by ear (瑞德 for RAID: it is to be written RAID), a
code (五二八零M六), or another name of the thing (机器 for 服务器), which stays as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pypinyin

from asr_models.spoken_codes import SPOKEN_DIGITS, code_key

Sound = tuple[str, ...]
Listed = Sequence[tuple[str, tuple[str, ...]]]

# Characters with which foreign sounds are written (after the Xinhua transliteration tables).
_FOREIGN = frozenset(
    "阿埃艾爱安昂奥澳巴芭白百拜班邦宝贝本比必毕宾波伯勃博布查达戴丹道德登迪狄蒂丁豆杜顿多厄恩尔耳"
    "法凡菲费芬丰弗夫福富盖甘冈戈哥格根古瓜哈海汉豪赫亨胡华怀霍基吉加贾简杰金津卡开凯坎康考柯科克"
    "肯库夸奎昆拉莱赖兰朗劳勒乐雷类里利理立丽林琳卢鲁路伦罗洛马玛麦曼芒毛梅门蒙米密敏明莫姆木穆娜"
    "纳奈南内尼涅宁纽农努诺欧帕派潘庞佩彭皮平珀普奇齐钱乔切琴丘曲让热日荣儒瑞锐若撒萨塞赛桑瑟森沙"
    "山尚舍申圣施什史士舒斯丝松苏索塔泰坦汤唐陶特腾提天廷汀头图托瓦万旺威薇维温沃乌武西希锡夏香肖"
    "谢辛休雪逊雅亚延扬耶叶伊因英尤优约泽扎詹张珍芝朱兹佐诶歪哇睿"
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z]")
_MIN_SYLLABLES = 2
_MIN_FUZZY = 3


def sound_of(text: str) -> Sound:
    """Toneless syllables."""
    return tuple(pypinyin.lazy_pinyin(text))


def is_chinese(text: str) -> bool:
    """Whether `text` is two or more Chinese characters and nothing else."""
    return len(text) >= _MIN_SYLLABLES and _HAN.fullmatch(text) is not None


def is_foreign(form: str) -> bool:
    """Whether a Chinese spoken form writes foreign sounds, figures aside."""
    letters = [char for char in form if char not in SPOKEN_DIGITS and char != "十"]
    return bool(letters) and all(char in _FOREIGN for char in letters)


def by_ear(listed: Listed) -> dict[str, str]:
    """What foreign words written down by ear stand for: 瑞德 -> RAID, 瑞德卡 -> RAID卡."""
    written = {term for term, _ in listed}
    heard = {
        form: term
        for term, spoken in listed
        for form in spoken
        if is_chinese(form) and form not in written and not is_chinese(term) and is_foreign(form)
    }
    compounds = {
        form: heard[start] + form[len(start) :]
        for _, spoken in listed
        for form in spoken
        for start in heard
        if form.startswith(start) and heard[start] + form[len(start) :] in spoken
    }
    return heard | compounds


def fuzzy_forms(listed: Listed) -> list[tuple[str, str]]:
    """(what to write, how it sounds) of all that is worth finding in misheard text."""
    heard = by_ear(listed)
    forms = [(written, form) for form, written in heard.items()]
    for term, spoken in listed:
        forms.append((term, term))
        others = (form for form in spoken if form not in heard)
        forms += [found for form in others if (found := _fuzzy_form(term, form)) is not None]
    return forms


def _fuzzy_form(term: str, form: str) -> tuple[str, str] | None:
    """A form that is part of the term's code gives the term; another name gives itself."""
    key = code_key(form)
    if key and key in code_key(term):
        return (term, form) if not form.isascii() else None
    mixed = bool(_LATIN.search(form) and _HAN.search(form))
    abbreviation = form.isascii() and form.isalpha() and form.isupper()
    if mixed or (len(form) >= _MIN_FUZZY and (abbreviation or is_chinese(form))):
        return (form, form)
    return None

"""Groups of a dictated number or serial number, as found in recognized text.

三七二 五五八 -> 372, 558. Figures are read singly (幺 1, 洞 0, 拐 7, 勾 9, 两 2), counted (三个零)
or as a number (十八, 一百零五). While a number is being dictated, a stray character that sounds
like a figure is one (留 for 六): ears err by homophones, and all of it is read back anyway.
"""

from __future__ import annotations

import re
import string
import unicodedata

from pypinyin import Style, lazy_pinyin

from asr_models.spoken_codes import SPOKEN_DIGITS

_CARRIER = re.compile(
    r"(我的?|它的?)?(这个|那个)?(序列号|编号|号码|电话|手机|单号|工单号|型号|产品|服务|代码|尾号)+"
    r"(码|号)?(是|为|就是|应该是)?|"
    r"(就是|应该是|应该|改成|改为|换成|然后是?|接着是?|后面是?|前面是?|还有|再加上?|一共|总共|大写的?|小写的?|字母|数字|是)|"
    r"[嗯呃额啊哦]+|(那个|这个)|"
    r"^(?:好的?|我)*(?:找|看|查|翻)(?:到|着)了|^有了"
)
_GROUP_END = re.compile(r"[，,、。.；;\s\-—/]+|杠|横杠|中杠|斜杠|点|空格")
_COUNTED = re.compile(rf"([一二两三四五六七八九2-9])个([{''.join(SPOKEN_DIGITS)}0-9])")
_NUMBER = re.compile(r"[一二两三四五六七八九]?[十百千][一二两三四五六七八九十百千零]*")
MAX_READABLE = 5
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SOUND_DIGITS = {
    "ling": "0", "dong": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2", "san": "3",
    "shan": "3", "si": "4", "shi": "4", "wu": "5", "liu": "6", "qi": "7", "guai": "7", "ba": "8",
    "jiu": "9", "gou": "9",
    # what ears made of figures on a telephone line (tests/bench/bench_dictation.py)
    "lin": "0", "nin": "0", "yin": "1", "sen": "3", "zi": "4", "ci": "4", "lu": "6", "lv": "6",
    "xi": "7", "da": "8", "pa": "8", "jiao": "9",
}  # fmt: skip
_SOUND_LETTERS = {"诶": "A", "欸": "A"}
_FEWEST_BY_SOUND = 3  # this many characters may be figures by their sound alone (已无酒 for 159)


def dictated_groups(text: str) -> tuple[str, ...]:
    """The groups in `text`, in order, as upper-case letters and figures; () if there are none.

    Punctuation, spaces and a spoken dash part groups. Words that are neither figures nor carry
    them (序列号是…) make the text something else than a dictation: () again.
    """
    plain = unicodedata.normalize("NFKC", text)
    groups = []
    for piece in _GROUP_END.split(_CARRIER.sub(" ", plain)):
        if not piece:
            continue
        group = _figures(piece)
        if group is None:
            return ()
        groups.append(group)
    return tuple(groups)


def _figures(piece: str) -> str | None:
    """The piece as letters and figures, or None if it is something else."""
    counted = _COUNTED.sub(lambda m: _digit(m[2]) * int(_digit(m[1])), piece)
    said = _NUMBER.sub(lambda m: str(_number(m[0])), counted)
    certain = [_digit(char) for char in said]
    unknown = [at for at, char in enumerate(certain) if not char]
    by_sound = len(unknown) == len(said) >= _FEWEST_BY_SOUND
    if not by_sound and (len(unknown) * 2 > len(said) or len(unknown) == len(said)):
        return None
    for at in unknown:
        certain[at] = _SOUND_DIGITS.get(lazy_pinyin(said[at], style=Style.NORMAL)[0], "")
        if not certain[at]:
            return None
    return "".join(certain)


def _digit(char: str) -> str:
    """A figure, a letter, or an empty text for anything else."""
    if char.isascii() and char.isalnum():
        return char.upper()
    return SPOKEN_DIGITS.get(char, "") or _SOUND_LETTERS.get(char, "")


def _number(said: str) -> int:
    """A spoken whole number below 10,000 (一百零五 -> 105, 一百五 -> 150)."""
    total, digit, place = 0, 0, 1
    for char in said:
        if char in _UNITS:
            total += (digit or 1) * _UNITS[char]
            digit, place = 0, _UNITS[char] // 10
        else:
            digit = int(SPOKEN_DIGITS[char])
            place = place if digit else 1
    return total + digit * place


def read_back_sizes(length: int) -> list[int]:
    """Sizes of three or four (less only for very short ones) in which `length` figures are read.

    A mobile number keeps the shape that people know: 3-4-4.
    """
    if length == 11:
        return [3, 4, 4]
    count = -(-length // 4)
    return [length // count + (at < length % count) for at in range(count)]


def regroup(value: str) -> tuple[str, ...]:
    """`value` in the groups in which it is read back."""
    groups, start = [], 0
    for size in read_back_sizes(len(value)):
        groups.append(value[start : start + size])
        start += size
    return tuple(groups)


def readable(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Groups as they can be read back: the caller's own, where they are neither long nor single.

    Letters before figures are a group of their own; a mobile number keeps its shape.
    """
    value = "".join(groups)
    mobile = len(value) == 11 and value.isdigit() and value[0] == "1"
    if mobile or any(len(group) == 1 for group in groups):
        return regroup(value)
    found: list[str] = []
    for group in groups:
        figures = group.lstrip(string.ascii_uppercase)
        short = len(group) <= MAX_READABLE
        for part in (group,) if short else (group[: len(group) - len(figures)], figures):
            found += [part] if len(part) <= MAX_READABLE else regroup(part)
    return tuple(part for part in found if part)


def spoken_group(group: str) -> str:
    """A group as it is read aloud: figure by figure, 1 as 幺, letters one by one."""
    figures = "零幺二三四五六七八九"
    return " ".join(figures[int(char)] if char.isdigit() else char for char in group)

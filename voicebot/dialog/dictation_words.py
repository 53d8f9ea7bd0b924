"""What callers say around a dictated value: it is over, it is wrong, it is right, once more."""

from __future__ import annotations

import functools
import re
import unicodedata

from pypinyin import Style, lazy_pinyin

from asr_models.spoken_codes import SPOKEN_DIGITS

_OVER = re.compile(
    r"(好了|完了|没了|没有了|说完了|就这些|就这么多|就是这些|就这样|结束|完毕|后面没有了)[吧啊]?$"
)
_OVER_SOFTENED = re.compile(r"[，,。\s]*(嗯|好的?|行)?[，,。\s]*$")
_AGAIN = re.compile(r"重新(说|来|报|念|输)|从头|重来|全错|都不对|全不对")
_WRONG = re.compile(r"(?<!对)不对|(?<!是)不是|(?<!没)错了|有误|说错|报错|念错|改一?下")
_RIGHT = re.compile(
    r"^(嗯|啊|哦|对|是|好|行|没错|没问题|正确|可以|确认|的|了|呀|完全|就是这个|都)+$"
)
_YES = re.compile(r"嗯|对|是|好|行|没错|没问题|正确|可以|确认")
_MORE = re.compile(r"还有|后面|再加|没说完|没念完|没完")
_ORDINAL = re.compile(
    r"(倒数)?第?(最后|[一二两三四五六七八九十\d]+)一?[组段](数字)?(的?(是|应该是|改成))?"
)
_MEANT = {"dui": "对", "bu": "不"}
_ZERO_OR_LETTER = re.compile(r"(?P<zero>数字|零|洞|0)|(?P<letter>字母|英文|欧|哦|[oO])")


def bare(text: str) -> str:
    """Letters, digits and characters alone, half-width and lower case."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


def without_over(text: str) -> tuple[str, bool]:
    """`text` without the words that end a dictation (好了, 就这些), and whether there were any."""
    said = _OVER_SOFTENED.sub("", text)
    over = _OVER.search(bare(said))
    return (said[: said.rfind(over[1])], True) if over else (text, False)


def starts_over(text: str) -> bool:
    """重新说: all of it is to be said again."""
    return _AGAIN.search(bare(text)) is not None


@functools.lru_cache(maxsize=256)
def as_said(text: str) -> str:
    """`text` with 对 and 不对 as they are meant: ears write 队的 and 部队 for them."""
    return "".join(_MEANT.get(lazy_pinyin(char, style=Style.NORMAL)[0], char) for char in text)


def wrong(text: str) -> str | None:
    """What follows the words that say it is wrong (不对，是…); None if there are none."""
    found = _WRONG.search(text)
    return text[found.end() :] if found else None


def correction(text: str) -> int:
    """Where in `text` that begins which is right, after 不对 or 第二组是; its end if nothing is."""
    said = as_said(text)
    ends = (found.end() for each in (_WRONG, _ORDINAL) for found in each.finditer(said))
    return max(ends, default=len(text))


def without_wrong(text: str) -> str:
    """`text` without 不对 and the like."""
    return _WRONG.sub(" ", text)


def agreed(text: str) -> bool:
    """Whether it is a yes and nothing else."""
    said = bare(text)
    return _RIGHT.match(said) is not None and _YES.search(said) is not None


def goes_on(text: str) -> bool:
    """Whether the caller says that there is more (后面还有)."""
    return _MORE.search(text) is not None


def named_group(text: str, count: int) -> tuple[int, str] | None:
    """Which of `count` groups is named (第二组, 最后一组), from 0, and what follows."""
    found = _ORDINAL.search(text)
    if not found or count == 0:
        return None
    last = count - 1
    if found[2] == "最后":
        return last, text[found.end() :]
    digits = "".join(SPOKEN_DIGITS.get(char, char) for char in found[2].replace("十", "10"))
    number = max(int(digits), 1)
    group = max(count - number, 0) if found[1] else min(number - 1, last)
    return group, text[found.end() :]


def zero_or_letter(text: str) -> str:
    """``"0"`` or ``"O"``, whichever is named last; empty for neither. 数字O is a zero."""
    named = ""
    for found in _ZERO_OR_LETTER.finditer(text):
        said = found[0]
        if said in ("数字", "字母", "英文"):
            return "0" if said == "数字" and "不是数字" not in text else "O"
        named = "0" if found["zero"] else "O"
    return named

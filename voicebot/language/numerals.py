"""Chinese numerals to digits, so that 三十二, ３２ and 32 compare as equal."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = dict(zip("零〇一二两三四五六七八九幺", "0012234567891", strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000}
_BIG_UNITS = {"万": 10_000, "亿": 100_000_000}
_NUMBER = "零〇一二两三四五六七八九幺十百千万亿"
_NUMERAL = re.compile(f"(百分之)?([{_NUMBER}]+)(?:点([零〇一二三四五六七八九幺]+)(?![十百千]))?")
_NO_NUMBER = re.compile(
    f"(?<![{_NUMBER}])(?:"
    "一(?:直|样|般|定|起|些|旦|致|切|边|共|同|律|向|并|时|下|点|会儿|一)|统一|唯一|万一|单一|之一"
    f"|十分(?!钟|之)|千万(?=别|不|要|记)|两者|第?三方|再三)(?![{_NUMBER}])"
)
_ADDRESS = re.compile(r"(?<![\d.点])\d{1,3}(?:[.点]\d{1,3}){3}(?![\d点])")
_INDEFINITE = re.compile(f"(?<![{_NUMBER}第])一(?=[个块台次条张位名种项只根颗段套])")


def plain(text: str) -> str:
    """Half-width, upper-case text with Chinese numerals written in digits.

    Digits read one by one (幺三八零) keep their zeros; numbers with units become values;
    百分之五 becomes 5%. After a Latin letter or a digit a space keeps the two apart. Words in
    which a numeral is no number (一直, 十分) are left alone.
    """
    text = unicodedata.normalize("NFKC", text).upper()
    pieces, at = [], 0
    for word in _NO_NUMBER.finditer(text):
        pieces += [_NUMERAL.sub(_written, text[at : word.start()]), word.group()]
        at = word.end()
    written = "".join([*pieces, _NUMERAL.sub(_written, text[at:])])
    return _ADDRESS.sub(lambda match: match.group().replace("点", "."), written)


def without_articles(text: str) -> str:
    """Text without the 一 that means "a" (一块硬盘), which claims no quantity."""
    return _INDEFINITE.sub("", text)


def _written(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    return (" " if before.isascii() and before.isalnum() else "") + _number(*match.groups())


def _number(percent: str | None, whole: str, fraction: str | None) -> str:
    number = _value(whole) if set(whole) & (_UNITS.keys() | _BIG_UNITS.keys()) else _digits(whole)
    if fraction:
        number += "." + _digits(fraction)
    return number + "%" if percent else number


def _digits(numeral: str) -> str:
    return "".join(_DIGITS[character] for character in numeral)


def _value(numeral: str) -> str:
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            digit = int(_DIGITS[character])
        elif character in _UNITS:
            section += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            total = (total + section + digit or 1) * _BIG_UNITS[character]
            section = digit = 0
    return str(total + section + digit)

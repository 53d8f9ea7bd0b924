"""Digits in Chinese: one by one, grouped, or as a number."""

from __future__ import annotations

from collections.abc import Iterable

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")
_MAX_NUMBER_DIGITS = 12
_GROUP_DIGITS = 4


def one_by_one(digits: str, *, yao: bool) -> str:
    """Read each digit; `yao` reads 1 as 幺, as on the phone: ``110`` -> 幺幺零.

    Characters that are no ASCII digits are left out.
    """
    names = _DIGITS.replace("一", "幺") if yao else _DIGITS
    return "".join(names[int(c)] for c in digits if c in "0123456789")


def grouped(groups: Iterable[str], *, yao: bool = True) -> str:
    """Read groups of digits with a short pause between them."""
    return "，".join(one_by_one(group, yao=yao) for group in groups)


def in_groups(run: str) -> list[str]:
    """Cut a long run into as few groups of at most four as there can be, of even length.

    6 digits are 3 and 3, 7 are 4 and 3, 11 are 4, 4 and 3: nobody writes down more at a time.
    """
    count = -(-len(run) // _GROUP_DIGITS)
    groups, start = [], 0
    for nth in range(count):
        size = -(-(len(run) - start) // (count - nth))
        groups.append(run[start : start + size])
        start += size
    return groups


def number(digits: str) -> str:
    """Read a non-negative decimal such as ``128`` or ``3.50`` as a number: 一百二十八.

    Leading zeros (``007``) and more than twelve digits are read one by one. A leading 2 before
    千, 万 and 亿 is 两.
    """
    whole, _, fraction = digits.partition(".")
    if len(whole) > _MAX_NUMBER_DIGITS:
        read = grouped(in_groups(whole), yao=False)
    elif len(whole) > 1 and whole[0] == "0":
        read = one_by_one(whole, yao=False)
    else:
        read = _whole(int(whole or "0"))
    return read + ("点" + one_by_one(fraction, yao=False) if fraction else "")


def count(digits: str) -> str:
    """Read a number in front of a measure word: a lone 2 is 两."""
    return "两" if digits == "2" else number(digits)


def _whole(value: int) -> str:
    if value == 0:
        return "零"
    parts: list[str] = []
    gap = False
    for power in (2, 1, 0):
        group = value // 10_000**power % 10_000
        if group == 0:
            gap = gap or bool(parts)
            continue
        if parts and (gap or group < 1000):
            parts.append("零")
        parts.append(_below_ten_thousand(group) + _GROUPS[power])
        gap = False
    text = "".join(parts)
    if text.startswith(("二千", "二万", "二亿")):
        text = "两" + text[1:]
    return text[1:] if text.startswith("一十") else text


def _below_ten_thousand(value: int) -> str:
    out = ""
    for power in (3, 2, 1, 0):
        digit = value // 10**power % 10
        if digit:
            out += _DIGITS[digit] + _UNITS[power]
        elif out and not out.endswith("零"):
            out += "零"
    return out.rstrip("零")

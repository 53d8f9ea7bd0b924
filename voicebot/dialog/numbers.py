"""Whole numbers in what was said, in digits or in Chinese (三个, 十二, 一百零五)."""

from __future__ import annotations

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "俩": 2,
    "〇": 0,
}
_PLACES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_RUN = re.compile(r"\d{1,9}|[零〇一二两俩三四五六七八九十百千万]{1,12}")
# 一下, 一点, 一样 …: an 一 that counts nothing.
_NO_COUNT = re.compile(r"一(下|点|样|直|般|些|定|起|会|遍|旦|边|看|开机|装|插)|万一|统一|第一|唯一")
_DAYS_AGO = {
    "今天": 0,
    "今早": 0,
    "刚才": 0,
    "昨天": 1,
    "昨晚": 1,
    "大前天": 3,
    "前天": 2,
    "上周": 7,
    "上个星期": 7,
    "上礼拜": 7,
}


def days_ago(text: str) -> int | None:
    """How many days ago something was, said by name (昨天, 大前天); None: it is not."""
    return next((days for name, days in _DAYS_AGO.items() if name in text), None)


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers in `text`, left to right."""
    return tuple(_value(match.group()) for match in _RUN.finditer(_NO_COUNT.sub(" ", text)))


def _value(run: str) -> int:
    if run.isascii():
        return int(run)
    if not any(char in _PLACES for char in run):
        return int("".join(str(_DIGITS[char]) for char in run))
    total = section = digit = 0
    for char in run:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _PLACES[char], 0
    return total + section + digit

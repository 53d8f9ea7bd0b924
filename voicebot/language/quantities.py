"""Numbers with what they count: twenty minutes are not twenty seconds, and 8 x 25G not 48 x 25G.

Works on text that `voicebot.language.numerals.plain` has normalised.
"""

from __future__ import annotations

import re

_SPELLED = (
    (re.compile(r"(?<=\d)\s*千瓦(?!时)"), "KW"),
    (re.compile(r"(?<=\d)\s*瓦(?!特时)"), "W"),
    (re.compile(r"(?<=\d)\s*赫兹"), "HZ"),
    (re.compile(r"(?<=\d)([GTM])(?![A-Z0-9])"), r"\1B"),
)
_MEASURES = {
    "个工作日": "工作日", "工作日": "工作日", "个月": "月", "个星期": "周", "星期": "周",
    "周": "周", "个小时": "小时", "小时": "小时", "分钟": "分", "秒钟": "秒", "秒": "秒",
    "毫秒": "毫秒", "天": "天", "年": "年", "摄氏度": "度", "华氏度": "华氏度", "度": "度",
    "米": "米", "毫米": "毫米", "厘米": "厘米", "公里": "公里", "英寸": "寸", "寸": "寸",
    "元": "元", "块钱": "元", "万元": "万元", "分贝": "分贝", "公斤": "公斤", "千克": "公斤",
    "克": "克", "安": "安", "伏": "伏",
}  # fmt: skip
_MEASURE = "|".join(sorted(_MEASURES, key=len, reverse=True))
_RANGE = r"(?:\s*(?:到|至|-|~|—)\s*(\d+(?:\.\d+)?))?"
_QUANTITY = re.compile(rf"(\d+(?:\.\d+)?){_RANGE}\s*({_MEASURE})")
_COUNTED = re.compile(r"(\d+)\s*[个块根条颗台张]\s*(\d+(?:\.\d+)?[A-Z]+|[A-Z]+\d*)")
_LISTED = re.compile(r"([A-Z]+)\s?(\d+)((?:\s*[、,和或]\s*\d+)+)")


def spelled(text: str) -> str:
    """Units that are written in letters or in words, in one way (800瓦 -> 800W, 64G -> 64GB)."""
    for pattern, unit in _SPELLED:
        text = pattern.sub(unit, text)
    return text


def listed(text: str) -> set[str]:
    """RAID 0、1、5 names RAID0, RAID1 and RAID5."""
    return {
        word + number
        for word, first, rest in _LISTED.findall(text)
        for number in (first, *re.findall(r"\d+", rest))
    }


def miscounted(said: str, source: str) -> list[str]:
    """Quantities of `said` whose number `source` has with other units, or of other things, only."""
    known = _measured(source)
    numbers = {number for number, _ in known}
    claims = [
        number + unit
        for number, unit in sorted(_measured(said))
        if number in numbers and (number, unit) not in known
    ]
    counted = set(_COUNTED.findall(source))
    things = {thing for _, thing in counted}
    claims += [
        f"{number}个{thing}"
        for number, thing in _COUNTED.findall(said)
        if thing in things and (number, thing) not in counted
    ]
    return claims


def _measured(text: str) -> set[tuple[str, str]]:
    found = set()
    for first, last, unit in _QUANTITY.findall(text):
        found.add((first, _MEASURES[unit]))
        if last:
            found.add((last, _MEASURES[unit]))
    return found

"""Finding where somebody lives or works: from the street or the estate on, down to the door.

Province, city and district stay: they name a region, not a person, and reports count by them.
"""

from __future__ import annotations

import re

_HAN = r"[\u4e00-\u9fff]"
_NUMBER = r"(?:[0-9０-９]{1,5}|[零〇一二三四五六七八九十百千幺两]{1,7})"
# 线路, 电路, 双路 … are what engineers talk of, not streets.
_NO_STREET = "[线电链回光网通支旁短断门思公铁水气油走修]路"
_COUNTED = "[一二两三四五六七八几每单双多半第]"  # 四路 is a kind of server; 科技四路 is a street
# A street with a house, an estate or building with a part of it.
_CHAR = rf"(?:(?!{_NO_STREET}|[省市区县]){_HAN})"
_STREET = rf"(?:(?!{_COUNTED}+路){_CHAR}{{1,7}}?(?:大道|大街|胡同|路|街|巷|弄))"
_SECTION = rf"(?:[东南西北中]?{_NUMBER}?段)?"
_DOOR = rf"{_NUMBER}\s?(?:号院|号楼|号|弄|栋|幢|座)"
_PART = (
    rf"(?:\s?(?:{_NUMBER}\s?(?:号楼|号院|号|栋|幢|座|单元|层|楼|室|房)"
    rf"|[A-Za-z]\s?[座栋区]|{_NUMBER}))"
)
_BUILDING = rf"(?:{_HAN}{{1,8}}?(?:大厦|广场|小区|花园|公寓|中心|国际|大楼|园区))"
_ESTATE = rf"{_HAN}{{1,6}}?(?:小区|花园|公寓|家园|新村|[一二三四五六七八九十]+区|大厦)"
_REGION_END = r"[省市区县镇乡州盟旗]"
_LEAD = (
    r"地址(?:就)?(?:是|写|在)?|寄(?:到|往|给|去)?|送(?:到|去)|上门到|住(?:在)?|[家司]在|位于|您来"
)
_AT_STREET = re.compile(
    rf"(?:(?<={_REGION_END})|{_LEAD})"
    rf"(?P<street>(?:{_STREET}{_SECTION}|科技园[东南西北]?[路区]?)\s?{_DOOR}{_PART}{{0,4}}"
    rf"(?:{_BUILDING}{_PART}{{0,3}})?)"
)
_AT_ESTATE = re.compile(
    rf"(?:(?<={_REGION_END})|{_LEAD})(?P<street>{_ESTATE}\s?"
    rf"{_NUMBER}\s?(?:号楼|栋|幢|座|号){_PART}{{0,4}})"
)


def mask_addresses(text: str) -> str:
    """The text with streets, houses and flats as ``*``, as many as there were characters."""
    for pattern in (_AT_STREET, _AT_ESTATE):
        text = pattern.sub(_hide, text)
    return text


def _hide(match: re.Match[str]) -> str:
    start, end = match.start("street") - match.start(), match.end("street") - match.start()
    found = match[0]
    return found[:start] + "*" * (end - start) + found[end:]

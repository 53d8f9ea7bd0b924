"""Dates and times: years one by one, everything else as numbers."""

from __future__ import annotations

import re

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import TO, Rule, rule

_CLOCK = r"(?:[01]?\d|2[0-4])[:：][0-5]\d"
_YEAR = r"(?:19|20)\d\d"


def _plain_number(digits: str) -> str:
    return d.number(digits.lstrip("0") or "0")


def _date(match: re.Match[str]) -> str:
    out = d.one_by_one(match["y"], yao=False) + "年" + _plain_number(match["m"]) + "月"
    out += _plain_number(match["d"]) + "日" if match["d"] else ""
    return out + ("，" if match.group()[-1] in "Tt" else "")


def _date_in_words(match: re.Match[str]) -> str:
    out = d.one_by_one(match["y"], yao=False) + "年" + _plain_number(match["m"]) + "月"
    return out + (_plain_number(match["d"]) + match["day"] if match["d"] else "")


def _year(match: re.Match[str]) -> str:
    out = d.one_by_one(match["y"], yao=False)
    if match["to"]:
        out += "到" + d.one_by_one(match["to"], yao=False)
    return out + "年"


def _clock(text: str) -> str:
    parts = [str(int(part)) for part in re.split("[:：]", text)]
    out = d.count(parts[0]) + "点"
    if parts[1] != "0" or len(parts) > 2:
        out += ("零" if 0 < int(parts[1]) < 10 else "") + d.number(parts[1]) + "分"
    return out + (d.number(parts[2]) + "秒" if len(parts) > 2 else "")


def _times(match: re.Match[str]) -> str:
    half = {"A": "上午", "P": "下午"}.get((match["half"] or " ")[0].upper(), "")
    later = match["to"]
    until = "到" + (match["next"] or "") + _clock(later) if later else ""
    return half + _clock(match["time"]) + until


DATES: tuple[Rule, ...] = (
    rule("date", r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>0?[1-9]|1[0-2])[-/.]"
         r"(?P<d>0?[1-9]|[12]\d|3[01])(?![\d.])(?:T(?=\d\d:))?", _date),
    rule("date", r"(?<![\d-])(?P<y>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])(?P<d>)"
         r"(?![\d.-]|[A-Z])", _date),
    rule("date", r"(?P<cue>(?:日期|时间|有效期|购于|截至|截止)(?:为|是|至|到|[:：]|\s){0,3})"
         r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)",
         _date, pause=False),
    rule("date in words", r"(?<!\d)(?P<y>\d{4}|\d\d(?=\s?年\s?\d))\s?年\s?(?P<m>\d{1,2})\s?月"
         r"(?:\s?(?P<d>\d{1,2})\s?(?P<day>[日号]))?", _date_in_words),
    rule("year", rf"(?<!\d)(?P<y>{_YEAR})(?:年?{TO}(?P<to>{_YEAR}))?年", _year),
    rule("time", rf"(?<![\d:])(?P<time>{_CLOCK}(?:[:：][0-5]\d)?)"
         rf"(?:{TO}(?P<next>次日|第二天|当天)?(?P<to>{_CLOCK}))?"
         r"(?:\s?(?P<half>[AP]M)(?![A-Z]))?(?![\d:])", _times),
)  # fmt: skip

"""The rules for numbers, codes, dates and units, in the order they are tried.

Codes and addresses come before quantities: a rule takes its text away from all later ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.lexicon import UNITS
from voicebot.speech.reading.rule import Rule

_NUM = r"\d{1,12}(?:\.\d{1,6})?"
_TO = r"\s*(?:-|~|—{1,2}|至|到)\s*"
_START = r"(?<![A-Za-z0-9.])"
_END = r"(?![A-Za-z0-9]|\.\d)"
_ALL_UNITS = "|".join(re.escape(unit) for unit in sorted(UNITS, key=lambda u: (-len(u), u)))
_MEASURE = (
    "个|块|台|条|颗|根|张|次|位|名|路|口|种|项|步|件|只|套|片|份|间|层|天|周|家|小时|分钟|秒钟?"
    "|年|个月|倍|点|盘|遍|处|组|类|对|人|元|度|米|英寸|寸|槽|核|线程"
)
_CUE = (
    "序列号|服务码|资产号|资产编号|S/N|SN号?|PN|工单号?|编号|单号|订单号|合同号|验证码|密码|编码"
    "|代码|错误码|故障码|尾号|端口号?|工号|分机号?|VLAN|QQ号?|微信号?|账号|邮编"
)
_SHORT_CODE = 5  # a longer code gets a pause before and after it
_SIGNS = {"-": "杠", "_": "下划线", "/": "斜杠", ".": "点", ":": "，", "*": "星", "#": "井"}


def spelled(code: str, *, yao: bool) -> str:
    """Read a code character by character: ``YL5280G3`` -> ``Y L 五二八零 G 三``."""
    out = ""
    for run in re.findall(r"[A-Za-z]|\d+|[^A-Za-z\d]", code):
        if run.isdigit():
            groups = d.in_fours(run) if len(run) > 5 else [run]
            out += d.grouped(groups, yao=yao)
        elif run.isalpha():
            out += f" {run.upper()} "
        else:
            out += _SIGNS.get(run, "")
    return out


def _phone_groups(match: re.Match[str]) -> str:
    return d.grouped(group for group in match.groups() if group)


def _cued_code(match: re.Match[str]) -> str:
    code = spelled(match["code"], yao=True)
    return code if len(match["code"]) <= _SHORT_CODE else f"，{code}，"


def _date(match: re.Match[str]) -> str:
    year, month, day = match["y"], match["m"], match["d"]
    out = d.one_by_one(year, yao=False) + "年" + d.number(month.lstrip("0") or "0") + "月"
    return out + (d.number(day.lstrip("0") or "0") + "日" if day else "")


def _year(match: re.Match[str]) -> str:
    out = d.one_by_one(match["y"], yao=False)
    if match["to"]:
        out += "到" + d.one_by_one(match["to"], yao=False)
    return out + "年"


def _clock(text: str) -> str:
    parts = [int(part) for part in re.split("[:：]", text)]
    out = d.number(str(parts[0])) + "点"
    if parts[1] or len(parts) > 2:
        out += ("零" if 0 < parts[1] < 10 else "") + d.number(str(parts[1])) + "分"
    return out + (d.number(str(parts[2])) + "秒" if len(parts) > 2 else "")


def _times(match: re.Match[str]) -> str:
    later = match["to"]
    return _clock(match["time"]) + ("到" + _clock(later) if later else "")


def _ip(match: re.Match[str]) -> str:
    out = "点".join(d.one_by_one(part, yao=True) for part in match["ip"].split("."))
    if match["mask"]:
        out += "，斜杠" + d.number(match["mask"])
    if match["port"]:
        out += "，端口" + d.one_by_one(match["port"], yao=True)
    return out


def _version(match: re.Match[str]) -> str:
    parts = "点".join(d.one_by_one(part, yao=False) for part in match["v"].split("."))
    return (" V " if match["mark"] else "") + parts


def _percent(match: re.Match[str]) -> str:
    low = "百分之" + d.number(match["a"])
    return low + ("到百分之" + d.number(match["b"]) if match["b"] else "")


def _quantity(match: re.Match[str]) -> str:
    unit = UNITS[re.sub(r"\s", "", match["unit"]).upper()]
    hot = unit in ("摄氏度", "华氏度")
    sign = ("零下" if hot else "负") if match["sign"] else ""
    if not match["b"]:
        read = d.count if unit in ("分钟", "小时") else d.number
        return sign + read(match["a"]) + unit + " "
    sign_b = ("零下" if hot else "负") if match["signb"] else ""
    return sign + d.number(match["a"]) + "到" + sign_b + d.number(match["b"]) + unit + " "


def _measured(match: re.Match[str]) -> str:
    if not match["b"]:
        return d.count(match["a"]) + match["measure"]
    return d.count(match["a"]) + "到" + d.count(match["b"]) + match["measure"]


def _product(match: re.Match[str]) -> str:
    return "乘".join(d.number(part) for part in re.split(r"\s*[x×X*]\s*", match.group()))


def _ordinal(match: re.Match[str]) -> str:
    return "第" + d.number(match["n"].lstrip("0") or "0")


def _lanes(match: re.Match[str]) -> str:
    return " X " + d.number(match["n"])


def _model(match: re.Match[str]) -> str:
    return spelled(match.group(), yao=False)


def _long_run(match: re.Match[str]) -> str:
    return d.grouped(d.in_fours(match.group()))


def _dotted(match: re.Match[str]) -> str:
    return spelled(match["letter"], yao=False) + "点" + d.number(match["n"])


def _thousands(match: re.Match[str]) -> str:
    return d.number(match.group().replace(",", ""))


def _inches(match: re.Match[str]) -> str:
    return d.number(match["a"]) + "英寸"


def _release(match: re.Match[str]) -> str:
    return d.one_by_one(match.group(), yao=False)


def _signed(match: re.Match[str]) -> str:
    return "负" + d.number(match["n"])


def _rule(name: str, pattern: str, read: Callable[[re.Match[str]], str]) -> Rule:
    return Rule(name, re.compile(pattern, re.I), read)


# before the lexicon, which would take the keys' names away
KEYS = _rule(
    "key",
    r"(?P<cue>(?<![A-Z0-9])(?:Ctrl|Control|Alt|Shift))\s*[-+＋]\s*(?=[A-Z])",
    lambda match: "加",
)
RULES: tuple[Rule, ...] = (
    _rule("ip", rf"{_START}(?P<ip>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?:/(?P<mask>\d{{1,2}}))?"
          rf"(?::(?P<port>\d{{2,5}}))?(?![\d.]*\d)", _ip),
    _rule("mac", r"(?<![0-9A-Z:])[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}(?![0-9A-Z:])",
          lambda m: spelled(re.sub("[:-]", ":", m.group()), yao=True)),
    _rule("hotline", r"(?<![\dA-Z.])([48]00)"
          r"(?:[-\s]?(\d{3})[-\s]?(\d{4})|[-\s](\d{4})[-\s]?(\d{3}))(?!\d)", _phone_groups),
    _rule("mobile", r"(?<![\dA-Z.])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?!\d)",
          _phone_groups),
    _rule("landline", r"(?<![\dA-Z.])[(（]?(0\d{2,3})[)）]?[-\s]"
          r"(\d{3,4})(\d{4})(?:-(\d{1,5}))?(?!\d)", _phone_groups),
    _rule("cued code", rf"(?<=[^\d])?(?P<cue>(?:{_CUE})(?:\s|为|是|[:：])*)"
          r"(?P<code>[A-Z0-9](?:[A-Z0-9_/-]{0,38}[A-Z0-9])?)(?![A-Z0-9])", _cued_code),
    _rule("extension", r"(?P<cue>转)(?P<code>\d{3,5})(?!\d|\.\d)", _cued_code),
    _rule("hex", rf"{_START}0x[0-9A-F]{{1,16}}{_END}", lambda m: spelled(m.group(), yao=True)),
    _rule("date", r"(?<!\d)(?P<y>(?:19|20)\d\d)(?:[-/.](?P<m>0?[1-9]|1[0-2])[-/.]"
          r"(?P<d>0?[1-9]|[12]\d|3[01]))(?![\d.])", _date),
    _rule("date in words", r"(?<!\d)(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月"
          r"(?:\s*(?P<d>\d{1,2})\s*[日号])?", _date),
    _rule("year", rf"(?<!\d)(?P<y>(?:19|20)\d\d)(?:年?{_TO}(?P<to>(?:19|20)\d\d))?年", _year),
    _rule("time", r"(?<![\d:])(?P<time>(?:[01]?\d|2[0-4])[:：][0-5]\d(?:[:：][0-5]\d)?)"
          rf"(?:{_TO}(?P<to>(?:[01]?\d|2[0-4])[:：][0-5]\d))?(?![\d:])", _times),
    _rule("version", rf"(?<![A-Z0-9.])(?P<mark>V\s?)?(?P<v>\d{{1,4}}(?:\.\d{{1,5}}){{2,4}}){_END}",
          _version),
    _rule("marked version", rf"(?<![A-Z0-9.])(?P<mark>V)(?P<v>\d{{1,3}}(?:\.\d{{1,3}})?){_END}",
          _version),
    _rule("thousands", r"(?<![A-Z0-9.,])\d{1,3}(?:,\d{3}){1,3}(?![\d,A-Z])", _thousands),
    _rule("inches", rf"{_START}(?P<a>{_NUM})\s?[\"”″]", _inches),
    _rule("percent", rf"{_START}(?P<a>{_NUM})\s*%?(?:{_TO}(?P<b>{_NUM})\s*)?%", _percent),
    _rule("quantity", rf"(?<![A-Z0-9.])(?P<sign>(?<!\d)-)?(?P<a>{_NUM})\s*(?:{_ALL_UNITS})?"
          rf"(?:{_TO}(?P<signb>-)?(?P<b>{_NUM}))\s*(?P<unit>{_ALL_UNITS})(?![A-Z0-9])", _quantity),
    _rule("single quantity", rf"(?<![A-Z0-9.])(?P<sign>(?<!\d)-)?(?P<a>{_NUM})\s*"
          rf"(?P<unit>{_ALL_UNITS})(?P<b>(?!))?(?P<signb>(?!))?(?![A-Z0-9])", _quantity),
    _rule("ordinal", r"第\s*(?P<n>\d{1,6})(?![\dA-Z.])", _ordinal),
    _rule("measured", rf"(?<![A-Z0-9.\-/])(?P<a>{_NUM})(?:{_TO}(?P<b>{_NUM}))?\s*"
          rf"(?P<measure>{_MEASURE})", _measured),
    _rule("product", rf"(?<![A-Z0-9.])\d{{1,5}}(?:\.\d{{1,3}})?"
          rf"(?:(?:[x×*]|\s[x×*]\s)\d{{1,5}}(?:\.\d{{1,3}})?){{1,2}}{_END}", _product),
    _rule("lanes", rf"(?<![A-Z0-9])x(?P<n>\d{{1,2}}){_END}", _lanes),
    _rule("dotted", r"(?<![A-Z0-9])(?P<letter>[A-Z])\.(?P<n>\d)(?![A-Z0-9])", _dotted),
    _rule("model", r"(?<![A-Z0-9])(?=[A-Z0-9_-]{0,40}[A-Z])(?=[A-Z0-9_-]{0,40}\d)"
          r"[A-Z0-9]+(?:[-_][A-Z0-9]+)*(?:\.\d+)?(?![A-Z0-9])", _model),
    _rule("hyphened code", rf"{_START}\d{{4,12}}(?:-\d{{1,12}})+{_END}", _model),
    _rule("long digits", rf"{_START}\d{{7,}}{_END}", _long_run),
    _rule("release", rf"{_START}(?:19|20)\d\d{_END}", _release),
    _rule("letters", r"(?<![A-Z])[A-Z]{2,}(?![A-Z])", _model),
    _rule("negative", rf"(?<![A-Z0-9\u4e00-\u9fff%℃])-(?P<n>{_NUM}){_END}", _signed),
)  # fmt: skip

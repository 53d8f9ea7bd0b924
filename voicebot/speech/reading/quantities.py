"""Percentages, units, money, counts, ranges, ratios and signs."""

from __future__ import annotations

import re

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.lexicon import EXACT_UNITS, UNITS
from voicebot.speech.reading.rule import END, NUMBER, START, TO, Rule, rule

_ALL_UNITS = "|".join(
    [
        *(f"(?-i:{re.escape(unit)})" for unit in sorted(EXACT_UNITS, key=lambda u: (-len(u), u))),
        *(re.escape(unit) for unit in sorted(UNITS, key=lambda u: (-len(u), u))),
    ]
)
_MEASURE = (
    "个|块|台|条|颗|根|张|次|位|名|路|口|种|项|步|件|只|套|片|份|间|层|天|周|家|小时|分钟|秒钟?"
    "|年|倍|点|盘|遍|处|组|类|对|人|元|度|米|英寸|寸|槽|核|线程|节点|万|亿|千|百|瓦|千瓦|伏|安|赫兹|兆"
    "|毫[米秒安]|厘米|公[里斤]|微秒|分贝|字节|行|页|转(?![接到人入给发换])|户|批|轮|支|例|段|圈|档|升|声"
    r"|下(?![午一面载])|[长短](?=\d|声|$|[，。、])"
)
_COMPARED = {
    ">=": "大于等于", "≥": "大于等于", "≧": "大于等于", "<=": "小于等于", "≤": "小于等于",
    "≦": "小于等于", ">": "大于", "<": "小于", "==": "等于", "!=": "不等于", "≠": "不等于",
    "≈": "约等于", "±": "正负",
}  # fmt: skip
_MONEY = {"$": "美元", "€": "欧元", "£": "英镑"}
_MONEY_NUMBER = r"\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,2})?"


def _unit(written: str) -> str:
    unit = re.sub(r"\s", "", written)
    return EXACT_UNITS.get(unit) or UNITS[unit.upper()]


def _percent(match: re.Match[str]) -> str:
    of = "千分之" if match["of"] == "‰" else "百分之"
    low = ("负" if match["sign"] else "") + of + d.number(match["a"])
    return low + (f"到{of}" + d.number(match["b"]) if match["b"] else "")


def _quantity(match: re.Match[str]) -> str:
    unit = _unit(match["unit"])
    low = ("零下" if unit in ("摄氏度", "华氏度") else "负") if match["sign"] else ""
    # two degrees, two decibels: er; two of what is counted, also bytes and volts: liang
    read = d.number if unit in ("摄氏度", "华氏度", "分贝", "度") else d.count
    if not match["b"]:
        return low + read(match["a"]) + unit + " "
    high = ("零下" if unit in ("摄氏度", "华氏度") else "负") if match["signb"] else ""
    return low + read(match["a"]) + "到" + high + read(match["b"]) + unit + " "


def _alternatives(match: re.Match[str]) -> str:
    return "、".join(d.number(n) for n in match["n"].split("/")) + _unit(match["unit"]) + " "


def _measured(match: re.Match[str]) -> str:
    if not match["b"]:
        return d.count(match["a"]) + match["measure"]
    return d.count(match["a"]) + "到" + d.count(match["b"]) + match["measure"]


def _product(match: re.Match[str]) -> str:
    out = "乘".join(d.number(part) for part in re.split(r"\s?[x×*]\s?", match["n"], flags=re.I))
    after = match["after"] or ""
    return out + ("小时" if after in ("h", "H") else "，" if after else "")  # 5x8xNBD


def _money(match: re.Match[str]) -> str:
    amount = match["n"].replace(",", "")
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return d.number(amount) + (match["big"] or "") + _MONEY.get(match["sign"], "元")


def _range(match: re.Match[str]) -> str:
    low, high = match["a"], match["b"]
    joint = "杠" if match["to"] == "-" and int(low) >= int(high) else "到"
    return d.number(low) + joint + d.number(high)


def _spindle(match: re.Match[str]) -> str:
    whole, _, tenth = match["k"].partition(".")
    return d.number(str(int(whole) * 1000 + int(tenth or "0") * 100)) + "转"


def _current(match: re.Match[str]) -> str:
    return "交流" if match["c"].upper() == "AC" else "直流"


def _volts(match: re.Match[str]) -> str:
    high = "到" + d.count(match["b"]) if match["b"] else ""
    return _current(match) + d.count(match["a"]) + high + "伏"


EARLY_QUANTITIES: tuple[Rule, ...] = (
    rule("each", r"(?<=[元块])/(?=[\u4e00-\u9fff])|(?<=\d[WGTVA])/(?=[台个块条颗年月天次套人])",
         lambda m: "每", digit=False),
    rule("service hours", r"(?<![\d/.])(?:24/7|7/24)(?![\d/])", lambda m: "七乘二十四"),
    rule("money", rf"(?P<sign>[¥￥$€£]|(?<![A-Z])(?:RMB|CNY)\s?)\s?(?P<n>{_MONEY_NUMBER})"
         r"\s?(?P<big>[万亿])?元?(?![\d,])", _money),
    rule("thousands", r"(?<![A-Z0-9.,])\d{1,3}(?:,\d{3}){1,3}(?![\d,A-Z])",
         lambda m: d.number(m.group().replace(",", ""))),
    rule("inches", rf"(?<![A-Z0-9.\"“])(?P<a>{NUMBER})\s?[\"”″]",
         lambda m: d.number(m["a"]) + "英寸"),
    rule("compared", r"(?:>=|<=|==|!=|[≥≧≤≦≠≈±])|[<>](?=\s?-?\d)",
         lambda m: _COMPARED[m.group()], digit=False),
    rule("percent", rf"{START}(?P<sign>(?<!\d)-)?(?P<a>{NUMBER})\s?[%‰]?(?:{TO}(?P<b>{NUMBER})\s?)?"
         r"(?P<of>[%‰])", _percent),
    rule("spindle", r"(?<![A-Z0-9.])(?P<k>\d{1,2}(?:\.\d)?)K(?:\s?RPM|转|(?=\s?SAS))", _spindle),
    rule("current", r"(?<![A-Z0-9])(?P<c>AC|DC)(?=\s?\d[\d.~-]{0,9}V)", _current),
    rule("current", rf"{START}(?P<a>{NUMBER})(?:{TO}(?P<b>{NUMBER}))?V(?P<c>AC|DC)(?![A-Z0-9])",
         _volts),
    rule("cores and memory", r"(?<![A-Z0-9.])(?P<c>\d{1,3})C(?P<g>\d{1,4})G(?![A-Z0-9])",
         lambda m: d.count(m["c"]) + "核" + d.count(m["g"]) + " G "),
)  # fmt: skip
QUANTITIES: tuple[Rule, ...] = (
    rule("alternatives", r"(?<![A-Z0-9./])(?P<n>\d{1,5}(?:/\d{1,5}){1,2})\s?"
         rf"(?P<unit>{_ALL_UNITS})(?![A-Z0-9])", _alternatives),
    rule("quantity", rf"(?<![A-Z0-9.])(?P<sign>(?<!\d)-)?(?P<a>{NUMBER})\s?(?:{_ALL_UNITS})?"
         rf"(?:{TO}(?P<signb>-)?(?P<b>{NUMBER}))\s?(?P<unit>{_ALL_UNITS})(?![A-Z0-9])", _quantity),
    rule("single quantity", rf"(?<![A-Z0-9.])(?P<sign>(?<!\d)-)?(?P<a>{NUMBER})\s?"
         rf"(?P<unit>{_ALL_UNITS})(?P<b>(?!))?(?P<signb>(?!))?(?![A-Z0-9])", _quantity),
    rule("ordinal", r"第\s?(?P<n>\d{1,6})(?![\dA-Z]|\.\d)",
         lambda m: "第" + d.number(m["n"].lstrip("0") or "0")),
    rule("layer", r"(?<![A-Z0-9.])(?P<n>[1-7])层(?=交换|网络|协议|隔离|转发|路由|架构)",
         lambda m: d.number(m["n"]) + "层"),
    rule("more than", rf"(?<![A-Z0-9.])(?P<n>\d{{2,7}})\+\s?(?=(?:{_MEASURE}))",
         lambda m: d.number(m["n"]) + "多"),
    rule("more than", r"(?<=[万亿])\+(?!\d)", lambda m: "以上", digit=False),
    rule("measured", rf"(?<![A-Z0-9.\-/])(?P<a>{NUMBER})(?:{TO}(?P<b>{NUMBER}))?\s?"
         rf"(?P<measure>{_MEASURE})", _measured),
    rule("product", rf"(?<![A-Z0-9.])(?P<n>\d{{1,5}}(?:\.\d{{1,3}})?(?:(?:[x×*]|\s[x×*]\s)\d{{1,5}}"
         rf"(?:\.\d{{1,3}})?){{1,2}})(?P<after>h|[x×*](?=\ue000))?{END}", _product),
    rule("times", r"(?<=[\u4e00-\u9fff\ue000])\*(?=\d)", lambda m: "乘"),
    rule("lanes", rf"(?<![A-Z0-9])x(?P<n>1|2|4|8|12|16|24|32){END}",
         lambda m: " X " + d.number(m["n"]), pause=False),
    rule("fraction", r"(?<![A-Z0-9./])(?P<a>\d{1,4})/(?P<b>\d{1,4})(?![A-Z0-9/]|\.\d)",
         lambda m: d.number(m["b"]) + "分之" + d.number(m["a"])),
    rule("ratio", r"(?<![A-Z0-9.:：])(?P<a>\d{1,4})[:：](?P<b>\d{1,4})(?![A-Z0-9:：]|\.\d)",
         lambda m: d.number(m["a"]) + "比" + d.number(m["b"])),
    rule("range", r"(?<![A-Z0-9.\-/])(?P<a>\d{1,4})\s?(?P<to>[-~])\s?(?P<b>\d{1,4})"
         r"(?![A-Z0-9\-/%]|\.\d)", _range),
)  # fmt: skip
NUMBERS: tuple[Rule, ...] = (
    rule("negative", rf"(?<![^\s(（:：=,，~\ue000为是到至约])-(?P<n>{NUMBER}){END}",
         lambda m: "负" + d.number(m["n"]), pause=False),
    rule("number", r"\d{1,40}(?:\.\d{1,12})?", lambda m: d.number(m.group()), pause=False),
)  # fmt: skip

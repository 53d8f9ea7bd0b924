"""Phone numbers, tickets, serial numbers, error codes, passwords, models and versions."""

from __future__ import annotations

import re

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import END, START, Rule, rule
from voicebot.speech.reading.spelling import (
    has_long_run,
    letters,
    spelled,
    spelled_with_case,
)

_CUES = (
    "序列号|服务码|服务标签|资产标签|资产号|编号|备件号|料号|工单号?|单号|合同号|验证码|密码|口令|编码|代码"
    "|错误码|故障码|告警码|尾号|端口号?|工号|分机号?|微信号?|账号|卡号|税号|邮编|许可证号?|流水号|批次号?"
    "|(?<![A-Z0-9])(?:S/N|SN[号码]?|PN|QQ号?|ID|VLAN(?:\\s?ID)?|TCP|UDP)"
)
_IS = r"(?:\s|为|是|[:：])"
_SAYS_NUMBER = r"(?:拨打|致电|电话|热线|客服|呼叫|拨|打)(?:号码)?"
_SAYS_ERROR = r"(?:报错?|返回|状态码|错误|提示|显示|(?<![A-Z])(?:HTTP|Error|Stop))(?:码|代码|code)?"
# what makes of three to five digits a quantity after all
_NO_QUANTITY = r"(?![A-Z0-9%℃]|\.\d|\s?[个次条块台秒分小天年月元人份位种名套件张度米毫兆千万多余])"
_EVENTS = (
    "PDR|MEM|PSU|CPU|FAN|TMP|VLT|BAT|RAC|SYS|LIC|UEFI|PCI|PST|STOR|HWC|SEL|NIC|LOG|SWC|CTL|ENC|VDR"
    "|RED|PWR|BIOS"
)
_SHORT_CODE = 5  # a longer code gets a pause before and after it
_CHIPS = "鲲鹏|海光|飞腾|龙芯|昇腾|兆芯|申威|至强|霄龙|EPYC|Xeon|RTX|GTX|Quadro|Tesla|Opteron"
_GRADES = {"PLATINUM": "铂金", "GOLD": "金牌", "SILVER": "银牌", "BRONZE": "铜牌"}


def _groups(match: re.Match[str]) -> str:
    return d.grouped(group for group in match.groups() if group)


def _with_extension(match: re.Match[str]) -> str:
    extension = match["ext"]
    number = d.grouped(g for g in match.groups()[: match.re.groupindex["ext"] - 1] if g)
    return number + ("转" + d.one_by_one(extension, yao=len(extension) > 1) if extension else "")


def _from_abroad(match: re.Match[str]) -> str:
    return d.grouped(("0" + match["area"], match[2], match[3]))


def _code(match: re.Match[str]) -> str:
    code = spelled(match["code"], yao=True)
    more = match["more"] if "more" in match.re.groupindex else ""
    for joint, number in re.findall(r"\s?([和或到至、])\s?(\d+)", more or "", re.A):
        code += joint + spelled(number, yao=True)
    return code if len(match["code"]) <= _SHORT_CODE else f"，{code}，"


def _all_yao(match: re.Match[str]) -> str:
    return spelled(match.group(), yao=True)


def _part(text: str, *, first: bool) -> str:
    """Part of a version: ``12`` in front is 十二, behind a point 一二."""
    if first and len(text) <= 2:
        return d.number(text)
    return d.one_by_one(text, yao=False)


def _version(match: re.Match[str]) -> str:
    parts = match["v"].split(".")
    read = "点".join(_part(part, first=nth == 0) for nth, part in enumerate(parts))
    lead = " V " if match["mark"] else ""
    if "cue" in match.re.groupindex and match["cue"].endswith(" "):
        lead = "，" + lead
    tail = match["tail"] or ""
    pause = "，" if tail[:1] in ("-", "_", " ") else ""
    return lead + read + pause + spelled(tail.lstrip("-_ "), yao=False)


def _chip(match: re.Match[str]) -> str:
    return spelled(match["code"], yao=False)


def _grade(match: re.Match[str]) -> str:
    brand = "至强" if match["brand"] else ""
    return brand + _GRADES[match["grade"].upper()] + spelled(match["code"], yao=False)


def _cpu(match: re.Match[str]) -> str:
    out = spelled(match["family"], yao=False) + "，" + spelled(match["code"], yao=False)
    return out + (spelled(match["v"], yao=False) if match["v"] else "")


def _board(match: re.Match[str]) -> str:
    return (
        d.one_by_one(match["code"], yao=False) + "杠" + d.number(match["n"]) + letters(match["x"])
    )


def _standard(match: re.Match[str]) -> str:
    return "八零二点" + spelled(match["n"], yao=False)


def _memory(match: re.Match[str]) -> str:
    return letters("DDR") + d.number(match["n"]) + "，" + d.one_by_one(match["speed"], yao=False)


def _model(match: re.Match[str]) -> str:
    return spelled(match.group(), yao=has_long_run(match.group()), silent="_")


def _dotted(match: re.Match[str]) -> str:
    return letters(match["letter"]) + "点" + d.number(match["n"])


_FILES = (
    "bin|iso|img|zip|tar|gz|rpm|exe|log|txt|cfg|conf|hpm|pdf|rar|deb|sh|bat|ini|xml|json|efi|rom|cap"
    "|csv|xlsx?|docx?|pptx?|ima|dll|sys"
)
_V = r"(?P<v>\d{1,4}(?:\.\d{1,5})"
_TAIL = r"(?P<tail>[-_]?[A-Z]{1,8}\d{0,4})?"
PASSWORDS: tuple[Rule, ...] = (
    rule("password", r"(?P<cue>(?:密码|口令)(?:为|是|[:：]|\s){1,3})(?=[!-~]{0,31}[A-Z])"
         r"(?P<code>[!-~]{3,31}[A-Z0-9@#$%&*!])(?![!-~])",
         lambda m: spelled_with_case(m["code"]), pause=False, digit=False),
    rule("password", r"(?P<cue>密码|口令)(?P<code>(?-i:[a-z]{4,16}))(?![!-~])",
         lambda m: spelled_with_case(m["code"]), pause=False, digit=False),
    rule("password", r"(?P<cue>密码|口令)(?=[!-~]{0,31}[A-Z])(?=[!-~]{0,31}[0-9])"
         r"(?P<code>[!-~]{3,31}[A-Z0-9@#$%&*!])(?![!-~])",
         lambda m: spelled_with_case(m["code"]), pause=False),
)  # fmt: skip
FILES: tuple[Rule, ...] = (
    rule("file name", rf"(?<![A-Z0-9_./-])[A-Z0-9_-]{{1,60}}(?:\.[A-Z0-9_-]{{1,20}}){{0,6}}"
         rf"\.(?:{_FILES})(?![A-Z0-9])",
         lambda m: spelled(m.group(), yao=has_long_run(m.group()), silent="_"), digit=False),
)  # fmt: skip
PHONES: tuple[Rule, ...] = (
    rule("hotline", r"(?<![\dA-Z.])([48]00)(?:[-\s]?(\d{3})[-\s]?(\d{4})|[-\s](\d{4})[-\s]?(\d{3}))"
         r"(?:\s?[-转]\s?(?P<ext>\d{1,5}))?(?!\d)", _with_extension),
    rule("hotline", r"(?<![\dA-Z.])([48]00\d)[-\s](\d{3})[-\s](\d{3})(?!\d)", _groups),
    rule("mobile", r"(?<![\dA-Z.])(?:(?:\+|00)?86[-\s]?)?"
         r"(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?!\d)", _groups),
    rule("masked mobile", r"(?<![\dA-Z.])(1[3-9]\d)\*{4}(\d{4})(?!\d)",
         lambda m: d.grouped(m.groups()[:1]) + "，尾号" + d.grouped(m.groups()[1:])),
    rule("landline abroad", r"(?<![\dA-Z.])(?:\+|00)86[-\s]?0?(?P<area>10|2\d|[3-9]\d\d)"
         r"[-\s]?(\d{3,4})[-\s]?(\d{4})(?!\d)", _from_abroad),
    rule("landline", r"(?:[(（](0\d{2,3})[)）]\s?|(?<![\dA-Z.])(0\d{2,3})[-\s])"
         r"(\d{3,4})[-\s]?(\d{4})(?:\s?[-转]\s?(?P<ext>\d{1,5}))?(?!\d)", _with_extension),
    rule("short number", rf"(?P<cue>{_SAYS_NUMBER}{_IS}{{0,2}})(?P<code>\d{{3,6}}){_NO_QUANTITY}",
         _code, pause=False),
)  # fmt: skip
CODES: tuple[Rule, ...] = (
    rule("cued code", rf"(?P<cue>(?:{_CUES}){_IS}{{0,4}})(?=[A-Z_/-]{{0,39}}\d)"
         r"(?P<code>[A-Z0-9](?:[A-Z0-9_/-]{0,38}[A-Z0-9])?)(?![A-Z0-9]|\.\d)"
         rf"(?P<more>(?:\s?[和或到至、]\s?\d{{1,12}}{_NO_QUANTITY}(?!\d)){{0,8}})",
         _code, pause=False),
    rule("hex", rf"{START}0x[0-9A-F]{{1,16}}{END}", _all_yao),
    rule("extension", r"(?P<cue>转)(?P<code>\d{3,5})(?!\d|\.\d|[元年天台个])", _code, pause=False),
    rule("extension", rf"{START}\d{{3,5}}(?=分机)", _all_yao),
    rule("port", rf"{START}(?:\d{{3,5}}|2[1235]|53|80)(?=端口(?!交换机|网卡|千兆|万兆))", _all_yao),
    rule("event code", rf"(?<![A-Z0-9])(?:{_EVENTS})\d{{4}}(?![A-Z0-9])", _all_yao),
    rule("error code", rf"(?P<cue>{_SAYS_ERROR}{_IS}{{0,2}})"
         rf"(?P<code>[A-Z]{{0,4}}\d{{3,5}}|[A-Z]{{1,4}}\d\d){_NO_QUANTITY}", _code, pause=False),
    rule("error code", rf"{START}(?:[A-Z]{{1,5}}\d{{3,5}}|[1-5]\d\d)"
         r"(?=\s?(?:错误|报错|告警))", _all_yao),
    rule("numbered", rf"{START}(?P<n>\d{{1,4}})#(?![A-Z0-9])|#(?P<m>\d{{1,4}})(?!\d|\.\d)"
         r"|(?<![A-Z0-9])No\.\s?(?P<o>\d{1,4})(?!\d|\.\d)",
         lambda m: d.number(m["n"] or m["m"] or m["o"]) + "号"),
)  # fmt: skip
VERSIONS: tuple[Rule, ...] = (
    rule("version", rf"(?P<cue>(?:版本号?|固件|微码|驱动|内核|BIOS){_IS}{{0,3}})"
         rf"(?P<mark>V\s?)?{_V}{{1,4}}){_TAIL}(?![A-Z0-9%]|\.\d|\s?(?:英?寸|倍))",
         _version, pause=False),
)  # fmt: skip
LATE_VERSIONS: tuple[Rule, ...] = (
    rule("standard", rf"{START}802\.(?P<n>\d{{1,2}}[A-Z]{{0,2}})(?![A-Z0-9])", _standard),
    rule("version", rf"(?<![A-Z0-9.])(?P<mark>V\s?)?{_V}{{2,4}}){_TAIL}{END}", _version),
    rule("marked version", r"(?<![A-Z0-9.])(?P<mark>V)(?P<v>\d{1,3}(?:\.\d{1,3})?)"
         rf"(?P<tail>[-_][A-Z]{{1,8}}\d{{0,4}})?{END}", _version),
    rule("update", r"(?<![A-Z0-9.])(?P<mark>)(?P<v>\d{1,3}\.\d{1,3})"
         r"(?P<tail>(?:U|SP|R|P|B|RC)\d{1,3})(?![A-Z0-9])", _version),
)  # fmt: skip
PROCESSORS: tuple[Rule, ...] = (
    rule("processor", r"(?<![A-Z0-9])(?P<family>E[357]|i[3579])-(?P<code>\d{3,5}[A-Z]{0,3})"
         r"(?:\s?(?P<v>v\d))?(?![A-Z0-9])", _cpu),
    rule("processor", r"(?<![A-Z0-9])(?:(?P<brand>Xeon)\s)?"
         r"(?P<grade>Platinum|Gold|Silver|Bronze)\s?(?P<code>\d{4}[A-Z]{0,2})(?![A-Z0-9])", _grade),
    rule("chip", rf"(?P<cue>(?<![A-Z0-9])(?:{_CHIPS})\s?)"
         r"(?P<code>[A-Z]{0,2}\d{2,5}[A-Z]{0,2})(?![A-Z0-9]|\.\d)", _chip, pause=False),
    rule("generation", r"(?<![A-Z0-9])Gen\s?(?P<n>\d{1,2})(?![A-Z0-9.])",
         lambda m: "第" + d.number(m["n"]) + "代"),
    rule("release", r"(?P<cue>(?<![A-Z0-9])Win)(?P<code>20\d\d)(?![A-Z0-9])", _chip, pause=False),
    rule("memory", rf"(?<![A-Z0-9])DDR(?P<n>[345])[- ](?P<speed>\d{{4}}){END}", _memory),
)  # fmt: skip
MODELS: tuple[Rule, ...] = (
    rule("board", rf"{START}(?P<code>\d{{4}})-(?P<n>\d{{1,2}})(?P<x>[IE])(?![A-Z0-9])", _board),
    rule("board", rf"{START}\d{{4}}(?=\s?(?:阵列卡|RAID|卡(?!槽)|网卡|系列|控制器|交换机))",
         lambda m: d.one_by_one(m.group(), yao=False)),
    rule("dotted", r"(?<![A-Z0-9])(?P<letter>[A-Z])\.(?P<n>\d)(?![A-Z0-9])", _dotted),
    rule("model", r"(?<![A-Z0-9])(?=[A-Z0-9_-]{0,40}[A-Z])(?=[A-Z0-9_-]{0,40}\d)"
         r"[A-Z0-9]{1,40}(?:[-_][A-Z0-9]{1,40}){0,6}(?:\.\d{1,4})?(?![A-Z0-9])", _model),
    rule("hyphened code", rf"{START}\d{{4,12}}(?:-\d{{1,12}}){{1,4}}{END}", _model),
    rule("long digits", rf"{START}\d{{7,}}{END}", lambda m: d.grouped(d.in_groups(m.group()))),
    rule("release", rf"{START}(?:19[5-9]|20[0-3])\d{END}",
         lambda m: d.one_by_one(m.group(), yao=False)),
    rule("letters", r"[A-Z]{2,}", lambda m: letters(m.group()), digit=False),
)  # fmt: skip

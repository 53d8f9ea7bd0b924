"""Addresses, ports, paths, web links and e-mail."""

from __future__ import annotations

import re
from typing import Literal

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import START, Rule, rule
from voicebot.speech.reading.spelling import has_long_run, letters, spelled

Links = Literal["name", "spell"]
URL_NOTICE = "网址链接"
EMAIL_NOTICE = "邮箱地址"
MAX_SPELLED_LINK = 60  # nobody writes down a longer one

URL = (
    r"(?:https?|ftp)://[!-;=?-~]{1,500}(?<![.,;:!?'\")\]])"
    r"|(?<![A-Z0-9.@-])www\.[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63}){1,4}(?:/[!-;=?-~]{0,200})?"
)
EMAIL = r"(?<![A-Z0-9._+-])[A-Z0-9._+-]{1,64}@[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63}){1,4}"
LINK = re.compile(f"{URL}|{EMAIL}", re.I | re.A)
_ROOTS = "dev|etc|var|usr|opt|home|root|mnt|tmp|boot|proc|sys|data|media|run|lib|bin|sbin|srv"
_OCTETS = r"\d{1,3}(?:\.\d{1,3}){3}"


def link_rules(links: Links) -> tuple[Rule, ...]:
    """How a URL and an e-mail address are read: by what they are, or character by character."""

    def url(match: re.Match[str]) -> str:
        address = re.sub(r"^[a-z]+://|/$", "", match.group(), flags=re.I)
        return _link(address, URL_NOTICE, links)

    def email(match: re.Match[str]) -> str:
        return _link(match.group(), EMAIL_NOTICE, links)

    return rule("web link", URL, url, digit=False), rule("e-mail", EMAIL, email, digit=False)


def _link(address: str, notice: str, links: Links) -> str:
    if links == "name" or len(address) > MAX_SPELLED_LINK:
        return notice
    head = re.match("www(?=[.])", address, re.I)
    rest = address[3:] if head else address
    parts = [spelled(part, yao=True) for part in rest.split(":")]
    return ("三 W " if head else "") + "冒号".join(parts)


def _octets(address: str) -> str:
    parts = address.split(".")
    return "点".join(letters(p) if p in "xX" else d.one_by_one(p, yao=True) for p in parts)


def _ip(match: re.Match[str]) -> str:
    out = _octets(match["ip"].replace("*", "x"))
    if match["mask"]:
        out += "，斜杠" + d.number(match["mask"])
    if match["port"]:
        out += "，端口" + d.one_by_one(match["port"], yao=True)
    if match["last"]:
        out += "到" + _octets(match["last"])
    return out


def _ipv6(match: re.Match[str]) -> str:
    parts = re.findall(r"[0-9A-F]+|::|:", match.group(), re.I)
    names = {":": "，冒号", "::": "，冒号冒号"}
    return "".join(names.get(part) or spelled(part, yao=True) for part in parts)


def _mac(match: re.Match[str]) -> str:
    return "，".join(spelled(part, yao=True) for part in re.split("[:.-]", match.group()))


def _switch_port(match: re.Match[str]) -> str:
    return letters(match["kind"]) + "杠".join(d.number(n) for n in match["n"].split("/"))


def _drive(match: re.Match[str]) -> str:
    return letters(match["letter"]) + "盘"


ADDRESSES: tuple[Rule, ...] = (
    rule("ip", rf"{START}(?P<ip>{_OCTETS}|\d{{1,3}}(?:\.\d{{1,3}}){{2}}\.[x*])"
         r"(?:/(?P<mask>\d{1,2}))?(?::(?P<port>\d{2,5}))?"
         rf"(?:\s?[-~至到]\s?(?P<last>{_OCTETS}|\d{{1,3}}(?![\d.A-Z])))?"
         r"(?![A-Z]|[\d.]{0,9}\d)", _ip),
    rule("mac", r"(?<![0-9A-Z:])[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}(?![0-9A-Z:])", _mac, digit=False),
    rule("mac", r"(?<![0-9A-Z.])[0-9A-F]{4}(?:\.[0-9A-F]{4}){2}(?![0-9A-Z.])", _mac, digit=False),
    rule("ipv6", r"(?<![0-9A-Z:.])(?=[0-9A-F:]{0,37}::|(?:[0-9A-F]{1,4}:){7}[0-9A-F])"
         r"[0-9A-F:]{2,39}(?![0-9A-Z:])", _ipv6, digit=False),
    rule("path", rf"(?<![A-Z0-9/.])/(?:{_ROOTS})(?:/[A-Z0-9_.-]{{1,32}}){{0,8}}/?(?![A-Z0-9])",
         lambda m: spelled(m.group().rstrip("/."), yao=has_long_run(m.group())),
         digit=False),
    rule("drive", r"(?<![A-Z0-9])(?P<letter>[A-Z]):(?:盘|(?=\\))", _drive, digit=False),
    rule("backslash", r"(?<=[A-Z0-9:_\ue000])\\(?=[A-Z0-9])", lambda m: "，反斜杠", digit=False),
    rule("switch port", r"(?<![A-Z0-9])(?P<kind>X?GE|HGE|Gi|Te|Eth|Fa|MEth)\s?"
         r"(?P<n>\d{1,2}(?:/\d{1,2}){1,3})(?![\d/])", _switch_port),
)  # fmt: skip

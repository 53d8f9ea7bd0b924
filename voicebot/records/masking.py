"""Hide personal data before it is stored; leave what an engineer needs.

Hidden: phone numbers (written, grouped or spoken digit by digit), identity cards, bank cards,
e-mail addresses, names after 我叫/我姓 and the like, streets and houses. Left alone: model names,
serial and ticket numbers, IP addresses, dates, hotline numbers. What is hidden keeps its first
three and last two characters, so that two mentions of one number can still be told to be the same.

Not found: a number given in pieces over several turns, a name that nothing announces, an estate or
building without a region or a word like 地址 before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from voicebot.records.addresses import mask_addresses
from voicebot.records.names import mask_names

# 幺 洞 拐 勾 are how numbers are dictated on the phone. 两 also counts things (两块), so a run
# must be long before it is taken for a number.
_DIGIT = dict(zip("零〇洞一幺么二两三四五六七八九拐勾", "00011122345678979", strict=True))
_DIGIT.update({str(number): str(number) for number in range(10)})
_DIGIT.update({chr(0xFF10 + number): str(number) for number in range(10)})
_N = "[" + "".join(_DIGIT) + "]"
_SPOKEN_ONLY = frozenset("零〇洞一幺么二两三四五六七八九拐勾")

_RUN = re.compile(rf"{_N}+(?:[ \t,，、()（）\-–—]{{1,2}}{_N}+)*[Xx]?")
_PIECE = re.compile(rf"\d{{11}}(?=两)|{_N}+[Xx]?")  # two numbers: 13912345678两个都记一下
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63})(?P<rest>\s?(?:@|＠|艾特|圈[aA])\s?"
    r"[A-Za-z0-9零一二三四五六七八九-]+(?:\s?[.点]\s?[A-Za-z]{2,6})+)"
)
_PROTECTED = re.compile(
    # what is announced as no personal number: a serial, a ticket, a version
    rf"(?:序列号|产品编号|S/?N号?|工单号?|单号|型号|版本号?)(?:码)?\s?(?:就?是|为|[:：])?\s?"
    rf"(?:[A-Za-z0-9][A-Za-z0-9-]{{3,31}}|(?:[A-Za-z]\s?){{0,4}}{_N}{{4,24}})"
    # our own serials and tickets, also when spelled, then any word of letters and digits:
    # a model, a foreign serial, a file, an id
    rf"|(?<![A-Za-z])(?:[Yy]\s?[LlSsRr]|W\s?X|S\s?N)\s?{_N}{{4,24}}(?!{_N})"
    r"|(?<![A-Za-z0-9])(?=[A-Za-z0-9_.+-]{0,64}[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.+-]{0,64}"
    # addresses and hotlines
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
    rf"|[一幺]九二点?[一幺]六八(?:点?{_N}{{1,3}}){{0,2}}"
    rf"|(?<!{_N})[48四八][0零〇洞]{{2}}[ -]?{_N}{{3,4}}[ -]?{_N}{{3,4}}(?!{_N})",
)
_MOBILE = r"1[3-9]\d{9}"
_MOBILE_IN_WORD = re.compile(rf"(?<!\d){_MOBILE}(?!\d)")
_OWN_PREFIX = re.compile(r"(?:YL|YS|YR|WX|SN)")
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PHONE = re.compile(rf"(?:(?:00)?86|0)?{_MOBILE}|0(?:10|2\d|[3-9]\d\d)\d{{7,8}}")
_IDENTITY = re.compile(
    rf"[1-9]\d{{5}}(?:19|20)\d\d{_DAY}\d{{3}}[\dXx]|[1-9]\d{{5}}\d\d{_DAY}\d{{3}}"
)
_BANK = re.compile(rf"(?!20\d\d{_DAY})(?:[2-8]\d|9[15])\d{{14,17}}")
_IDENTITY_DIGITS = 17  # and an X
_MAX_PIECES = 20
_MAX_GROUPS = 5
_DATE = re.compile(rf"(?:19|20)\d\d{_DAY}(?:\d{{4}}|\d{{6}})?")
_ANNOUNCED = re.compile(
    r"(?:电话|手机|座机|号码|联系方式|微信|[Qq]{2}|打给?我|回我|拨)[^\d，。]{0,5}$"
)
_HIDDEN_WHOLE = 5  # what is no longer has no middle to hide


def mask(text: str) -> str:
    """The text with personal data hidden; safe to apply twice."""
    text = mask_addresses(mask_names(_EMAIL.sub(_hide_email, text)))
    done: list[str] = []
    start = 0
    for match in _PROTECTED.finditer(text):
        if _is_phone_in_disguise(match[0]):
            continue
        done.append(_mask_numbers(text, start, match.start()))
        done.append(match[0])
        start = match.end()
    done.append(_mask_numbers(text, start, len(text)))
    return "".join(done)


def mask_number(user: str) -> str:
    """The user part of a SIP address: a number or a name; short extensions stay as they are."""
    if user in ("", "anonymous", "unknown") or len(user) <= 5:
        return user
    return user[:3] + "*" * (len(user) - 5) + user[-2:]


def mask_personal(value: str) -> str:
    """A value known to be personal, whatever it looks like: a short one is hidden whole."""
    return mask_number(value) if len(value) > _HIDDEN_WHOLE else "*" * len(value)


def mask_data(data: Any) -> Any:
    """JSON-like data with every text in it masked, keys too; other values are kept."""
    if isinstance(data, str):
        return mask(data)
    if isinstance(data, Mapping):
        return {mask(str(key)): mask_data(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [mask_data(value) for value in data]
    if isinstance(data, int) and data >= 10**9 and not isinstance(data, bool):
        hidden = mask(str(data))
        return data if hidden == str(data) else hidden
    return data


def _is_phone_in_disguise(word: str) -> bool:
    """A messenger id such as wx13800138000, or an identity card that ends in X."""
    if _IDENTITY.fullmatch(word):
        return True
    announced_or_ours = _OWN_PREFIX.match(word) or not word[0].isascii()
    return bool(_MOBILE_IN_WORD.search(word)) and not announced_or_ours


def _mask_numbers(text: str, start: int, end: int) -> str:
    out: list[str] = []
    last = start
    for run in _RUN.finditer(text, start, end):
        announced = bool(_ANNOUNCED.search(text[max(0, run.start() - 12) : run.start()]))
        out.append(text[last : run.start()])
        out.append(_mask_run(run[0], announced))
        last = run.end()
    out.append(text[last:end])
    return "".join(out)


def _mask_run(run: str, announced: bool) -> str:
    """Hide the longest joins of the run's pieces that are a personal number."""
    if run[-1] in "Xx" and sum(char in _DIGIT for char in run) != _IDENTITY_DIGITS:
        return _mask_run(run[:-1], announced) + run[-1]
    pieces = list(_PIECE.finditer(run))
    hidden = list(run)
    first = 0
    while first < len(pieces):
        for last in range(min(len(pieces), first + _MAX_PIECES) - 1, first - 1, -1):
            joined = [piece[0] for piece in pieces[first : last + 1]]
            if _is_one_number(joined) and _is_personal(joined, announced):
                places = [
                    place
                    for piece in pieces[first : last + 1]
                    for place in range(piece.start(), piece.end())
                ]
                for place in places[3:-2]:
                    hidden[place] = "*"
                first = last
                break
        first += 1
    return "".join(hidden)


def _is_one_number(pieces: list[str]) -> bool:
    """Whether pieces may be one number: grouped (138 0013 8000), said digit by digit, or
    dictated with pauses; not a list or a table of figures."""
    if len(pieces) == 1 or all(len(piece) == 1 for piece in pieces):
        return True
    if any(char in _SPOKEN_ONLY for piece in pieces for char in piece):
        return True
    return len(pieces) <= _MAX_GROUPS and len(pieces[0]) > 1


def _is_personal(pieces: list[str], announced: bool) -> bool:
    raw = "".join(pieces)
    digits = "".join(_DIGIT.get(char, char) for char in raw)
    if any(shape.fullmatch(digits) for shape in (_PHONE, _IDENTITY, _BANK)):
        return True
    if _DATE.fullmatch(digits) or not digits.isdigit():
        return False
    if announced and 7 <= len(digits) <= 13:
        return True
    # Ears drop digits of a dictated number: any long dictated run is hidden.
    spoken = sum(char in _SPOKEN_ONLY for char in raw)
    return len(pieces) == 1 and len(digits) >= 7 and spoken * 2 >= len(digits)


def _hide_email(match: re.Match[str]) -> str:
    local = match["local"]
    shown = 3 if len(local) > 3 else 1 if len(local) > 1 else 0
    return local[:shown] + "***" + match["rest"]

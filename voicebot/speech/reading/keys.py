"""Keys of a keyboard and of a telephone."""

from __future__ import annotations

import re

from voicebot.speech.reading import digits as d
from voicebot.speech.reading.rule import Rule, rule

_NAMED = {
    "DELETE": "删除键", "DEL": "删除键", "ENTER": "回车键", "BACKSPACE": "退格键", "TAB": "泰伯键",
    "INSERT": "插入键", "PAGEUP": "上翻页键", "PGUP": "上翻页键", "PAGEDOWN": "下翻页键",
    "PGDN": "下翻页键", "CAPSLOCK": "大写锁定键", "NUMLOCK": "数字锁定键", "SPACE": "空格键",
    "PRTSC": "截屏键",
}  # fmt: skip
_NAMES = "|".join(
    name.replace("CAPSLOCK", r"CAPS\s?LOCK").replace("NUMLOCK", r"NUM\s?LOCK")
    .replace("PAGEUP", r"PAGE\s?UP").replace("PAGEDOWN", r"PAGE\s?DOWN")
    for name in sorted(_NAMED, key=len, reverse=True)
)  # fmt: skip
_ARROWS = {"↑": "上", "↓": "下", "←": "左", "→": "右"}


def _arrows(match: re.Match[str]) -> str:
    return "".join(_ARROWS[arrow] for arrow in match["arrows"]) + "键"


# before the lexicon, which would take the keys' names away
KEYS: tuple[Rule, ...] = (
    rule("key", r"(?P<cue>(?<![A-Z0-9])(?:Ctrl|Control|Alt|Shift|Win|Fn))\s?[-+]\s?(?=[A-Z0-9])",
         lambda m: "加", digit=False),
    rule("key", rf"(?<![A-Z0-9])(?P<name>{_NAMES})(?:\s?键|(?![A-Z0-9]))",
         lambda m: _NAMED[re.sub(r"\s", "", m["name"]).upper()], digit=False),
    rule("key", r"(?<![A-Z0-9])F(?P<n>[1-9]|1\d|2[0-4])(?![A-Z0-9.])",
         lambda m: " F " + d.number(m["n"])),
    rule("arrow keys", r"(?P<cue>[按用])(?P<arrows>[↑↓←→]{1,4})(?:方向)?键?", _arrows, digit=False),
    rule("dial key", r"(?P<cue>[按拨]\s?)(?P<key>[*#])(?:号?键)?",
         lambda m: {"*": "星号键", "#": "井号键"}[m["key"]], digit=False),
)  # fmt: skip

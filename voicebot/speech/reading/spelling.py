"""Codes character by character: letters, digits and signs, in groups that can be written down."""

from __future__ import annotations

import re

from voicebot.speech.reading import digits as d

_WHOLE_DIGITS = 5  # a longer run of digits is said in groups
_WHOLE_LETTERS = 7
_CODE_DIGITS = 5  # a run this long makes it a code, and 1 is 幺
SIGNS = {
    "-": "杠", "_": "下划线", "/": "斜杠", ".": "点", ":": "，", "*": "星号", "#": "井号",
    "@": "艾特", "\\": "反斜杠", "+": "加号", "=": "等号", "%": "百分号", "&": "和号",
    "!": "感叹号", "?": "问号", "$": "美元符", "~": "波浪号", "^": "尖号", ",": "逗号",
    "(": "左括号", ")": "右括号", "[": "左方括号", "]": "右方括号", "{": "左花括号",
    "}": "右花括号", "<": "小于号", ">": "大于号", ";": "分号", "|": "竖线", "'": "单引号",
    '"': "双引号", "`": "反引号",
}  # fmt: skip


def letters(run: str) -> str:
    """Letter names: ``OEM`` -> `` O E M ``; a long word in groups with pauses."""
    groups = d.in_groups(run) if len(run) > _WHOLE_LETTERS else [run]
    return "，".join(f" {' '.join(group.upper())} " for group in groups)


def spelled(code: str, *, yao: bool, silent: str = "") -> str:
    """Read a code character by character: ``YL5280G3`` -> ``Y L 五二八零 G 三``.

    `silent` are signs that are not said (printed labels: ``DIMM_A1``).
    """
    out = ""
    for run in re.findall(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", code):
        if run[0] in "0123456789":
            groups = d.in_groups(run) if len(run) > _WHOLE_DIGITS else [run]
            out += d.grouped(groups, yao=yao)
        elif run.isalpha():
            out += letters(run)
        else:
            out += " " if run in silent else SIGNS.get(run, "")
    return out


def spelled_with_case(code: str) -> str:
    """Read a password: which letters are capitals, every sign by name."""
    out = ""
    for run in re.findall(r"[A-Z]+|[a-z]+|[0-9]+|[!-~]", code):
        if run.isdigit():
            out += "，" + spelled(run, yao=True)
        elif run.isalpha():
            out += "，" + ("大写" if run.isupper() else "小写") + letters(run)
        else:
            out += "，" + (SIGNS["-"] if run == "-" else SIGNS.get(run, "").replace("，", "冒号"))
    return out


def has_long_run(code: str) -> bool:
    """Whether the code holds so many digits in a row that it is a number someone writes down."""
    return re.search(rf"[0-9]{{{_CODE_DIGITS},}}", code) is not None

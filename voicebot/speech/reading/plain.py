"""Written text without what no voice should meet: markdown, list marks, URLs, odd characters."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 2000  # a longer text is cut: nobody listens to ten minutes of a bot
URL_NOTICE = "网址链接"
EMAIL_NOTICE = "邮箱地址"

_URL = re.compile(
    r"(?:https?|ftp)://[^\s<>，。；、！？（）【】“”\u4e00-\u9fff]+|www\.[\w./?=&%#-]+", re.I
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.M)
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$", re.M)
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*$", re.M)
_LINE_MARK = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]*|[-*+•·●○■◆▪–—][ \t]+|[•●○■◆▪][ \t]*"
    r"|\d{1,2}[.)、）][ \t]*(?=[^\d\s])|[(（]\d{1,2}[)）][ \t]*|[①-⑳][ \t]*)",
    re.M,
)
_CITATION = re.compile(r"\[\^?\d{1,3}(?:[,，-]\d{1,3})*\]|【\d{1,3}】")
_EMPHASIS = re.compile(r"\*\*|__|~~|`|(?<![\w)])[*_](?=\S)|(?<=\S)[*_](?![\w(])")
_WAVE = str.maketrans({"～": "~", "﹣": "-", "−": "-", "‐": "-", "‑": "-", "–": "-"})
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
_FULLWIDTH |= {0xFF05: ord("%"), 0xFF0B: ord("+"), 0xFF0F: ord("/"), 0xFF20: ord("@")}
_FULLWIDTH |= {0xFF0D: ord("-"), 0x3000: ord(" "), 0xA0: ord(" "), 0xFF0E: ord(".")}


def plain(text: str) -> str:
    """Return `text` without markdown, list marks, citations and URLs, on one line.

    Line ends become sentence ends; URLs and e-mail addresses become a spoken notice; fullwidth
    letters and digits become ASCII; control characters go. At most `MAX_CHARS` are looked at.
    """
    text = text[:MAX_CHARS].translate(_WAVE).translate(_FULLWIDTH)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    text = _LINK.sub(r"\1", text)
    text = _URL.sub(URL_NOTICE, text)
    text = _EMAIL.sub(EMAIL_NOTICE, text)
    for mark in (_FENCE, _RULE, _TABLE_RULE, _HTML_TAG, _LINE_MARK, _CITATION, _EMPHASIS):
        text = mark.sub("", text)
    text = text.replace("|", "，")
    lines = [line.strip(" \t，") for line in text.splitlines()]
    return _joined([line for line in lines if line])


def _joined(lines: list[str]) -> str:
    """One line of text; a line that ends without punctuation ends a sentence."""
    ended = [line if line[-1] in "，。！？；：、,.!?;:" else line + "。" for line in lines[:-1]]
    return re.sub(r"\s+", " ", "".join([*ended, *lines[-1:]]))

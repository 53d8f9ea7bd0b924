"""Written text without what no voice should meet: markdown, list marks, tags, odd characters."""

from __future__ import annotations

import html
import re
import unicodedata

MAX_CHARS = 2000  # a longer text is cut: nobody listens to ten minutes of a bot

_LINK = re.compile(r"!?\[([^\]\[\n]{0,200})\]\([^)(\n]{0,500}\)")
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]{1,500})>", re.I)
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|<!--[^<>]{0,200}-->")
_FENCE = re.compile(r"^[ \t]{0,20}(?:```|~~~).*$", re.M)
_RULE = re.compile(r"^[ \t]{0,20}([-*_=])(?:[ \t]{0,9}\1){2,}[ \t]{0,20}$", re.M)
_TABLE_RULE = re.compile(r"^[ \t]{0,20}\|?[ \t]{0,9}:?-{2,}[-:| \t]*$", re.M)
_LINE_MARK = re.compile(
    r"^[ \t]{0,40}(?:#{1,6}[ \t]+|>[ \t]*(?=[^\d=])|[-*+•·●○■◆▪–—][ \t]+|[•●○■◆▪][ \t]*"
    r"|\d{1,2}[.)、）][ \t]*(?=[^\d\s])|[(（]\d{1,2}[)）][ \t]*|[①-⑳][ \t]*)(?:\[[ xX]\][ \t]+)?",
    re.M,
)
_CIRCLED = re.compile(r"[ \t]?[①-⑳][ \t]?")
_CITATION = re.compile(r"\[\^?\d{1,3}(?:[,，-]\d{1,3}){0,20}\]|【\d{1,3}】")
# stars between digits are no emphasis: 138****1234
_EMPHASIS = re.compile(
    r"(?<![\d*])\*\*|\*\*(?![\d*])|(?<![\w/])__(?=\S)|(?<=[^\s\w])__|~~|`"
    r"|(?<![\w)*])[*_](?=[^\s*])|(?<=[^\s*])[*_](?![\w(*])"
)
_WAVE = str.maketrans({
    "～": "~", "﹣": "-", "−": "-", "‐": "-", "‑": "-", "–": "-", "＋": "+", "×": "×",
    "⁄": "/", "µ": "μ", "＊": "*", "＃": "#", "＜": "<", "＞": ">", "＝": "=",
    **{chr(0x2160 + n): str(n + 1) for n in range(12)},  # Ⅰ to Ⅻ
    **{chr(0x2170 + n): str(n + 1) for n in range(12)},
})  # fmt: skip
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
_FULLWIDTH |= {0xFF05: ord("%"), 0xFF0F: ord("/"), 0xFF20: ord("@")}
_FULLWIDTH |= {0xFF0D: ord("-"), 0x3000: ord(" "), 0xA0: ord(" "), 0xFF0E: ord(".")}
_TABLE: dict[int, str | int | None] = {**_WAVE, **_FULLWIDTH}
# these have readings of their own, or are said by what stands around them
_KEPT = frozenset("²³℃℉°‰…①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳，。！？；：（）")


class PlainText(str):
    """Text that `plain` has made, or a part of it: `plain` leaves it as it is.

    What a caller has not heard of a menu may begin with ``2、``, which is no list mark there.
    """

    __slots__ = ()


def plain(text: str) -> str:
    """Return `text` without markdown, list marks, HTML and citations, on one line.

    Line ends become sentence ends; letters and digits of other shapes (fullwidth, circled, Arabic
    digits) become ASCII; control characters go. At most `MAX_CHARS` are looked at. Web links and
    e-mail addresses stay: the reader says them as it is set to.
    """
    if isinstance(text, PlainText):
        return text
    text = text[:MAX_CHARS].translate(_TABLE)
    if not text.isascii():
        text = "".join(map(_usual, text)).translate(_TABLE)[:MAX_CHARS]
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    text = _AUTOLINK.sub(r"\1 ", _LINK.sub(r"\1", text))
    text = html.unescape(_HTML_TAG.sub("", text)).translate(_TABLE)
    for mark in (_FENCE, _RULE, _TABLE_RULE, _LINE_MARK, _CITATION, _EMPHASIS):
        text = mark.sub("", text)
    text = _CIRCLED.sub("，", text.replace("|", "，"))
    lines = [line.strip(" \t，") for line in text.splitlines()]
    return _joined([line for line in lines if line])


def _usual(char: str) -> str:
    """A letter or digit of another shape as what it stands for: 𝟙, ⒈, ㎏, ٣."""
    if char.isascii() or "\u4e00" <= char <= "\u9fff" or char in _KEPT:
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    same = unicodedata.normalize("NFKC", char)
    return same if any(c.isascii() and c.isalnum() for c in same) else char


def _joined(lines: list[str]) -> str:
    """One line of text; a line that ends without punctuation ends a sentence."""
    ended = [line if line[-1] in "，。！？；：、,.!?;:" else line + "。" for line in lines[:-1]]
    return re.sub(r"\s+", " ", "".join([*ended, *lines[-1:]])).strip()

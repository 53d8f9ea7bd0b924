"""One spelling for what was heard: simplified characters, half-width codes, no stray spaces."""

from __future__ import annotations

import functools
import re

import opencc

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_WIDE = "，。？！：；、（）《》“”‘’…—"  # punctuation that carries its own spacing
_TO_HALF = {ord("\u3000"): " "} | {
    code: chr(code - 0xFEE0)
    for code in range(0xFF01, 0xFF5F)
    if chr(code - 0xFEE0).isalnum() or chr(code - 0xFEE0) in "-._/%+#@&="
}
_TO_WIDE = {",": "，", "?": "？", "!": "！", ";": "；", ":": "："}
# OpenCC keeps 著, which is both a word of its own and the traditional 着. Whisper mixes scripts.
_ZHU_AS_ZHE = re.compile(r"(?<![名原土显卓编专昭论巨拙译合所])著(?![名作者述书称录有])")
_SPACE_BY_HAN = re.compile(rf"(?<=[{_HAN}{_WIDE}])\s+|\s+(?=[{_HAN}{_WIDE}])")
_MARK_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])[,?!;:]|[,?!;:](?=[{_HAN}])")
_FULL_STOP_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])\.(?![A-Za-z0-9])")
_SPACES = re.compile(r"\s+")


@functools.cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Return `text` in simplified characters (OpenCC t2s, and 着 for 著 where it is meant)."""
    return _ZHU_AS_ZHE.sub("着", str(_converter().convert(text)))


def normalize_script(text: str) -> str:
    """Return recognized text in the house's spelling.

    Simplified characters; letters, digits and code marks half-width; commas and the like
    full-width beside Chinese; no spaces beside Chinese, single ones between Latin words.
    """
    text = to_simplified(text).translate(_TO_HALF)
    text = _SPACES.sub(" ", text).strip()
    text = _SPACE_BY_HAN.sub("", text)
    text = _MARK_AFTER_HAN.sub(lambda mark: _TO_WIDE[mark[0]], text)
    return _FULL_STOP_AFTER_HAN.sub("。", text)


def strip_punctuation(text: str) -> str:
    """Return only the letters, digits and characters of `text`, without spaces."""
    return "".join(char for char in text if char.isalnum())

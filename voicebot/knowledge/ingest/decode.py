"""Bytes of unknown origin as text: UTF-8, UTF-16 with its mark, or GB18030; else a clear no."""

from __future__ import annotations

import codecs
import re

from voicebot.knowledge.ingest.characters import cleaned

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(r"\r\n?")
_MAX_DAMAGE = 0.01  # of the characters: a file cut short or pasted together
_MIN_COMMON = 0.7  # of the Chinese characters of a GB18030 text are in GB2312


class UndecodableError(Exception):
    """The bytes are no text that we can tell; ``str()`` says why."""


def decode(data: bytes) -> tuple[str, str]:
    """The text with ``\\n`` line ends, and a note if some of it was lost (else ""). Raises
    UndecodableError."""
    if not data.strip():
        raise UndecodableError("is empty")
    text, note = _decoded(data)
    return cleaned(_LINE_END.sub("\n", text).replace("\f", "\n\n")), note


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16"), ""
        except UnicodeDecodeError:
            raise UndecodableError("is broken UTF-16 text; save it as UTF-8") from None
    if b"\0" in data:
        raise UndecodableError("is binary, not text")
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
        if plausible(text):
            return text, ""
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8-sig", errors="replace")
    bad = text.count("\ufffd")
    if bad <= _MAX_DAMAGE * len(text):
        return text, f"{bad} places are no UTF-8; read without them"
    raise UndecodableError("is neither UTF-8 nor GB18030 text; save it as UTF-8")


def plausible(text: str) -> bool:
    """Whether a GB18030 decoding makes sense: other encodings turn into rare characters."""
    wide = [char for char in text[:100_000] if char > "\x7f"]
    common = sum(_in_gb2312(char) for char in wide)
    return not wide or common >= _MIN_COMMON * len(wide)


def _in_gb2312(char: str) -> bool:
    try:
        return len(char.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False

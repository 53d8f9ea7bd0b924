"""Characters that files hold and nobody means: half surrogates, controls, radicals for words."""

from __future__ import annotations

import re
import unicodedata

_NOBODY_MEANS = re.compile(r"[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f\ufeff\ufffe\uffff\u00ad\u200b]")
# Kangxi radicals and compatibility ideographs: fonts of PDF files name 用 ⽤ (U+2F64).
_LOOKALIKE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff]")


def cleaned(text: str) -> str:
    """The text as it can be written to disk, embedded and compared."""
    text = _NOBODY_MEANS.sub("", text)
    return _LOOKALIKE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)


def unreadable(char: str) -> bool:
    """Whether a PDF's font gave no character for a glyph: ``(cid:7)``, or one for private use."""
    return char.startswith("(cid:") or "\ue000" <= char[:1] <= "\uf8ff"

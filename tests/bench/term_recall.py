"""Whether a term that was said is in what was heard: by its letters, figures and characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

from asr_models.metrics import number_reading
from asr_models.spoken_codes import SPOKEN_DIGITS

_FIGURES = str.maketrans(SPOKEN_DIGITS)
_PART = re.compile(r"\d+|[A-Z]+|.")
_GAP = r"[\s\-，、,]*"


def recalled(term: str, text: str, also: Iterable[str] = ()) -> bool:
    """Whether `text` has `term` (or one of `also`, other names of the same thing).

    Case, spaces inside codes and the style of figures (五二八零, 5280, 二十二, 22) do not count;
    a term inside a longer word or number does not either (RAID1 is not in RAID10).
    """
    heard = _plain(text)
    return any(_pattern(_plain(name)).search(heard) for name in (term, *also))


def _plain(text: str) -> str:
    return text.upper().translate(_FIGURES)


def _pattern(term: str) -> re.Pattern[str]:
    parts = [_part(part) for part in _PART.findall(term) if not part.isspace()]
    before = _boundary(term[0], r"(?<!{})")
    after = _boundary(term[-1], r"(?!{})")
    return re.compile(before + _GAP.join(parts) + after)


def _part(part: str) -> str:
    if part.isdigit():
        as_number = _plain(number_reading(part)) if len(part) < 5 and part[0] != "0" else part
        one_by_one = _GAP.join(part)
        return f"(?:{one_by_one}|{as_number})"
    if part == ".":
        return "[.点]"
    return _GAP.join(re.escape(char) for char in part)


def _boundary(char: str, form: str) -> str:
    if char.isdigit():
        return form.format(r"\d")
    return form.format("[A-Z]") if "A" <= char <= "Z" else ""

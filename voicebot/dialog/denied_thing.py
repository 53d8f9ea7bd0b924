"""不是 before a named thing denies that thing: 不是硬盘，是风扇 says nothing of a cable."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from voicebot.dialog.textforms import clauses

_DENIED = re.compile(
    r"^(?:嗯|呃|哦|啊|那个|这个|它|这|那|应该|好像|可能|也|都|并)*不是"
    r"(?P<thing>(?![这那](?:样|么)|[没不未的了啊呀吧很太]).{2,}?)(?P<instead>而?是.*)?$"
)
_POINTED_AT = re.compile(r"^[这那](?:台|个|块|根|条|种|边|张)")
_INSTEAD = re.compile(r"^(?:而|它|这|就|应该)?是|那种的?$")
_SOMEBODY = re.compile(r"^(?:我|你|您|他|她|自己|咱)")
_EMPTY = frozenset("的是不这那个台了吗呢啊您你我们有没在把请看一下")


def without_denied_thing(
    text: str, about: str, is_term: Callable[[str], bool], elsewhere: Collection[str] = ()
) -> str:
    """`text` without the clauses that deny a thing which the question is not about.

    Args:
        text: what was said.
        about: the words of the question, and of its answers.
        is_term: whether a text names a word of the trade.
        elsewhere: the answers of other questions; 不是光口 denies one of these, whatever is asked.
    """
    parts = clauses(text)
    kept: list[str] = []
    for nth, part in enumerate(parts):
        found = _DENIED.match(part)
        thing = found["thing"] if found else ""
        if thing.removesuffix("的") in elsewhere:
            continue
        if found is None or _is_asked(thing, about):
            kept.append(part)
            continue
        instead = found["instead"] or any(map(_INSTEAD.search, parts[nth + 1 : nth + 2]))
        other = instead and not _SOMEBODY.match(thing)
        if not (is_term(thing) or _POINTED_AT.match(thing) or other):
            kept.append(part)
    return " ".join(kept)


def _is_asked(thing: str, about: str) -> bool:
    return bool((set(thing) & set(about)) - _EMPTY)

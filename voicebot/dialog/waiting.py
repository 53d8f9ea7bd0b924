"""What is told besides a wait: of 我看看，是绿的 the last words, of 我看看是不是绿的 nothing."""

from __future__ import annotations

import re

from voicebot.dialog import phrases
from voicebot.dialog.phonetic import Match, find, units
from voicebot.dialog.textforms import clauses

# What is looked at or tried follows these words at once: 我看一下那个红灯.
_TAKES_OBJECT = re.compile(r"[看查找试瞧]")
_SAYS = re.compile(r"^(?:是|有|没|不|对|亮|已|都|它|哦|噢|诶|啊|嗯|灯|现在)")
_ASKS = re.compile(
    r"是不是|有没有|还是|哪|什么|多少|几个|怎么|吗|没有?$|([^不没])[不没]\1|(?:行不行|对不对)"
)
_NOTHING = re.compile(
    r"^(?:啊|呀|哦|噢|嗯|呃|好的?|行|可以|那|我|先|这个|那个|一眼|再|就|去|马上|哈|没问题|ok|谢谢|你|您|吧|别挂|电话)*$"
)


def told_besides(text: str) -> str:
    """The clauses of `text` that do not wait, as one text; empty if all of it waits."""
    kept = (_kept(clause) for clause in clauses(text))
    return " ".join(each for each in kept if not _NOTHING.match(each))


def _kept(clause: str) -> str:
    """A clause without its wait and what belongs to that."""
    heard = units(clause)
    last: Match | None = None
    for phrase in phrases.WAIT:
        for match in find(phrase, heard):
            sure = match.exact or match.end - match.start > 2
            if sure and (last is None or match.end > last.end):
                last = match
    if last is None:
        return clause
    before = "".join(unit.text for unit in heard[: last.start])
    after = "".join(unit.text for unit in heard[last.end :])
    waits = "".join(unit.text for unit in heard[last.start : last.end])
    looked_at = _TAKES_OBJECT.search(waits) and not _SAYS.match(after)
    if looked_at or _ASKS.search(after):
        after = ""
    return " ".join(each for each in (_without_wait(before), after) if not _NOTHING.match(each))


def _without_wait(before: str) -> str:
    return _kept(before) if before else ""

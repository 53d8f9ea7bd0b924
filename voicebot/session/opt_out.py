"""The caller's wish not to be recorded, found in what they said. Pure."""

from __future__ import annotations

import re

_NOT = r"不要|别|不用|不许|不准|不能|请勿|停止|拒绝|不同意|不接受|不愿意|不想|不希望|不允许"
# 录音机, 录音功能 …: the caller speaks of a device, not of this call.
_WISH = re.compile(
    r"(?:请|麻烦)?(?:我|你们|您|你)?(?:" + _NOT + r")"
    r"(?:再|继续|给我|帮我|把我|对我|被|你们|这通|这次|本次|电话|通话|进行)*"
    r"(?:录音(?![机笔功文系服软设卡模频])|录我|录下来)[了吧啊呢哦]*[，。、！？,.!?\s]*"
)


def take_wish(text: str) -> tuple[str, bool]:
    """What is left of `text` without the wish, and whether it was there."""
    rest, found = _WISH.subn("", text)
    return (rest.strip(" ，。、！？,.!?"), True) if found else (text, False)


def no_wish(text: str) -> tuple[str, bool]:
    """For a line on which the wish means nothing: `text` as it is."""
    return text, False

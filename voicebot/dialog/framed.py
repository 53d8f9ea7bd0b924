"""Moves that are one only when little else is said: farewells, presence checks, say it again.

挂了, 在不在 and 什么来着 say something about the machine as soon as it is named (硬盘挂了一块,
还在不在保, 后缀是什么来着). So a phrase counts only between words that carry nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from voicebot.dialog import phrases
from voicebot.dialog.phonetic import Unit, find
from voicebot.dialog.textforms import clauses

_LEAD = (
    r"(?:那么?|嗯|呃|哦|噢|啊|哎|诶|好的?|好吧|好嘞|得嘞|就?先?这样|"
    r"行|行了|行吧|可以了?|ok|对|知道了|明白了?|了解了?|清楚了?|懂了|"
    r"没事(?:了|儿|儿了)?|没(?:有)?(?:什么|别的|其他)?(?:问题|事|事情)了?|没有?了|没有?别的了?|不用了|解决了|搞定了|好了|"
    r"我|咱们?|我们|就|要|得|该|您|你|吧|了|的|谢谢|多谢|感谢|辛苦了?|麻烦了?|先|再见|拜拜)"
)
_TAIL = (
    r"(?:了|吧|啊|呀|啦|哈|哦|喔|嘛|好吗|行|好的?|谢谢|多谢|感谢|辛苦了?|麻烦了?|您|你|再见|拜拜|"
    r"先这样|过来|给你们?|电话|说|问|联系)"
)
_HANGS_UP = re.compile(
    rf"^{_LEAD}*(?:挂(?:了|啦|吧|断|掉|电话)|(?:那就|就|先)这样|不聊了|不说了)(?:先|就这样|{_TAIL})*$"
)
# At the end of a longer turn only what nobody says of a machine.
_AT_LAST = re.compile(
    r"(?:那我?就?先?|我就?先)挂(?:了|啦|断了?|电话)(?:吧|啊|呀|哈|哦|谢谢|再见|拜拜)*$"
)
_PARTING = re.compile(r"再见(?!到|过|不)|拜拜")
_CALL_BACK = re.compile(rf"^{_LEAD}*(?:回头|晚点|改天|待会儿?|一会儿?)我?再打{_TAIL}*$")
_THERE = re.compile(
    r"^(?:喂|哎|诶|嗯|你好|您好|请问|那个|哈喽|你|您|你们(?:那边)?|客服|到底|现在|还|人|有人|在吗|在不在|"
    r"(?:能|可以)?听(?:得|能)?[到见](?:我(?:说话)?)?吗)*$"
)
_THERE_TAIL = re.compile(r"^(?:啊|呀|呢|吗|我|我说话|说话|喂|你好|了|在听|现在)*$")
_SAID = re.compile(
    r"^(?:那个|这个|那|你们?|您|刚才|刚刚|刚|前面|上面|说|讲|的|是|叫|要|让我?|按|啊|呃|嗯|上一句|第[一二三四五几]步)*$"
)
_AGAIN = re.compile(r"[什么啥]+来着[啊呀]?$")


def farewell(text: str) -> bool:
    """Whether `text` plainly ends the call: 那我挂了, not 服务器挂了."""
    parts = clauses(text)
    whole = "".join(parts)
    if _PARTING.search(whole) or _HANGS_UP.match(whole) or _AT_LAST.search(whole):
        return True
    return bool(_CALL_BACK.match(parts[-1] if parts else ""))


def asks_for_us(heard: tuple[Unit, ...]) -> bool:
    """Whether it is asked if we are there: 喂你还在吗, not 还在不在保."""
    return any(
        _THERE.match(before) and _THERE_TAIL.match(after)
        for before, after in _around(heard, phrases.HEAR_ME)
    )


def what_was_it(compact: str) -> bool:
    """是什么来着 without anything that it is asked of."""
    found = _AGAIN.search(compact)
    return bool(found) and bool(_SAID.match(compact[: found.start()] if found else ""))


def _around(heard: tuple[Unit, ...], words: Iterable[str]) -> list[tuple[str, str]]:
    """What stands before and after each place of `words`."""
    found = []
    for phrase in words:
        for match in find(phrase, heard):
            # Two syllables by sound alone are too easily something else.
            if match.exact or match.end - match.start > 2:
                found.append((_text(heard[: match.start]), _text(heard[match.end :])))
    return found


def _text(part: tuple[Unit, ...]) -> str:
    return "".join(unit.text for unit in part)

"""Is what was just named denied, put off, or only imagined? From the words around it."""

from __future__ import annotations

import re

_DENIES = re.compile(
    r"(?:不是|不用|不要|不需要?|不必|没必要|没有|没|别|甭|不想|先不|并没有|不急着?|不|无|除了|(?:没|没有|谁)说)"
    r"(?:给我|帮我|再|用|想|要|去|老|总|急着|说要|看到|看见|闻到|发现|听到|有|任何|什么)*$"
)
# A question whether (要不要, 有没有) and a reproach (怎么还不, 为什么不) deny nothing.
_DENIES_NOTHING = re.compile(
    r"(?:是不是|有没有|要不要|能不能|可不可以|要不|对不|行不|好不)$"
    r"|(?:怎么|为什么|为啥|干嘛|咋)(?:还|就)?(?:不|没)(?:给我|帮我|肯)*$"
)
_PUTS_OFF = re.compile(
    r"(?:等会儿?|过会儿?|待会儿?|一会儿?|过一会儿?|等一下|等下|晚点|回头)(?:再|才)(?:给我|帮我)?$"
)
_TAKEN_BACK = re.compile(r"^(?:客服|服务)?(?:就|先|那)?(?:不用|不必|算了|不要了|免了)")


def denied(before: str, after: str = "") -> bool:
    """Whether the words right `before` or `after` a mention take it back or put it off.

    `before` must not reach beyond a pause: in 不是，转人工 the 不是 denies something else.
    """
    if _TAKEN_BACK.match(after) or _PUTS_OFF.search(before):
        return True
    return bool(_DENIES.search(before)) and not _DENIES_NOTHING.search(before)

"""Is the caller angry? By words, so that a reader can say why."""

from __future__ import annotations

import re

from voicebot.dialog.textforms import clauses

_ANGRY = re.compile(
    r"气死|烦死|烦不烦|烦透|很烦|太烦|受够|受不了|忍不了|忍无可忍|火大|冒火|一肚子火|恼火|生气|发火|太差|差劲|"
    r"垃圾|什么破|破(?:机器|服务器|公司|系统|服务|玩意)|坑人|坑爹|骗子|骗人|忽悠|糊弄|敷衍|踢皮球|推来推去|"
    r"浪费(?:我|时间)|不耐烦|扯淡|胡扯|废话|瞎扯|搞什么(?:鬼|名堂|啊)?|搞毛|有病|他妈|妈的|傻|蠢|没用的东西|"
    r"什么玩意|什么态度|什么服务|无语|离谱|急死|没人管|没完没了|过分|气人|岂有此理|莫名其妙|"
    r"(?:都|已经)(?:打|说|报修|反映|问|讲)(?:了)?.{0,3}(?:[三四五六七八九十好几]+)(?:次|遍|回)|"
    r"你到底|到底(?:行不行|能不能|会不会|有没有用|管不管)|听不懂人话|问来问去|问了半天|答非所问"
)
_NOT_ANGRY = re.compile(r"(?:不|没)(?:生气|发火|急)$|垃圾(?:回收|文件|邮件|桶)")


def angry(text: str) -> str:
    """The angry word in `text`, or ""."""
    for clause in clauses(text):
        match = _ANGRY.search(clause)
        if match and not _NOT_ANGRY.search(clause[: match.end() + 2]):
            return match.group()
    return ""


def without_anger(text: str) -> str:
    """`text` without its clauses that hold anger and nothing else; all of it if none is left."""
    kept = [clause for clause in clauses(text) if not only_anger(clause)]
    return "，".join(kept) if kept and angry(text) else text


def only_anger(text: str) -> bool:
    """Whether nothing but anger is said: what is left names no matter that could be worked on."""
    rest = "".join(clauses(_ANGRY.sub("", text)))
    rest = re.sub(
        r"你们?|我们?|的|了|真|太|啊|呢|吧|是|这|那|个|什么|怎么|就|都|也|机器|东西|公司|客服",
        "",
        rest,
    )
    return bool(angry(text)) and len(rest) <= 2

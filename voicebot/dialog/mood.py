"""Is the caller angry, or in a hurry? By words, so that a reader can say why."""

from __future__ import annotations

import re

from voicebot.dialog.textforms import clauses

CALM, HURRIED, ANGRY, ABUSIVE = 0.0, 0.3, 0.7, 1.0

_ANGRY = re.compile(
    r"气死|烦死|烦不烦|烦透|很烦|太烦|受够|受不了|忍不了|忍无可忍|火大|冒火|一肚子火|恼火|生气|发火|太差|差劲|"
    r"垃圾|什么破|破(?:机器|服务器|公司|系统|服务|玩意)|坑人|坑爹|骗子|骗人|忽悠|糊弄|敷衍|踢皮球|推来推去|"
    r"浪费(?:我|时间)|不耐烦|扯淡|胡扯|废话|瞎扯|搞什么(?:鬼|名堂|啊)?|搞毛|有病|他妈|妈的|傻|蠢|没用的东西|"
    r"什么玩意|什么态度|什么服务|无语|离谱|急死|没人管|没完没了|过分|气人|岂有此理|莫名其妙|"
    r"(?:都|已经)(?:打|说|报修|反映|问|讲)(?:了)?.{0,3}(?:[三四五六七八九十好几]+)(?:次|遍|回)|"
    r"你到底|到底(?:行不行|能不能|会不会|有没有用|管不管)|听不懂人话|问来问去|问了半天|答非所问"
)
_NOT_ANGRY = re.compile(r"(?:不|没)(?:生气|发火|急)$|垃圾(?:回收|文件|邮件|桶)")
_ABUSE = re.compile(
    "他妈|你妈|妈的|傻[逼叉瓜子]|[煞沙]笔|混蛋|王八|垃圾公司|破公司|骗子公司|滚(?:蛋|吧|开)"
    "|去死|有病(?:吧|啊)|脑子(?:有|进)|智障|废物|放屁|狗屁|操你|艹|我靠|日你|神经病"
)
_IMPATIENT = re.compile(
    "投诉|曝光|气死|火大|生气|受不了|忍不了|太差|太烂|什么态度|烦死|烦不烦|真烦|别废话|少废话|废话"
    "|说了(?:[几两三四五六七八九十]|多少|好几|八百)[遍次]|都说了|跟你说(?:几|多少)[遍次]|第[几三四五六七八九]次(?:打|来电|了)"
    "|听不懂人话|没一个能|耍我|糊弄|敷衍|推来推去|踢皮球|退货|赔偿|算什么服务|骗人|坑人|还要等多久|答非所问"
)
_HURRY = re.compile(
    "急死|着急|很急|特别急|太急|赶紧|赶快|快点|快一点|马上就要|立刻|十万火急|业务(?:都|全)?停了|等不了"
    "|老板在催|客户在催|领导在催|耽误|停产|宕机了"
)
_DENIED = re.compile(
    "不(?:着急|急|生气|用急|是(?:要|来|想)?投诉|(?:想|会)?投诉|要急)|别(?:着急|急|生气)|没(?:有)?(?:生气|投诉)"
)


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


def mood(text: str) -> float:
    """0 calm, 0.3 in a hurry, 0.7 angry, 1 abusive."""
    text = _DENIED.sub("", text)
    if _ABUSE.search(text):
        return ABUSIVE
    if angry(text) or _IMPATIENT.search(text):
        return ANGRY
    return HURRIED if _HURRY.search(text) else CALM

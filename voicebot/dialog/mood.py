"""Is the caller upset? A list of rules; by sound it would find moods in product names."""

from __future__ import annotations

import re

CALM, HURRIED, ANGRY, ABUSIVE = 0.0, 0.3, 0.7, 1.0

_ABUSE = re.compile(
    "他妈|你妈|妈的|傻[逼叉瓜子]|[煞沙]笔|混蛋|王八|垃圾公司|破公司|骗子公司|滚(?:蛋|吧|开)"
    "|去死|有病(?:吧|啊)|脑子(?:有|进)|智障|废物|放屁|狗屁|操你|艹|我靠|日你|神经病"
)
_ANGER = re.compile(
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


def mood(text: str) -> float:
    """0 calm, 0.3 in a hurry, 0.7 angry, 1 abusive."""
    text = _DENIED.sub("", text)
    if _ABUSE.search(text):
        return ABUSIVE
    if _ANGER.search(text):
        return ANGRY
    return HURRIED if _HURRY.search(text) else CALM

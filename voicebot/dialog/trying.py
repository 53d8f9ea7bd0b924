"""What callers say while they try an answer: that they will, that it is done, that all is well."""

from __future__ import annotations

import re

from voicebot.dialog.textforms import clauses

_DOES = (
    "重启|重装|重插|下载|升级|检查|设置|操作|登录|联系|换|插|试|看|拔|弄|改|装|查|搞|做|关|开|加|"
    "进|配|建|调|刷|刻|拷|清|扫|敲|照|按"
)
_DONE = re.compile(
    r"(?:做|弄|搞|试|配|换|插|装|改|重启|升级|操作|设置|看|查|扫|敲|调|建|清|关|加|拔)(?:好|完|过)?了$"
    r"|好了$|完成了?$|完了$"
)
_LEAD = r"^(?:好的?|行|嗯|哦|噢|那|呃|可以|明白|，|,|\s)*"
_WILL_DO = re.compile(
    rf"{_LEAD}(?:我?(?:先|这就|马上|去|现在就?|再|自己)+|我)(?:去|来|就|给它|把它)*"
    rf"(?:{_DOES})[^吗呢么?？]{{0,8}}$"
)
_WELL = re.compile(
    r"^(?:都|已经|我|这下|现在|哦|嗯|那|它|诶|哎|啊)*"
    r"(?:(?:弄|搞|修|改|换|插|装|调|配)?好了|行了|可以了|没问题了)+(?:啊|呀|哈|吧)*$"
)
_STILL = re.compile(
    r"(?:还是(?!不(?:明白|知道|会|懂))|还在(?!重启|启动|装|刷)|仍然?|依然|依旧|照样|照旧|又)(?!好|正常|可以|想|要问|有个)[^吗呢么?？]{0,6}?"
    r"(?:[不没]|[黄红橙黑]|慢|响|报|断|叫|重启|蓝屏|死机|老样子|原样|一样|那样|这样|坏|空的|丢)"
)


def done(text: str) -> bool:
    """Whether the last that is told is that something has been done: 好我插一下，好了."""
    parts = clauses(text)
    return bool(parts) and bool(_DONE.search(parts[-1]))


def will_do(text: str) -> bool:
    """Whether the caller says that they go and do it: 那我改一下."""
    return bool(_WILL_DO.match(text))


def is_well(text: str) -> bool:
    """Whether the last that is told is that it is well now: 行了好了."""
    parts = clauses(text)
    return bool(parts) and bool(_WELL.match(parts[-1]))


def still_fails(text: str) -> bool:
    """Whether what was tried has changed nothing: 换了网线还是不亮."""
    return bool(_STILL.search(text))

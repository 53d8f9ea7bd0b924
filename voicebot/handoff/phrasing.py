"""A slot's value as a seat reads it fastest."""

from __future__ import annotations

import re

_CLEAR_CHARS = 3  # a longer value tells by itself what it is a value of


def as_phrase(label: str, value: str) -> str:
    """独立RAID卡, 没做过RAID, 连接灯不亮, 硬盘数量3."""
    topic = label.removeprefix("是否")
    if value == "是":
        return topic.replace("是否", "").replace("能否", "能")
    if value == "否":
        done = re.search(r"是否.*过|后是否", topic)
        inner = topic.replace("是否", "没" if done else "不").replace("能否", "不能")
        return f"没{topic}" if inner == topic else inner
    if value == "不清楚":
        return f"不清楚{topic}"
    return value if len(value) > _CLEAR_CHARS else f"{topic}{value}"

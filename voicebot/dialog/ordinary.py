"""Ordinary words that sound like words of the trade, and are what they are when they are heard.

有点慢 is not 有电, 理线 not 离线, 是百分之九十 not 失败. Words that ears write for a word of the
trade and callers hardly say themselves (司机 for 死机, 超市 for 超时) are not among them.
"""

from __future__ import annotations

ORDINARY = frozenset({
    "百分", "有点", "一点", "一下", "什么", "怎么", "时候", "知道", "应该", "已经", "没有", "现在",
    "这个", "那个", "因为", "所以", "如果", "但是", "然后", "还是", "就是", "我们", "你们", "时间",
    "问题", "情况", "今天", "昨天", "明天", "同事", "没事", "没法", "十几", "几十", "实际", "之间",
    "告诉", "技术", "结果", "其实", "感到", "一遍", "一边", "一半", "一般", "步骤", "时刻", "随即",
    "形状", "以便", "借口", "每月", "每人", "不通", "不同", "理线", "离线", "死了", "试了", "没查",
    "没插", "没改", "没盖", "中断", "终端", "一直", "一致", "查过", "插过", "擦过", "少了",
})  # fmt: skip

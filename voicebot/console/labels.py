"""The words of the pages. Keys are the records' own; an unknown key is shown as it is."""

from __future__ import annotations

import re

OUTCOMES = {
    "in_progress": "通话中",
    "answered": "已结束",
    "caller_hung_up": "客户挂断",
    "handed_off": "已转人工",
    "bot_ended": "机器人结束",
    "caller_gone": "转接时客户挂断",
    "failed": "出错",
    "interrupted": "异常中断",
}
# What a supervisor should look at first.
BAD_OUTCOMES = frozenset({"caller_gone", "failed", "interrupted"})
ENDED_BY = {"remote": "客户", "local": "机器人", "error": "线路或程序出错"}
KINDS = {
    "greeting": "问候",
    "answer": "回答",
    "ask": "追问",
    "contradiction": "指出矛盾",
    "refuse": "资料里没有",
    "clarify": "确认",
    "offer_human": "提议转人工",
    "filler": "垫话",
    "handoff": "转接",
    "no_input": "没听到声音",
    "goodbye": "结束语",
}
REASONS = {
    "requested": "客户要求",
    "danger": "危险情况",
    "low_confidence": "没有把握",
    "limit": "多轮没有定位",
    "scene": "流程要求",
    "error": "机器人出错",
    "stalled": "答复超时",
}
TRANSFERS = {
    "in_progress": "正在转接",
    "accepted": "已接通",
    "declined": "坐席拒接",
    "busy": "坐席忙",
    "no_answer": "无人接听",
    "unreachable": "无法接通",
    "failed": "转接失败",
    "caller_gone": "客户已挂断",
}
STAGES = {
    "asr": "识别",
    "search": "检索",
    "choice": "选择",
    "first clause": "合成首句",
    "filler": "垫话",
}
CONSEQUENCES = {"handed to a human": "已转人工", "offered a human": "已提议转人工"}
_SKIPPED = re.compile(r"skipped: needs (\d+) ms, (-?\d+) left")


def stage_note(note: str) -> str:
    """Why a stage was skipped, or what it noted."""
    if match := _SKIPPED.fullmatch(note):
        return f"跳过：需要 {match[1]} 毫秒，只剩 {match[2]} 毫秒"
    return {"reply not ready within the limit": "答复没有按时备好"}.get(note, note)


def caller(number: str) -> str:
    """The masked number, or that there is none."""
    return "匿名来电" if number in ("", "anonymous", "unknown") else number


def length(ms: float) -> str:
    """``83000`` -> ``1:23``."""
    minutes, seconds = divmod(int(ms) // 1000, 60)
    return f"{minutes}:{seconds:02}"

"""The words of the pages. Keys are the records' own; an unknown key is shown as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from telephony.admission import Refusal, Snapshot

OUTCOMES = {
    "in_progress": "通话中",
    "answered": "已结束",
    "caller_hung_up": "客户挂断",
    "handed_off": "已转人工",
    "bot_ended": "机器人结束",
    "caller_gone": "转接时客户挂断",
    "failed": "出错",
    "interrupted": "异常中断",
    "not_answered": "未接通",
    "queue_notice": "线路忙告知",
    "held_too_long": "保持过久",
}
# What a supervisor should look at first.
BAD_OUTCOMES = frozenset({"caller_gone", "failed", "interrupted"})
ENDED_BY = {"remote": "客户", "local": "机器人", "error": "线路或程序出错"}
KINDS = {
    "greeting": "问候",
    "answer": "回答",
    "ask": "追问",
    "read_back": "复述核对",
    "contradiction": "指出矛盾",
    "refuse": "资料里没有",
    "clarify": "确认",
    "offer_human": "提议转人工",
    "filler": "垫话",
    "handoff": "转接",
    "no_input": "没听到声音",
    "goodbye": "结束语",
    "notice": "告知",
    "supervisor": "班长代说",
}
REASONS = {
    "requested": "客户要求",
    "danger": "危险情况",
    "sensitive": "敏感话题",
    "upset": "情绪不好",
    "unknown_product": "不是我们的型号",
    "low_confidence": "没有把握",
    "limit": "多轮没有定位",
    "scene": "流程要求",
    "error": "机器人出错",
    "stalled": "答复超时",
    "supervisor": "班长要求",
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
    "interrupted": "异常中断",
    "closed": "不在服务时间",
    "no_seat": "没有坐席在线",
    "queue_full": "排队已满",
    "waited_out": "等待超时",
    "call_back": "改为回电",
}
STAGES = {
    "quick asr": "快速识别",
    "asr": "识别",
    "search": "检索",
    "choice": "选择",
    "first clause": "合成首句",
    "filler": "垫话",
}
CONSEQUENCES = {
    "handed to a human": "已转人工",
    "offered a human": "已提议转人工",
    "the seats ring unannounced": "未能播报，直接呼叫坐席",
}
REFUSALS = {
    Refusal.DRAINING: "正在停机，不接新电话",
    Refusal.CALLS: "通话已满，不接新电话",
    Refusal.RATE: "来电过快，暂不接新电话",
    Refusal.LAG: "程序繁忙，暂不接新电话",
    Refusal.QUEUE: "推理排队过长，暂不接新电话",
}
_SKIPPED = re.compile(r"skipped: needs (\d+) ms, (-?\d+) left")


def stage_note(note: str) -> str:
    """Why a stage was skipped, or what it noted."""
    if match := _SKIPPED.fullmatch(note):
        return f"跳过：需要 {match[1]} 毫秒，只剩 {match[2]} 毫秒"
    return {"reply not ready within the limit": "答复没有按时备好"}.get(note, note)


def caller(number: str) -> str:
    """The masked number, or that there is none."""
    return "匿名来电" if number in ("", "anonymous", "unknown") else number


def note(kind: str, data: Mapping[str, Any]) -> str:
    """What happened between the turns; one of `pages.NOTES`."""
    match kind:
        case "trouble":
            consequence = str(data.get("consequence", ""))
            return f"异常：{data.get('what', '')}；{CONSEQUENCES.get(consequence, consequence)}"
        case "digit_pressed":
            return f"客户按键 {data.get('digit', '')}"
        case "number_dictated":
            return f"{data.get('label', '')}已核对：{data.get('value', '')}"
        case "listener_signal":
            return f"客户在机器人说话时应声：{data.get('text') or '（听不清）'}"
        case "bot_resumed":
            return "不是打断，机器人接着说"
        case "call_held":
            return "客户保持通话"
        case "call_resumed":
            return f"客户回到通话，保持了 {length(data.get('held_ms') or 0)}"
        case "recording_stopped":
            return "客户要求不录音，录音已停止"
        case "handoff_waits":
            wait = seconds(data.get("expected_wait_s"))
            return f"客户在排队：第 {data.get('position', '')} 位，预计{wait}"
        case "seat_ringing":
            return f"开始呼叫坐席 {data.get('seat', '')}"
        case "supervisor_acted":
            action, why = str(data.get("action", "")), str(data.get("why", ""))
            done = "" if data.get("ok") else f"（没有成功：{WHY_NOT.get(why, why)}）"
            said = f"：{data['text']}" if data.get("text") else ""
            return f"{data.get('by', '')} {ACTIONS.get(action, action)}{said}{done}"
        case _:
            return kind


def quality(figures: Mapping[str, Any]) -> str:
    """What the network did to the call; `figures` are those of the records."""
    loss, jitter, mos = (
        float(figures.get(key) or 0) for key in ("loss_percent", "jitter_ms", "mos")
    )
    heard = f"MOS {mos:.1f}（估算）" if mos else "没有收到声音"
    return f"线路 {heard} · 丢包 {loss:.1f}% · 抖动 {jitter:.0f} 毫秒"


def load(now: Snapshot) -> str:
    """How full the bot is, and why it would refuse one more call."""
    refused = sum(now.refused.values())
    parts = [REFUSALS[now.why]] if now.why else []
    parts += [
        f"在线 {now.in_calls} 通，上限 {now.ceiling}",
        f"推理等待 {now.queue_ms / 1000:.1f} 秒",
        f"事件循环延迟 {now.lag_ms:.0f} 毫秒",
    ]
    parts += [f"告知线路忙 {now.noticed} 通"] if now.noticed else []
    parts += [f"已拒绝 {refused} 通"] if refused else []
    return " · ".join(parts)


def length(ms: float) -> str:
    """``83000`` -> ``1:23``."""
    minutes, seconds = divmod(int(ms) // 1000, 60)
    return f"{minutes}:{seconds:02}"


def share(part: float, whole: float) -> str:
    """``3, 4`` -> ``75%``; a dash where there is nothing to divide."""
    return f"{100 * part / whole:.0f}%" if whole else "—"


ROLES = {"seat": "坐席", "supervisor": "班长", "tester": "质检/测试", "admin": "管理员"}
WHO = {"caller": "客户", "bot": "机器人", "seat": "坐席"}
RIGHTS = {
    "desk": "坐席工作台",
    "watch": "看实时通话",
    "act": "监听、密语、介入、接管",
    "call": "看一通电话",
    "review": "搜索全部通话",
    "label": "标注对错、导出",
    "reveal": "看完整号码（记入日志）",
    "report": "看报表",
    "drafts": "看知识与话术",
    "edit": "改知识与话术",
    "users": "用户、设置、审计日志",
}
AUDIT = {
    "login": "登录",
    "login_failed": "登录失败",
    "logout": "退出",
    "password_changed": "改密码",
    "password_refused": "改密码失败",
    "password_reset": "重设密码",
    "user_added": "新增用户",
    "user_changed": "修改用户",
    "listened": "听录音",
    "labels_exported": "导出标注",
    "reveal": "查看完整号码",
    "forget": "删除客户记录",
}
VERDICTS = {"right": "对", "wrong": "错"}

# --- what a supervisor does (voicebot/session/control.py) -----------------------------------------
ACTIONS = {
    "say": "让机器人说",
    "whisper": "对坐席密语",
    "hand_over": "转人工",
    "join": "介入三方",
    "take_over": "接管",
}
DONE = {
    "say": "机器人正在说。",
    "whisper": "坐席正在听。",
    "hand_over": "开始转人工。",
    "join": "已加入通话。",
    "take_over": "已接管。",
}
WHY_NOT = {
    "ended": "通话已经结束",
    "handing_off": "正在呼叫坐席，等接通后再试",
    "bridged": "人工正在通话：可以介入三方，或对坐席密语",
    "not_bridged": "还没有人工接听：可以接管，或让机器人说",
    "no_chance": "客户和机器人一直在说话，请再试一次",
    "too_many": "上一个操作还没完成，请稍等",
    "bad_text": "要 1 到 200 个字，而且要有内容",
    "uri_refused": "这部电话不在允许的名单里（handoff.supervisors）",
    "unknown_seat": "没有这个坐席",
    "no_line": "这通电话没有线路可以呼出",
    "seat_gone": "坐席已经离开",
    "declined": "那部电话拒接",
    "busy": "那部电话忙",
    "no_answer": "那部电话没有人接",
    "unreachable": "那部电话打不通",
    "failed": "呼叫失败",
    "caller_gone": "客户已挂断",
}
AUDIT |= {f"call_{action}": name for action, name in ACTIONS.items()}
AUDIT |= {
    "call_listen": "监听",
    "seat_state": "坐席状态",
    "form_accepted": "确认小结",
    "text_published": "发布话术",
    "rolled_back": "话术回退",
    "draft_edit": "修改草稿",
    "draft_accepted": "采纳草稿",
    "draft_rejected": "退回草稿",
}


def acted(action: str, ok: bool, why: str) -> str:
    """How an action ended, in a sentence."""
    if ok:
        return DONE.get(action, "完成。")
    return f"没有成功：{WHY_NOT.get(why, why or '原因不明')}。"


# --- seats ------------------------------------------------------------------------------------
SEAT_STATES = {
    "ready": "空闲",
    "ringing": "振铃",
    "talking": "通话",
    "wrap_up": "整理",
    "away": "离开",
}
SUGGESTIONS = {"next_check": "下一步核对", "passage": "资料", "contradiction": "前后矛盾"}
SUGGESTED = {"shown": "", "used": "已采用", "dismissed": "已忽略"}
CALL_BACKS = {"open": "待认领", "taken": "已认领", "closed": "已完成"}
DRAFTS = {"faq": "新问答", "similar": "相似问法"}
ORIGINS = {"calls": "来自通话", "rules": "规则生成", "model": "模型生成"}


def seconds(value: float | None) -> str:
    """An expected wait; nothing is made up where it is not known."""
    if value is None:
        return "暂无法估计"
    return f"约 {value / 60:.0f} 分钟" if value >= 90 else f"约 {max(5, round(value / 5) * 5)} 秒"

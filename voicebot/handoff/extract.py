"""Pieces of what was said: the problem, what was tried, what is wanted. Rules, no generation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from voicebot.dialog.intents import is_question

PROBLEM_CHARS = 40
CLAUSE_CHARS = 24
_DIGITS = str.maketrans("零〇洞一二三四五六七八九幺两", "00012345678912")

# How callers fill their sentences; taken off the edges and out of the middle.
_FILLERS = re.compile(
    r"(?:喂+|你好|您好|那个|这个|就是说|就是|然后|嗯+|呃+|啊+|哦+|额+|他现在|的话|请问一下|请问|"
    r"我想问一下|想问一下|我问一下|是这样的|麻烦你|麻烦您|麻烦)[，,、\s]*"
)
_CLAUSE = re.compile(r"[，。！？；,.!?;\s]+")
# 18 号 is one word; a space between Chinese words is a pause.
_INNER_SPACE = re.compile(r"(?<=[0-9A-Za-z])\s+(?=\S)|(?<=\S)\s+(?=[0-9A-Za-z])")
_SYMPTOM = re.compile(
    r"看不到|看不见|找不到|认不|不识别|识别不|没有?显示|不亮|不通|不了|不能|不行|没法|无法|没反应|"
    r"打不开|开不|连不|进不|坏|故障|报错|报警|告警|黄灯|红灯|橙|重启|死机|宕机|掉|慢|响|噪音|热|"
    r"冒烟|糊味|狂转|吵|降不下|起不来|上不了|太大|特别大|进水|丢|失败|错误|蓝屏|黑屏|卡|异常|问题"
)
_TOPIC = re.compile(
    r"服务器|硬盘|磁盘|阵列|RAID|内存|风扇|电源|网口|网卡|网络|主板|系统|驱动|固件|BMC|BIOS|存储|"
    r"灯|机器|密码|安装|保修|发票|上门|备件|型号|YL|YS",
    re.I,
)
_WISH = re.compile(
    r"(?:希望|我想|想要|我要|要求|能不能|可不可以|可以不可以|尽快|赶紧|马上|给我|帮我|派|转)"
    r"[^，。！？；,.!?;]*"
)
_WISH_GOAL = re.compile(
    r"人工|工程师|上门|派人|派|换|修|投诉|退|寄|备件|电话|回电|驱动|发|解决|处理"
)
_PLAIN_HUMAN = re.compile(r"转.{0,3}(?:人工|客服|工程师)|人工")
_ONLY_HUMAN = re.compile(r"人工|客服|工程师|转接")
_TRIED = re.compile(
    r"[^，。！？；,.!?;]*(?:(?:已经|都|也|刚才|刚刚|我)?[^，。！？；,.!?;]{0,4}"
    r"(?:试过|换过|重启过|拔过|插过|查过|看过|升级过|做过|重启了|换了|重插了|插拔了|试了|升级了))"
    r"[^，。！？；,.!?;]*"
)


def problem(said: Sequence[str]) -> tuple[int, str] | None:
    """(which text, its essence): the caller's own words that tell best what is wrong.

    Early turns count more: later ones answer our questions.
    """
    best: tuple[int, str] | None = None
    best_score = 0
    for nth, text in enumerate(said):
        clauses = [clause for clause in tidy(text).split("，") if _tells(clause)]
        essence = "，".join(clauses)
        symptoms = len(set(_SYMPTOM.findall(essence)))
        topics = len({match.upper() for match in _TOPIC.findall(essence)})
        score = 6 * min(symptoms, 2) + 4 * min(topics, 3) - 3 * min(nth, 4)
        if essence and score > best_score:
            best, best_score = (nth, shorten(essence, PROBLEM_CHARS)), score
    return best


def _tells(clause: str) -> bool:
    """Whether a clause is about the matter, and not about whom the caller wants to talk to."""
    about = bool(_SYMPTOM.search(clause) or _TOPIC.search(clause))
    return about and not (_ONLY_HUMAN.search(clause) or _WISH_GOAL.fullmatch(clause))


def tried(text: str) -> tuple[str, ...]:
    """Clauses in which the caller says what was done already, and asks nothing (换了以后要多久)."""
    found = (tidy(match[0]) for match in _TRIED.finditer(text))
    told = (clause for clause in found if len(clause) >= 3 and not is_question(clause))
    return tuple(shorten(clause, CLAUSE_CHARS) for clause in told)


def wish(text: str) -> str:
    """What the caller asks us to do, or an empty text; more than a human if there is more."""
    found = [match[0].strip() for match in _WISH.finditer(text) if _WISH_GOAL.search(match[0])]
    more = [clause for clause in found if not _PLAIN_HUMAN.search(clause)]
    return shorten("，".join((more or found)[:2]), CLAUSE_CHARS)


def first_clause(text: str) -> str:
    """The beginning of an answer, for a list."""
    clauses = [clause for clause in _CLAUSE.split(_INNER_SPACE.sub("", text)) if clause]
    shown = ""
    for clause in clauses:
        if shown and len(shown) + len(clause) > CLAUSE_CHARS:
            break
        shown = f"{shown}，{clause}" if shown else clause
    return shorten(shown, CLAUSE_CHARS)


_TELLS = re.compile(
    r"给您|帮您|为您|您可以|您先|麻烦您|建议|需要|安排|登记|寄|更换|重新|检查|升级|因为|说明|属于|就是|"
    r"应该是|不支持|支持|可以|不能|要先|工作日|小时"
)


def tells(text: str) -> bool:
    """Whether a seat's turn says or does something about the matter, and does not only ask."""
    clauses = [clause for clause in _CLAUSE.split(text) if len(clause) > 3]
    return bool(clauses) and bool(_TELLS.search(text)) and not re.search(r"[吗呢么]?[？?]$", text)


def spoken_code(text: str) -> str:
    """A text as one code, digits as figures: YL二零九五 is YL2095."""
    plain = unicodedata.normalize("NFKC", text).translate(_DIGITS)
    return re.sub(r"[^A-Za-z0-9]", "", plain).upper()


def tidy(text: str) -> str:
    """A spoken sentence without its fillers."""
    clauses = (_FILLERS.sub("", clause).strip() for clause in _CLAUSE.split(text))
    return "，".join(clause for clause in clauses if len(clause) > 1)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, marked where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"

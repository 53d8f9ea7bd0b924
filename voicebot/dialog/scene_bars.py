"""How sure it must be that a scene is meant, before it starts or the caller is asked.

Retrieval always finds something, also for words that report nothing (今天下雨, 那我改一下). So what
neither asks nor tells of a fault, and shares no words with what a scene's callers say, must be
surer than the report of a fault; and a question for information that is not nearly one of the
scene's own triggers surer still.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.dialog.intents import asks, asks_a_fact, asks_information
from voicebot.dialog.scene_match import FROM_SHARE, SceneCandidate

SURE, MAYBE = 0.5, 0.3  # of the report of a fault
NEAR_TRIGGER = 0.8  # share of a trigger: nearly the scene's own words
TOLD_SURE, TOLD_MAYBE = 0.65, 0.5  # of what only tells something, in words of its own
INFORMS_SURE, INFORMS_MAYBE = 0.8, 0.4  # of a question for information


_FAILS = re.compile(
    r"起不来|打不开|进不去|[用装登连插关读写]不了|不认|掉线|掉了|断了|没有?(?:画面|显示|信号|电|声音|网)|是空的|不见了|"
    r"少了|变少|慢|卡[住死]|很卡|漏|一直响|响个不停|自己(?:就)?(?:关|重启|断)|老是|总是|黑的|红的|黄的|坏"
)


@dataclass(frozen=True)
class Bars:
    """At `start` and above the scene starts; at `ask` and above the caller is asked if it is it."""

    start: float
    ask: float
    informs: bool
    reports: bool


def bars(query: str, best: SceneCandidate | None) -> Bars:
    """The bars for `query`, whose likeliest scene is `best`."""
    if informs(query):
        return Bars(INFORMS_SURE, INFORMS_MAYBE, True, False)
    if asks(query) or _FAILS.search(query) or (best is not None and best.share >= FROM_SHARE):
        return Bars(SURE, MAYBE, False, True)
    return Bars(TOLD_SURE, TOLD_MAYBE, False, False)


def informs(query: str) -> bool:
    """Whether `query` asks for information and reports no fault: 重启影响业务吗."""
    return asks_information(query) or asks_a_fact(query)

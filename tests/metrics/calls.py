"""One call's events, as a session tells them."""

from __future__ import annotations

from voicebot.session import events as facts

CALLER = "13812345678"
WORDS = "我的服务器 SN 21023599 看不到硬盘"
STAGES = (
    {"stage": "quick asr", "start_ms": 90.0, "end_ms": 340.0, "note": ""},
    {"stage": "search", "start_ms": 350.0, "end_ms": 380.0, "note": ""},
    {"stage": "phrase", "start_ms": 380.0, "end_ms": 380.0, "note": f"skipped: {WORDS}"},
    {"stage": "first clause", "start_ms": 380.0, "end_ms": 700.0, "note": ""},
)
CALL: tuple[facts.SessionEvent, ...] = (
    facts.CallAnswered(0, CALLER, "400", "PCMA", "server", "trunk-a"),
    facts.BotSpoke(100, "您好", "greeting", 1.0, None),
    facts.CallerSpoke(5000, WORDS, 0.9, 3000, 4500),
    facts.Searched(4880, WORDS, ("faq.1",), 0.8, "", 0.0, 30.0),
    facts.BotSpoke(5300, "请稍等", "filler", 1.0, 800, rung="prepared"),
    facts.BotSpoke(
        6300,
        "先看 RAID",
        "answer",
        0.8,
        1800,
        scene="storage.disk",
        stages=STAGES,
        rung="extractive",
    ),
    facts.BotInterrupted(7000, "先看", "RAID", 250),
    facts.CallerSpoke(8000, "", 0.0, 7000, 7800),
    facts.ListenerSignal(9000, "嗯嗯"),
    facts.BotResumed(9500),
    facts.HandoffStarted(10_000, "requested", "storage", "summary-1"),
    facts.SeatRang(11_000, "二线01", "busy", 486),
    facts.HandoffFinished(12_000, "accepted", "二线02", True),
    facts.Trouble(12_500, f"no voice for {WORDS}", "spoken by espeak"),
    facts.CallQuality(20_000, 1000, 10, 1.0, 0, 3.0, 1000, 0, 2.0, 20.0, 4.1),
    facts.CallEnded(20_000, "remote", "BYE", "handed_off"),
)

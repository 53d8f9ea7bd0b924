"""What was expected of a call, held against what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from voicebot.dialog.textforms import sentences
from voicebot.language.grounding import ungrounded
from voicebot.replay.results import Check, TurnResult
from voicebot.replay.script import Expected, Script, Turn

Events = Sequence[dict[str, Any]]
SHORT = 6
"""Characters; shorter sentences (好的。) may come again."""
_AGAIN = ("再说一遍", "没听清", "重复", "什么", "啊？", "喂")


def turn_checks(turn: TurnResult, scripted: Turn, events: Events) -> Iterator[Check]:
    """Those of one turn; `events` are what happened until the next one began."""
    for want in scripted.expect:
        ok = _HOLDS[want.kind](turn, events, want)
        found = "" if ok else _found(turn)
        yield Check(turn.number, str(want), ok, found)
    if turn.late and scripted.over_bot_ms is not None:
        yield Check(turn.number, "interrupts the bot", False, turn.late)


def call_checks(
    script: Script,
    hung_up: str,
    turns: Sequence[TurnResult],
    events: Events,
    prompts: frozenset[str],
) -> Iterator[Check]:
    """Those of the whole call: its end, must and never, what was invented or said twice."""
    said = _in_all(events)
    if script.end:
        end = ending(events)
        yield Check(0, f"end:{script.end}", end == script.end, end)
    for phrase in script.must:
        yield Check(0, f"must:{phrase}", _in(phrase, said), "" if _in(phrase, said) else said)
    for phrase in script.never:
        yield Check(0, f"never:{phrase}", not _in(phrase, said))
    yield Check(0, "ends", hung_up != "too long", hung_up if hung_up == "too long" else "")
    played = len(turns) == len(script.turns) or bool(script.end)
    where = "" if played else f"the call was over after {len(turns)} of {len(script.turns)}"
    yield Check(0, "every turn was said", played, where)
    invented = list(_invented(events, prompts))
    yield Check(0, "nothing invented", not invented, "; ".join(invented))
    repeated = list(_repeated(turns))
    yield Check(0, "nothing said twice", not repeated, "; ".join(repeated))


def ending(events: Events) -> str:
    """How the call ended: ``handoff REASON``, ``solved`` (the bot said goodbye), ``hung up``."""
    for event in events:
        if event["event"] == "handoff_started":
            return f"handoff {event['reason']}"
    goodbye = any(e["event"] == "bot_spoke" and e["kind"] == "goodbye" for e in events)
    return "solved" if goodbye else "hung up"


def _spoke(events: Events) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "bot_spoke"]


def _in_all(events: Events) -> str:
    return "".join(each["text"] for each in _spoke(events))


def _found(turn: TurnResult) -> str:
    return f"heard {turn.heard or '–'}; {' '.join(turn.answers)} {''.join(turn.replies) or '–'}"


def _field(name: str) -> Callable[[TurnResult, Events, Expected], bool]:
    return lambda turn, events, want: any(each[name] == want.value for each in _spoke(events))


def _was(kind: str, name: str) -> Callable[[TurnResult, Events, Expected], bool]:
    return lambda turn, events, want: any(
        each["event"] == kind and each[name] == want.value for each in events
    )


def _reply(turn: TurnResult) -> str:
    return "".join(turn.replies)


def _answers(turn: TurnResult, events: Events, want: Expected) -> bool:
    return any(each["id"] == want.value for spoke in _spoke(events) for each in spoke["citations"])


def _stops(turn: TurnResult, events: Events, want: Expected) -> bool:
    return any(each["event"] == "bot_interrupted" for each in events)


_HOLDS: dict[str, Callable[[TurnResult, Events, Expected], bool]] = {
    "has": lambda turn, _, want: all(_in(each, _reply(turn)) for each in want.value.split("&")),
    "any": lambda turn, _, want: any(_in(each, _reply(turn)) for each in want.value.split("|")),
    "not": lambda turn, _, want: not any(_in(e, _reply(turn)) for e in want.value.split("|")),
    "slot": _field("slot"),
    "branch": _field("branch"),
    "scene": _field("scene"),
    "kind": _field("kind"),
    "answer": _answers,
    "handoff": _was("handoff_started", "reason"),
    "message": _was("message_requested", "what"),
    "number": _was("number_dictated", "value"),
    "bye": lambda turn, events, want: "goodbye" in turn.kinds,
    "offer": lambda turn, events, want: bool({"offer_human", "refuse"} & set(turn.kinds)),
    "none": lambda turn, events, want: (
        not any(each["citations"] or each["branch"] for each in _spoke(events))
    ),
    "stops": _stops,
    "goes_on": lambda turn, events, want: not _stops(turn, events, want),
}


def _in(words: str, text: str) -> bool:
    return "".join(words.split()).lower() in "".join(text.split()).lower()


def _invented(events: Events, prompts: frozenset[str]) -> Iterator[str]:
    """Answers with nothing behind them, and values that what is behind them does not hold."""
    for each in _spoke(events):
        if each["kind"] != "answer":
            continue
        backed = each["citations"] or each["branch"] or each["scene"] or each["text"] in prompts
        if not backed:
            yield f"no source: {each['text']}"
        elif (
            each["citations"] and not each["branch"] and all(c["quote"] for c in each["citations"])
        ):
            evidence = "。".join(f"{c['source']}。{c['quote']}" for c in each["citations"])
            if claims := ungrounded(each["text"], evidence):
                yield f"{'、'.join(claims)} not in its source: {each['text']}"


def _repeated(turns: Sequence[TurnResult]) -> Iterator[str]:
    """Sentences said again though the caller had not asked the same, or for it, again."""
    spoken: set[str] = set()
    asked: set[str] = set()
    for turn in turns:
        said = {s for reply in turn.replies for s in sentences(reply) if len(s) > SHORT}
        wished = turn.said in asked or any(word in turn.said for word in _AGAIN)
        if not wished and turn.heard:
            yield from sorted(said & spoken)
        spoken |= said
        asked.add(turn.said)

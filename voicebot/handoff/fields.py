"""The fields of a story, each from the turn that backs it. Extraction only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from voicebot.dialog.events import SayKind
from voicebot.dialog.mood import ABUSIVE, CALM, HURRIED, mood
from voicebot.dialog.scene_run import UNCONFIRMED
from voicebot.handoff import extract
from voicebot.handoff.call_facts import (
    CAUSE_FACT,
    CONFIRMED,
    CONTRADICTION,
    CUSTOMER,
    MODEL,
    MODEL_FACT,
    MOOD,
    NEXT_STEP,
    OPEN_FACT,
    PROBLEM,
    PRODUCT,
    REASON_FACT,
    SCENE_FACT,
    SERIAL,
    TOPIC_FACT,
    TRIED,
    UNKNOWN_SHOWN,
    WANTS,
    CallFacts,
    SpokenTurn,
    SummaryField,
)
from voicebot.handoff.ground import Evidence, find_slot, find_text
from voicebot.handoff.next_check import NextCheck
from voicebot.handoff.phrasing import as_phrase
from voicebot.records.masking import mask_number, mask_personal
from voicebot.records.names import caller_name
from voicebot.scenes.pattern import found as matching

_NO_SLOTS = {MODEL_FACT, SCENE_FACT, CAUSE_FACT, REASON_FACT, OPEN_FACT, TOPIC_FACT}
_GO_ON = {
    "requested",
    "supervisor",
    "limit",
    "stalled",
    "error",
    "upset",
}  # the scene is still the matter
_REASONS = {
    "requested": "用户要求人工，请直接接着问题往下谈",
    "danger": "来电提到危险情况，请先确认人身安全并断电",
    "sensitive": "来电涉及敏感话题，请人工处理",
    "upset": "用户情绪不好，请先安抚",
    "unknown_product": "问的不是我们的型号，请人工确认",
    "low_confidence": "机器人没有把握，请人工判断",
    "limit": "多轮没有定位，请人工排查",
    "scene": "按流程转人工处理",
    "error": "机器人出错，请人工接着处理",
    "stalled": "机器人答复超时，请人工接着处理",
    "supervisor": "班长要求转人工",
}


def customer(call: CallFacts, said: Sequence[SpokenTurn]) -> list[SummaryField]:
    fields = []
    for turn in said:
        if name := caller_name(turn.text):
            fields = [SummaryField(CUSTOMER, name, turn.confidence, turn.index)]
    if call.caller:
        fields.append(SummaryField(CUSTOMER, mask_number(call.caller), 1.0, None))
    return fields


def product(call: CallFacts, said: Sequence[SpokenTurn]) -> list[SummaryField]:
    """The kind of machine that the caller spoke of last."""
    for turn in reversed(said):
        for product, spoken in call.products.items():
            if find_text(product, [turn]) or any(find_text(word, [turn]) for word in spoken):
                return [SummaryField(PRODUCT, product, turn.confidence, turn.index)]
    return []


def model(
    call: CallFacts, said: Sequence[SpokenTurn], facts: Mapping[str, str]
) -> list[SummaryField]:
    """The model that the caller named last; the dialog's own reading first."""
    known = [facts[MODEL_FACT]] if facts.get(MODEL_FACT) else []
    for model in (*known, *call.models):
        if found := find_text(model, said):
            return [_field(MODEL, model, found)]
    return []


def serial(
    call: CallFacts,
    turns: Sequence[SpokenTurn],
    said: Sequence[SpokenTurn],
    facts: Mapping[str, str],
) -> list[SummaryField]:
    """What was read back and agreed upon; else what was said in one breath and looks like one."""
    value = facts.get(SERIAL, "")
    if value and value != UNKNOWN_SHOWN and SERIAL in call.dictated:
        return [_dictated(SERIAL, value, turns)]
    for turn in reversed(said):
        code = extract.spoken_code(turn.text)
        for pattern in call.serials:
            if found := matching(pattern, code):
                return [SummaryField(SERIAL, found, turn.confidence, turn.index)]
    return []


def _dictated(label: str, value: str, turns: Sequence[SpokenTurn]) -> SummaryField:
    """In pieces over many turns, of which no single one is the evidence: its reading back is."""
    read = None if value.endswith(UNCONFIRMED) else _last_read_back(turns)
    index, sure = (read.index, 1.0) if read else (None, 0.5)
    return SummaryField(label, value, sure, index)


def problem(said: Sequence[SpokenTurn]) -> list[SummaryField]:
    found = extract.problem([turn.text for turn in said])
    if found is None:
        return []
    nth, text = found
    return [SummaryField(PROBLEM, text, said[nth].confidence, said[nth].index)]


def confirmed(
    call: CallFacts, turns: Sequence[SpokenTurn], facts: Mapping[str, str]
) -> list[SummaryField]:
    """What was asked and answered, slot by slot, each with the turn that backs it."""
    fields = []
    for label, value in facts.items():
        if label in _NO_SLOTS or not value or value == facts.get(MODEL_FACT):
            continue
        if label == SERIAL and label in call.dictated and value != UNKNOWN_SHOWN:
            continue  # has a place of its own
        if label in call.dictated and value != UNKNOWN_SHOWN:
            agreed = not value.endswith(UNCONFIRMED)
            shown = mask_personal(value) if agreed and label in call.personal else value
            told = _dictated(CONFIRMED, value, turns)
            fields.append(replace(told, value=f"{label}{shown}"))
        elif found := find_slot(label, value, turns, call.sayings):
            fields.append(_field(CONFIRMED, as_phrase(label, value), found))
    return fields


def _last_read_back(turns: Sequence[SpokenTurn]) -> SpokenTurn | None:
    return next((turn for turn in reversed(turns) if turn.kind == "read_back"), None)


def tried(turns: Sequence[SpokenTurn], said: Sequence[SpokenTurn]) -> list[SummaryField]:
    fields = [
        SummaryField(TRIED, f"用户：{text}", turn.confidence, turn.index)
        for turn in said
        for text in extract.tried(turn.text)
    ]
    for turn in turns:
        if turn.who == "bot" and turn.kind == "answer" and turn.source:
            text = f"已答：{extract.first_clause(turn.text)}"
            fields.append(SummaryField(TRIED, text, turn.confidence, turn.index, turn.source))
    return fields[-3:]


def contradictions(turns: Sequence[SpokenTurn]) -> list[SummaryField]:
    """What did not go together, as it was put to the caller, and what they said to it."""
    fields = []
    for nth, turn in enumerate(turns):
        if turn.kind != SayKind.CONTRADICTION:
            continue
        answer = next((each for each in turns[nth + 1 :] if each.who == "caller"), None)
        said = f" → {extract.first_clause(answer.text)}" if answer and answer.text else ""
        text = f"{extract.first_clause(turn.text)}{said}"
        fields.append(SummaryField(CONTRADICTION, text, turn.confidence, turn.index))
    return fields[-1:]


def worst_mood(call: CallFacts, said: Sequence[SpokenTurn]) -> list[SummaryField]:
    """The worst mood of the call; danger first."""
    if call.reason == "danger" and said:
        last = said[-1]
        text = f"危险：{extract.first_clause(last.text)}"
        return [SummaryField(MOOD, text, last.confidence, last.index)]
    worst = max(said, key=lambda turn: mood(turn.text), default=None)
    level = mood(worst.text) if worst else CALM
    if worst is None or level == CALM:
        return []
    shown = "着急" if level <= HURRIED else "激动" if level >= ABUSIVE else "不满"
    return [SummaryField(MOOD, shown, worst.confidence, worst.index)]


def wants(said: Sequence[SpokenTurn]) -> list[SummaryField]:
    for turn in reversed(said):
        if text := extract.wish(turn.text):
            return [SummaryField(WANTS, text, turn.confidence, turn.index)]
    return []


def next_step(
    call: CallFacts,
    turns: Sequence[SpokenTurn],
    facts: Mapping[str, str],
    due: NextCheck | None,
) -> list[SummaryField]:
    """The scene's diagnosis if there is one, with the last source; else what it would check next,
    an open question, or why the call comes."""
    source = next((turn.source for turn in reversed(turns) if turn.source), "")
    if cause := facts.get(CAUSE_FACT):
        return [SummaryField(NEXT_STEP, f"按“{cause}”处理", 1.0, None, source)]
    if due is not None and call.reason in _GO_ON:
        return [SummaryField(NEXT_STEP, f"接着查：{due.text}", 1.0, None, due.source)]
    said = [turn for turn in turns if turn.who == "caller"]
    question = facts.get(OPEN_FACT, "")
    if question and (found := find_text(question, said)):
        return [_field(NEXT_STEP, f"回答资料里没有的问题：{extract.shorten(question, 30)}", found)]
    shown = facts.get(REASON_FACT) or _REASONS.get(call.reason, "")
    return [SummaryField(NEXT_STEP, shown, 1.0, None)] if shown else []


def _field(label: str, value: str, found: Evidence) -> SummaryField:
    return SummaryField(label, value, found.confidence, found.turn)

"""The story a seat reads in five seconds: at most six lines, each from the call itself.

Nothing here is generated. A value is a piece of what was said (or a fact the dialog took from
it, whose place in the call is looked up again); what cannot be found in the call is left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from voicebot.dialog.scene_run import UNCONFIRMED
from voicebot.handoff import extract
from voicebot.handoff.ground import Evidence, Sayings, find_slot, find_text
from voicebot.handoff.phrasing import as_phrase
from voicebot.pack import Pack
from voicebot.records.masking import mask, mask_number, mask_personal
from voicebot.records.names import caller_name

CUSTOMER, PRODUCT, PROBLEM = "客户", "产品", "问题"
CONFIRMED, TRIED, WANTS = "已确认", "已试/已答", "诉求"
NEXT_STEP = "建议"
_LINES = (
    (CUSTOMER, PRODUCT),
    (PROBLEM,),
    (CONFIRMED,),
    (TRIED,),
    (WANTS,),
    (NEXT_STEP,),
)
_LINE_CHARS = 70
UNKNOWN_SHOWN = "不清楚"

# Labels under which the dialog keeps what is no slot of a scene (voicebot/dialog).
MODEL_FACT, SCENE_FACT, CAUSE_FACT = "机型", "场景", "判断"
REASON_FACT, OPEN_FACT = "转接原因", "未解答的问题"
TOPIC_FACT = "敏感话题"
_NO_SLOTS = {MODEL_FACT, SCENE_FACT, CAUSE_FACT, REASON_FACT, OPEN_FACT, TOPIC_FACT}
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


@dataclass(frozen=True)
class CallFacts:
    """The call as the line and the dialog's `Handoff` action know it.

    `caller` is the calling number, unmasked; `reason` is the hand-off's stable key; `models` are
    the pack's model names, `sayings` how callers say a slot's values, by label and value;
    `dictated` are the labels of numbers that were taken down and read back, `personal` of those
    that are not to be shown.
    """

    caller: str = ""
    reason: str = ""
    models: tuple[str, ...] = ()
    sayings: Sayings = field(default_factory=dict)
    dictated: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pack: Pack, caller: str, reason: str) -> CallFacts:
        """With the words of a pack: its models, and how callers say the values of its scenes."""
        sayings: dict[str, dict[str, tuple[str, ...]]] = {}
        for scene in pack.scenes:
            for slot in scene.slots:
                values = sayings.setdefault(slot.label, {})
                for choice in slot.choices:
                    values[choice.name] = values.get(choice.name, ()) + choice.say
                if slot.affirm or slot.deny:
                    values["是"] = values.get("是", ()) + slot.affirm
                    values["否"] = values.get("否", ()) + slot.deny
        models = tuple(term.term for term in pack.lexicon if term.kind == "model")
        slots = [slot for scene in pack.scenes for slot in scene.slots]
        dictated = frozenset(slot.label for slot in slots if slot.dictated)
        personal = frozenset(slot.label for slot in slots if slot.personal)
        return cls(caller, reason, models, sayings, dictated, personal)


@dataclass(frozen=True)
class SpokenTurn:
    """One thing said. `index` counts all turns of the call; `who` is ``caller`` or ``bot``.

    `kind` is the bot's SayKind; `source` is the citation of an answer.
    """

    index: int
    who: str
    text: str
    confidence: float = 1.0
    kind: str = ""
    source: str = ""


@dataclass(frozen=True)
class SummaryField:
    """A value with its label, the confidence of the turn it came from, and that turn's index
    (None: from the line or from the pack, not from a turn)."""

    label: str
    value: str
    confidence: float
    turn: int | None
    source: str = ""


@dataclass(frozen=True)
class SummaryPackage:
    """What a seat gets. `id` is short and travels in the SIP header ``X-Summary-Id``."""

    id: str
    reason: str
    fields: tuple[SummaryField, ...]

    def get(self, label: str) -> tuple[str, ...]:
        """The values under a label."""
        return tuple(field.value for field in self.fields if field.label == label)

    def to_lines(self) -> tuple[str, ...]:
        """At most six lines of at most some sixty characters."""
        lines = []
        for labels in _LINES:
            shown = [
                f"{label}：{'；'.join(self.get(label))}" for label in labels if self.get(label)
            ]
            if shown:
                line = extract.shorten("  ".join(shown), _LINE_CHARS)
                lines.append(line + (self._source() if labels == (NEXT_STEP,) else ""))
        return tuple(lines)

    def _source(self) -> str:
        found = next((field.source for field in self.fields if field.label == NEXT_STEP), "")
        return f"（{found}）" if found else ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "reason": self.reason,
            "lines": list(self.to_lines()),
            "fields": [asdict(field) for field in self.fields],
        }


def new_summary_id() -> str:
    """Short enough for a header and a screen: ``S`` and seven hexadecimal digits."""
    return "S" + uuid.uuid4().hex[:7]


def build_package(
    call: CallFacts,
    turns: Sequence[SpokenTurn],
    facts: Mapping[str, str],
    *,
    summary_id: str = "",
) -> SummaryPackage:
    """Tell the story of a call.

    `facts` is the dialog's ``Handoff.facts``: labels to values, as people read them. A slot's
    value is kept only with evidence in the caller's words. Personal data is masked.
    """
    said = [turn for turn in turns if turn.who == "caller" and turn.text.strip()]
    fields = [
        *_customer(call, said),
        *_product(call, said, facts),
        *_problem(said),
        *_confirmed(call, turns, facts),
        *_tried(turns, said),
        *_wants(said),
        *_next_step(call, turns, facts),
    ]
    return SummaryPackage(
        id=summary_id or new_summary_id(),
        reason=call.reason,
        fields=tuple(_masked(field) for field in fields),
    )


def _masked(field: SummaryField) -> SummaryField:
    value = field.value if field.label == CUSTOMER else mask(field.value)
    return SummaryField(field.label, value, field.confidence, field.turn, field.source)


def _customer(call: CallFacts, said: Sequence[SpokenTurn]) -> list[SummaryField]:
    fields = []
    for turn in said:
        if name := caller_name(turn.text):
            fields = [SummaryField(CUSTOMER, name, turn.confidence, turn.index)]
    if call.caller:
        fields.append(SummaryField(CUSTOMER, mask_number(call.caller), 1.0, None))
    return fields


def _product(
    call: CallFacts, said: Sequence[SpokenTurn], facts: Mapping[str, str]
) -> list[SummaryField]:
    """The model that the caller named last; the dialog's own reading first."""
    known = [facts[MODEL_FACT]] if facts.get(MODEL_FACT) else []
    for model in (*known, *call.models):
        if found := find_text(model, said):
            return [_field(PRODUCT, model, found)]
    return []


def _problem(said: Sequence[SpokenTurn]) -> list[SummaryField]:
    found = extract.problem([turn.text for turn in said])
    if found is None:
        return []
    nth, text = found
    return [SummaryField(PROBLEM, text, said[nth].confidence, said[nth].index)]


def _confirmed(
    call: CallFacts, turns: Sequence[SpokenTurn], facts: Mapping[str, str]
) -> list[SummaryField]:
    fields = []
    for label, value in facts.items():
        if label in _NO_SLOTS or not value or value == facts.get(MODEL_FACT):
            continue
        if label in call.dictated and value != UNKNOWN_SHOWN:
            # In pieces over many turns, of which no single one is the evidence.
            agreed = not value.endswith(UNCONFIRMED)
            read = _last_read_back(turns) if agreed else None
            index, sure = (read.index, 1.0) if read else (None, 0.5)
            shown = mask_personal(value) if agreed and label in call.personal else value
            fields.append(SummaryField(CONFIRMED, f"{label}{shown}", sure, index))
        elif found := find_slot(label, value, turns, call.sayings):
            fields.append(_field(CONFIRMED, as_phrase(label, value), found))
    return fields


def _last_read_back(turns: Sequence[SpokenTurn]) -> SpokenTurn | None:
    return next((turn for turn in reversed(turns) if turn.kind == "read_back"), None)


def _tried(turns: Sequence[SpokenTurn], said: Sequence[SpokenTurn]) -> list[SummaryField]:
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


def _wants(said: Sequence[SpokenTurn]) -> list[SummaryField]:
    for turn in reversed(said):
        if text := extract.wish(turn.text):
            return [SummaryField(WANTS, text, turn.confidence, turn.index)]
    return []


def _next_step(
    call: CallFacts, turns: Sequence[SpokenTurn], facts: Mapping[str, str]
) -> list[SummaryField]:
    """The scene's diagnosis if there is one, else why the call comes; with the last source."""
    source = next((turn.source for turn in reversed(turns) if turn.source), "")
    if cause := facts.get(CAUSE_FACT):
        return [SummaryField(NEXT_STEP, f"按“{cause}”处理", 1.0, None, source)]
    said = [turn for turn in turns if turn.who == "caller"]
    question = facts.get(OPEN_FACT, "")
    if question and (found := find_text(question, said)):
        return [_field(NEXT_STEP, f"回答资料里没有的问题：{extract.shorten(question, 30)}", found)]
    shown = facts.get(REASON_FACT) or _REASONS.get(call.reason, "")
    return [SummaryField(NEXT_STEP, shown, 1.0, None)] if shown else []


def _field(label: str, value: str, found: Evidence) -> SummaryField:
    return SummaryField(label, value, found.confidence, found.turn)

"""What a story is told from, and the fields that it is told in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.handoff.ground import Sayings
from voicebot.handoff.next_check import is_serial
from voicebot.pack import Pack

CUSTOMER, PRODUCT, MODEL, SERIAL, PROBLEM = "客户", "产品", "型号", "序列号", "问题"
CONFIRMED, TRIED, CONTRADICTION = "已确认", "已试/已答", "矛盾"
WANTS, MOOD, NEXT_STEP = "诉求", "情绪", "建议"
UNKNOWN_SHOWN = "不清楚"

# Labels under which the dialog keeps what is no slot of a scene (voicebot/dialog).
MODEL_FACT, SCENE_FACT, CAUSE_FACT = "机型", "场景", "判断"
REASON_FACT, OPEN_FACT = "转接原因", "未解答的问题"
TOPIC_FACT = "敏感话题"


@dataclass(frozen=True)
class CallFacts:
    """The call as the line and the dialog's `Handoff` action know it.

    `caller` is the calling number, unmasked; `reason` is the hand-off's stable key; `models` are
    the pack's model names, `sayings` how callers say a slot's values, by label and value;
    `dictated` are the labels of numbers that were taken down and read back, `personal` of those
    that are not to be shown. `products` are the kinds of machines with the ways to say them,
    `serials` the patterns of serial numbers.
    """

    caller: str = ""
    reason: str = ""
    models: tuple[str, ...] = ()
    sayings: Sayings = field(default_factory=dict)
    dictated: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    serials: tuple[str, ...] = ()

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
        products = {term.term: term.spoken for term in pack.lexicon if term.kind == "product"}
        serials = tuple(dict.fromkeys(slot.pattern for slot in slots if is_serial(slot)))
        return cls(caller, reason, models, sayings, dictated, personal, products, serials)


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

"""What the bot says while a number is dictated: each step of the dictation in words."""

from __future__ import annotations

from voicebot.dialog.confidence import combined
from voicebot.dialog.dictated import readable, spoken_group
from voicebot.dialog.dictation_rules import DictationRules
from voicebot.dialog.dictation_state import DictationState, Next, Phase, Step
from voicebot.dialog.events import SayKind
from voicebot.dialog.turn import Turn
from voicebot.scenes.model import Slot, SlotType

_ORDINALS = "一二三四五六七八九十"
BETWEEN_GROUPS = "；"  # a voice pauses there, and makes each group a clause of its own


def rules_of(slot: Slot) -> DictationRules:
    """What a dictated slot asks for."""
    return DictationRules(
        length=slot.length or None, pattern=slot.pattern, letters=slot.type is SlotType.SERIAL
    )


def say_step(turn: Turn, scene: str, slot: Slot, step: Step, lead: str = "") -> None:
    """Say what `step` asks for; LISTEN says nothing. `lead` comes first."""
    match step.next:
        case Next.READ_BACK:
            _read_back(turn, scene, slot, step, lead)
        case Next.ASK_GROUP:
            text = turn.fitted("dictation_ask_group", group=nth_group(step.group))
            _ask(turn, scene, slot, lead + text)
        case Next.ASK_REST:
            missing = rules_of(slot).missing(step.value)
            held = {"groups": spoken(step.groups), "missing": str(missing), "label": slot.label}
            _ask(turn, scene, slot, lead + turn.fitted("dictation_ask_rest", **held))
        case Next.ASK_LETTER:
            text = turn.fitted("dictation_letter", place=str(step.place + 1))
            _ask(turn, scene, slot, lead + text)
        case Next.MISSED:
            _ask(turn, scene, slot, lead + turn.variant("dictation_missed"))
        case Next.START_OVER:
            _ask(turn, scene, slot, lead + turn.variant("dictation_start_over"))
        case Next.MISFIT:
            ending = "" if slot.format.endswith(("。", "！", "？")) else "。"
            look = slot.format + ending if slot.format else ""
            text = turn.fitted("dictation_misfit", label=slot.label, format=look)
            _ask(turn, scene, slot, lead + text)
        case _:
            pass


def say_open_question(turn: Turn, scene: str, slot: Slot, state: DictationState) -> None:
    """Where the dictation stands, for a caller who was away from it or was not understood."""
    groups, rules = state.groups, rules_of(slot)
    if state.phase is Phase.CONFIRMING:
        say_step(turn, scene, slot, Step(Next.READ_BACK, groups, 0, rules.fits("".join(groups))))
    elif state.phase is Phase.ASKING_LETTER:
        place = "".join(groups).find("O")
        say_step(turn, scene, slot, Step(Next.ASK_LETTER, groups, place=max(place, 0)))
    elif state.wanted is not None:
        say_step(turn, scene, slot, Step(Next.ASK_GROUP, groups, state.wanted))
    else:
        text = turn.fitted("dictation_go_on", groups=spoken(groups), label=slot.label)
        _ask(turn, scene, slot, text)


def spoken(groups: tuple[str, ...]) -> str:
    """Groups as they are read aloud, with pauses between."""
    return BETWEEN_GROUPS.join(spoken_group(group) for group in readable(groups))


def nth_group(group: int) -> str:
    """第二组 for 1."""
    return f"第{_ORDINALS[group]}组" if group < len(_ORDINALS) else "这一组"


def _read_back(turn: Turn, scene: str, slot: Slot, step: Step, lead: str) -> None:
    name = "dictation_corrected" if step.group else "dictation_read_back"
    if not step.fits:
        name = "dictation_doubt"
    said = tuple(spoken_group(group) for group in step.groups[step.group :])
    text = turn.fitted(name, groups=BETWEEN_GROUPS.join(said), label=slot.label)
    turn.say(
        lead + text,
        SayKind.READ_BACK,
        confidence=combined(turn.heard),
        scene=scene,
        slot=slot.id,
        groups=said,
        first_group=step.group,
    )


def _ask(turn: Turn, scene: str, slot: Slot, text: str) -> None:
    turn.say(text, SayKind.ASK, confidence=combined(turn.heard), scene=scene, slot=slot.id)
